"""Sign-up by pages: the same answer for everybody, a link that only a form uses up, limits."""

import re
from typing import Any

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.mail import outgoing

PASSWORD = "a new password"


@pytest.fixture
async def opened(site: Any) -> Any:
    await site.desk.mail.show_on_page()
    await site.desk.settings.update(SYSTEM, signup_domains="example.com")
    return site


async def letters(site: Any) -> Any:
    return await site.desk.database.read(lambda c: outgoing.newest(c, None, 100))


async def test_a_visitor_gets_an_account_by_the_link_in_an_email(opened: Any) -> None:
    browser = await opened.stranger()
    assert "Sign up" in (await browser.get("/login")).words()
    page = await browser.submit("/signup", "/signup", name="New", email="new@example.com")
    assert "Check your inbox" in page.words()
    (letter,) = await letters(opened)
    link = re.search(r"/signup/confirm\S+", letter.letter.text)[0]
    token = link.partition("token=")[2]
    scanner = await opened.stranger()
    for _ in range(2):
        assert (await scanner.get(link)).status == 200
    fields = {"token": token, "password": PASSWORD}
    differs = await browser.submit(link, "/signup/confirm", password_again="another", **fields)
    assert (differs.status, PASSWORD in differs.text) == (422, False)
    done = await browser.submit(link, "/signup/confirm", password_again=PASSWORD, **fields)
    assert done.response.url.path == "/tickets"
    assert (await (await opened.stranger()).get(link)).status == 404
    assert (await (await opened.stranger()).log_in("new@example.com", PASSWORD)).status == 200


async def test_the_answer_says_nothing_of_accounts(opened: Any) -> None:
    said = set()
    for email in ("user@example.com", "nobody@example.com"):
        browser = await opened.stranger()
        page = await browser.submit("/signup", "/signup", name="Me", email=email)
        said.add((page.status, page.words()))
    assert len(said) == 1
    other = await browser.submit("/signup", "/signup", name="Me", email="a@other.example")
    assert (other.status, "may sign up here" in other.words()) == (422, True)


async def test_letters_to_one_mailbox_are_limited_whatever_its_tag(opened: Any) -> None:
    browser = await opened.stranger()
    for tag in ("", "+a", "+b"):
        await browser.submit("/signup", "/signup", name="New", email=f"new{tag}@example.com")
    page = await browser.submit("/signup", "/signup", name="New", email="NEW+c@Example.com")
    assert (page.status, int(page.response.headers["Retry-After"]) > 0) == (429, True)
    assert len(await letters(opened)) == 3


async def test_it_is_closed_until_an_admin_lists_domains(site: Any) -> None:
    browser = await site.stranger()
    assert "Sign up" not in (await browser.get("/login")).words()
    assert "Ask an admin" in (await browser.get("/signup")).words()
    admin = await site.as_("admin")
    page = await admin.submit("/admin/settings", "/admin/settings", signup_domains="not a domain")
    assert page.status == 422
    await admin.submit("/admin/settings", "/admin/settings", signup_domains="@Example.com")
    assert (await site.desk.settings.all()).signup_domains == "example.com"

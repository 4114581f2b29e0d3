"""The FAQ as a new user meets it: out of the box, to an article that helps where people are."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk

ID = "goatkit.faq"
Open = Callable[..., Any]
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)
TEXT = """<script>document.title = 'taken'</script><b onclick='document.title = 1'>bold</b>

Pull the *paper* out. [Go](javascript:alert(1))

"""


@pytest.fixture
def faq(desk: Desk, open_page: Open) -> Iterator[Any]:
    """Install the FAQ as an admin does, by clicks alone; return the admin's page."""
    page = open_page("admin", "/admin/plugins")
    page.get_by_role("form", name="faq").get_by_role("button", name="Install").click()
    page.wait_for_url("**/review**", timeout=60_000)
    for box in page.locator("input[name=allowed]").all():
        box.check()
    page.get_by_role("button", name="Save and enable").click()
    expect(page.get_by_text("Plugin enabled")).to_be_visible()
    yield page
    desk.uninstall(ID)


def within(page: Any) -> Any:
    return page.frame_locator("iframe.plugin-page")


def write_an_article(page: Any) -> None:
    page.get_by_role("link", name="FAQ", exact=True).first.click()
    form = within(page)
    form.get_by_role("link", name="New article").click()
    form.get_by_label("Title").fill("Printer jams on thick paper")
    form.get_by_label("Who can read it").select_option("Everybody, also without an account")
    form.get_by_label("Text (Markdown)").fill(TEXT)
    picture = {"name": "door.png", "mimeType": "image/png", "buffer": PIXEL}
    form.locator("[data-upload]").set_input_files(picture)
    expect(form.get_by_role("status")).to_have_text("door.png")
    form.get_by_role("button", name="Publish").click()
    expect(form.get_by_role("status")).to_have_text("The article is published.")
    shows_its_picture(page)


def shows_its_picture(page: Any) -> None:
    article = within(page).locator("article")
    expect(article.locator("img")).to_have_attribute("src", re.compile("^blob:"))
    expect(article).to_contain_text("Pull the paper out.")
    expect(article.locator("script")).to_have_count(0)


def test_an_article_is_written_and_helps_where_people_are(
    open_page: Open, desk: Desk, faq: Any, axe: Callable[..., list[str]]
) -> None:
    write_an_article(faq)

    # Somebody without an account.
    stranger = open_page(None, "/faq?q=printers", locale="de-DE")
    within(stranger).get_by_role("link", name="Printer jams").click()
    expect(within(stranger).get_by_role("link", name="Printer jams")).to_have_count(0)
    shows_its_picture(stranger)
    expect(within(stranger).get_by_text("War das hilfreich?")).to_have_count(0)

    # Somebody with one, while they write, and then as they read it.
    user = open_page("user", "/tickets/new")
    user.get_by_label("Subject").fill("My printer jams")
    beside = user.frame_locator(".slot iframe")
    expect(beside.get_by_role("link", name="Printer jams")).to_be_visible()
    with user.context.expect_page() as opened:
        beside.get_by_role("link", name="Printer jams").click()
    expect(user.get_by_label("Subject")).to_have_value("My printer jams")
    article = opened.value
    within(article).get_by_role("button", name="Yes").click()
    expect(within(article).get_by_role("status")).to_have_text("Thank you.")

    # Staff, on a ticket.
    staff = open_page("staff", f"/tickets/{desk.ticket('Printer jams again')}")
    widget = staff.frame_locator(f".widget iframe[data-goatkit='{ID}']")
    widget.get_by_role("button", name="Insert into reply").click()
    expect(staff.get_by_label("Reply")).to_have_value(re.compile(r"Pull the \*paper\* out"))
    widget.get_by_role("link", name="Make an article").click()
    expect(within(staff).get_by_label("Title")).to_have_value("Printer jams again")

    within(staff).get_by_role("link", name="Articles").click()
    expect(within(staff).get_by_role("row", name="Printer jams")).to_contain_text("1 / 0")
    for path in ("/faq/article/1", "/faq/manage/edit?id=1", "/faq/manage/versions/1"):
        staff.goto(path)
        expect(within(staff).get_by_role("navigation", name="FAQ")).to_be_visible()
        for width, scheme in ((1280, "light"), (360, "dark")):
            staff.emulate_media(color_scheme=scheme)
            staff.set_viewport_size({"width": width, "height": 900})
            (document,) = [each for each in staff.frames if each.parent_frame is not None]
            # The frame lets the page's colour through; axe sees the frame alone.
            behind = staff.evaluate("getComputedStyle(document.body).backgroundColor")
            document.evaluate("(c) => { document.documentElement.style.background = c; }", behind)
            assert axe(document, *RULES) == []
            assert staff.evaluate("document.documentElement.scrollWidth") <= width

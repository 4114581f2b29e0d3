"""Canned replies by forms alone: kept, changed, and put into a reply."""

from typing import Any

from helpdesk.actors import SYSTEM


async def test_staff_keep_change_and_delete_one(site: Any) -> None:
    browser = await site.as_("staff")
    made = await browser.submit(
        "/canned-replies", "/canned-replies", name="Thanks", body="Thanks, {{submitter.name}}!"
    )
    assert "The canned reply is kept." in made.words()
    (canned,) = await site.desk.canned.all(site.people.staff.actor)
    at = f"/canned-replies/{canned.id}"
    saved = await browser.submit(at, at, name="Thank you", body="Thanks!", scope="own")
    assert "The canned reply is saved." in saved.words()
    gone = await browser.submit(at, f"{at}/delete")
    assert "No canned replies yet." in gone.words()


async def test_a_refused_one_says_why_and_keeps_what_was_typed(site: Any) -> None:
    browser = await site.as_("staff")
    page = await browser.submit(
        "/canned-replies", "/canned-replies", name="N", body="Hi {{nobody}}", scope="own"
    )
    assert page.status == 422
    assert "one of the placeholders" in page.words()
    assert "Hi {{nobody}}" in page.text
    stolen = await browser.submit(
        "/canned-replies", "/canned-replies", name="N", body="B", scope="everyone"
    )
    assert stolen.status == 403


async def test_a_canned_text_comes_behind_what_was_typed_and_nothing_is_sent(site: Any) -> None:
    ticket = await site.ticket()
    canned = await site.desk.canned.create(
        SYSTEM, name="Bye", body="Bye, {{submitter.name}} <b>", scope="everyone"
    )
    browser = await site.as_("staff")
    page = await browser.submit(
        "/tickets/1", "/tickets/1/reply", reply="Typed.", canned=canned.id, then="insert"
    )
    assert page.status == 200
    assert "Typed.\n\nBye, User &lt;b&gt;</textarea>" in page.text
    assert (await site.desk.tickets.replies(SYSTEM, ticket.id)).total == 0
    unknown = await browser.submit(
        "/tickets/1", "/tickets/1/reply", reply="Typed.", canned="none", then="insert"
    )
    assert "Typed.</textarea>" in unknown.text
    assert "there is no canned reply" in unknown.words().lower()


async def test_submitters_are_offered_none(site: Any) -> None:
    await site.ticket()
    await site.desk.canned.create(SYSTEM, name="Secret", body="x", scope="everyone")
    page = await (await site.as_("user")).get("/tickets/1")
    assert "canned" not in page.text.lower()

"""Linking and merging by the forms on a ticket."""

from typing import Any


async def test_tickets_are_linked_and_the_link_removed(site: Any) -> None:
    for name in ("One", "Two"):
        await site.ticket(subject=name)
    browser = await site.as_("staff")
    page = await browser.submit("/tickets/1", "/tickets/1/link", kind="blocked_by", other=" #2 ")
    assert "Blocked by #2 Two" in page.words()
    assert "Blocks #1 One" in (await browser.get("/tickets/2")).words()
    assert "Linked tickets" not in (await (await site.as_("user")).get("/tickets/1")).words()
    ring = await browser.submit("/tickets/2", "/tickets/2/link", kind="blocked_by", other="1")
    assert ring.status == 409
    assert 'value="1" required' in ring.text
    unknown = await browser.submit("/tickets/2", "/tickets/2/link", kind="related", other="77")
    assert (unknown.status, "there is no ticket" in unknown.words().lower()) == (422, True)
    gone = await browser.submit("/tickets/2", "/tickets/2/unlink", kind="blocks", other="1")
    assert "Blocks #1 One" not in gone.words()


async def test_a_merge_leads_to_the_other_ticket_and_the_first_says_where(site: Any) -> None:
    await site.ticket(subject="One")
    await site.ticket(subject="Two", description="The second story")
    browser = await site.as_("staff")
    page = await browser.submit("/tickets/2", "/tickets/2/merge", into="1")
    assert page.response.url.path == "/tickets/1"
    assert "The second story" in page.words()
    for role in ("staff", "user"):
        merged = await (await site.as_(role)).get("/tickets/2")
        assert "This ticket was merged into #1" in merged.words()
    again = await browser.submit("/tickets/1", "/tickets/1/merge", into="2")
    assert (again.status, "was merged into #1" in again.words()) == (409, True)

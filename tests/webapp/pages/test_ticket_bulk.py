"""Changing many tickets from the list, by its form alone."""

from typing import Any

from helpdesk.actors import SYSTEM


async def _post(browser: Any, at: str, chosen: list[str], **fields: str) -> Any:
    token = (await browser.get("/tickets")).csrf_token
    data = {"csrf_token": token, "ticket": chosen, **fields}
    return await browser.client.post(at, data=data, follow_redirects=True)


async def test_staff_change_the_chosen_tickets_and_are_back_in_their_list(site: Any) -> None:
    tickets = [await site.ticket() for _ in range(3)]
    browser = await site.as_("staff")
    page = await _post(
        browser,
        "/tickets/bulk?q=subject&sort=subject",
        [ticket.id for ticket in tickets[:2]],
        priority="High",
        assignee=f"user/{site.people.staff.id}",
        status="",
        category="",
    )
    assert page.url.path == "/tickets"
    assert page.url.params["q"] == "subject"
    assert "2 tickets updated." in page.text
    assert "done=" not in page.text
    after = [await site.desk.tickets.get(SYSTEM, ticket.id) for ticket in tickets]
    assert [ticket.priority for ticket in after] == ["High", "High", "Medium"]
    assert [ticket.assignee is not None for ticket in after] == [True, True, False]
    nobody = await _post(browser, "/tickets/bulk", [tickets[0].id], assignee="nobody")
    assert "1 ticket updated." in nobody.text
    assert (await site.desk.tickets.get(SYSTEM, tickets[0].id)).assignee is None


async def test_a_refusal_names_the_ticket_and_keeps_what_was_chosen(site: Any) -> None:
    tickets = [await site.ticket() for _ in range(2)]
    await site.desk.tickets.close(SYSTEM, tickets[0].id)
    page = await _post(
        await site.as_("staff"),
        "/tickets/bulk",
        [ticket.id for ticket in tickets],
        status="Resolved",
    )
    assert page.status_code == 409
    assert "#1: a ticket with status Closed cannot change to Resolved" in page.text
    assert page.text.count('name="ticket"') == 2
    assert page.text.count(" checked>") == 2
    assert (await site.desk.tickets.get(SYSTEM, tickets[1].id)).status == "New"


async def test_nothing_chosen_or_nothing_to_change_is_said(site: Any) -> None:
    ticket, browser = await site.ticket(), await site.as_("staff")
    nothing = await _post(browser, "/tickets/bulk", [], priority="High")
    assert (nothing.status_code, "1 to 500" in nothing.text) == (422, True)
    unchanged = await _post(browser, "/tickets/bulk", [ticket.id])
    assert (unchanged.status_code, "a status, an assignee" in unchanged.text) == (422, True)


async def test_users_have_no_boxes_to_tick(site: Any) -> None:
    await site.ticket()
    page = await (await site.as_("user")).get("/tickets")
    assert 'name="ticket"' not in page.text
    assert "bulk-bar" not in page.text


async def test_a_count_that_nobody_sent_is_not_repeated(site: Any) -> None:
    browser = await site.as_("staff")
    for done in ("x", "-1", "99999999", "1<script>"):
        page = await browser.get("/tickets", params={"done": done})
        assert "changed." not in page.words()

"""Splitting a ticket by the form, marks of what is unread, and a requester who is new."""

import re
from typing import Any


async def test_chosen_messages_move_by_the_form(site: Any) -> None:
    ticket = await site.ticket()
    texts = ["First thing", "Second thing <b>"]
    user = site.people.user.actor
    replies = [await site.desk.tickets.reply(user, ticket.id, text) for text in texts]
    staff = await site.as_("staff")
    form = await staff.get("/tickets/1/split")
    assert "Second thing <b>" in form.words()
    assert "<b>" not in form.text
    none = await staff.submit("/tickets/1/split", "/tickets/1/split", subject="Second")
    assert none.status == 422
    assert 'value="Second"' in none.text
    made = await staff.submit(
        "/tickets/1/split", "/tickets/1/split", subject="Second", reply=replies[1].id
    )
    assert made.response.url.path == "/tickets/2"
    assert "Ticket split." in made.words()
    assert "Second thing" in made.words()
    assert "Second thing" not in (await staff.get("/tickets/1")).words()


async def test_a_submitter_cannot_split(site: Any) -> None:
    ticket = await site.ticket()
    reply = await site.desk.tickets.reply(site.people.user.actor, ticket.id, "A thing")
    browser = await site.as_("user")
    made = await browser.submit("/tickets/1", "/tickets/1/split", subject="X", reply=reply.id)
    assert made.status == 403
    other = await site.as_("other")
    assert (await other.get("/tickets/1/split")).status == 404


async def test_a_ticket_is_marked_until_it_is_looked_at(site: Any) -> None:
    await site.ticket()
    staff = await site.as_("staff")
    assert "Unread: " in (await staff.get("/tickets")).words()
    ticket = await staff.get("/tickets/1")
    assert "Unread: " not in (await staff.get("/tickets")).words()
    action = re.search(r'action="(/tickets/1/unread[^"]*)"', ticket.text)
    assert action is not None
    back = await staff.submit("/tickets/1", "/tickets/1/unread?list=sort%3Dsubject&at=x")
    assert str(back.response.url).endswith("/tickets?sort=subject")
    assert "Unread: " in back.words()
    listed = (await staff.client.get("/api/tickets")).json()["data"]
    assert [row["unread"] for row in listed] == [True]
    assert (await staff.call("POST", "/api/tickets/1/read")).status_code == 204
    listed = (await staff.client.get("/api/tickets")).json()["data"]
    assert [row["unread"] for row in listed] == [False]
    other = await site.as_("other")
    assert (await other.call("POST", "/api/tickets/1/unread")).status_code == 404


async def test_a_new_requester_is_added_with_the_ticket(site: Any) -> None:
    staff = await site.as_("staff")
    fields = {"subject": "By phone", "submitter": "new@example.com"}
    refused = await staff.submit("/tickets/new", "/tickets/new", **fields)
    assert refused.status == 422
    assert "or a name for a new one" in refused.words()
    made = await staff.submit("/tickets/new", "/tickets/new", submitter_name="New One", **fields)
    assert "Opened by New One" in made.words()
    user = await site.as_("user")
    assert "Requester" not in (await user.get("/tickets/new")).words()

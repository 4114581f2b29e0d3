"""A request that is repeated is done once."""

from datetime import timedelta

import pytest
import trio

from helpdesk import jobs, once
from helpdesk.errors import Invalid
from helpdesk.once import KEPT_PER_PERSON, Once
from helpdesk.tickets.model import TicketDraft, TicketFilter

DRAFT = TicketDraft("Printer", "It burns")


async def count(world):
    return (await world.helpdesk.tickets.list(world.admin.actor, TicketFilter())).total


async def test_five_equal_requests_at_once_make_one_ticket(world):
    made = []

    async def send():
        made.append(await world.helpdesk.tickets.create(world.user.actor, DRAFT, once=Once("k")))

    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(send)
    assert len({ticket.id for ticket in made}) == 1
    assert await count(world) == 1


async def test_replies_and_notes_are_written_once(world):
    tickets = world.helpdesk.tickets
    ticket = await tickets.create(world.user.actor, DRAFT)
    for _ in range(3):
        reply = await tickets.reply(world.user.actor, ticket.id, "hello", once=Once("r"))
        note = await tickets.note(world.admin.actor, ticket.id, "look", once=Once("n"))
    found = await tickets.replies(world.admin.actor, ticket.id)
    assert [each.id for each in found.rows] == [reply.id, note.id]
    assert found.rows[0] == reply


async def test_a_key_is_its_persons_own(world):
    await world.helpdesk.tickets.create(world.user.actor, DRAFT, once=Once("k"))
    await world.helpdesk.tickets.create(world.admin.actor, DRAFT, once=Once("k"))
    assert await count(world) == 2


async def test_a_key_with_another_request_is_refused(world):
    tickets = world.helpdesk.tickets
    await tickets.create(world.user.actor, DRAFT, once=Once("k", "one"))
    with pytest.raises(Invalid, match="Idempotency-Key"):
        await tickets.create(world.user.actor, DRAFT, once=Once("k", "another"))


async def test_a_request_that_failed_may_be_tried_again_with_its_key(world):
    tickets = world.helpdesk.tickets
    with pytest.raises(Invalid):
        await tickets.create(world.user.actor, TicketDraft("", ""), once=Once("k"))
    assert (await tickets.create(world.user.actor, DRAFT, once=Once("k"))).subject == "Printer"


@pytest.mark.parametrize("key", ["", " ", "x" * 256, "é", "a\nb"], ids=ascii)
def test_a_key_that_cannot_be_one_is_refused(key):
    with pytest.raises(Invalid):
        Once(key)


async def test_keys_are_kept_for_a_day_and_bounded(world):
    def fill(connection):
        for number in range(KEPT_PER_PERSON + 50):
            once.do(connection, "p", Once(f"k{number}"), world.clock.now(), lambda: "x")

    await world.helpdesk.database.write(fill)
    query = "SELECT count(*) FROM requests_done"
    kept = await world.helpdesk.database.read(lambda c: c.execute(query).fetchone()[0])
    assert kept == KEPT_PER_PERSON
    later = world.clock.now() + timedelta(days=2)
    await world.helpdesk.database.write(lambda c: once.purge(c, later))
    assert await world.helpdesk.database.read(lambda c: c.execute(query).fetchone()[0]) == 0
    assert jobs.PASS_EVERY_S < 3600


async def test_a_submitters_reply_reopens_a_resolved_ticket_and_tells_whoever_has_it(world):
    tickets, notices = world.helpdesk.tickets, world.helpdesk.notifications
    ticket = await tickets.create(world.user.actor, DRAFT)
    assert any("opened a ticket" in n.title for n in await notices.list(world.admin.actor))
    await tickets.resolve(world.admin.actor, ticket.id, "done")
    await tickets.reply(world.user.actor, ticket.id, "still broken")
    now = await tickets.get(world.user.actor, ticket.id)
    assert (now.status, now.resolved_at) != ("Resolved", ticket.resolved_at)
    titles = [n.title for n in await notices.list(world.admin.actor)]
    assert any("reopened" in title for title in titles)
    assert any("replied" in title for title in titles)
    link = f"/tickets/{ticket.id}"
    unread = await notices.unread_count(world.admin.actor)
    assert await notices.mark_seen(world.admin.actor, link) == unread
    assert await notices.mark_seen(world.admin.actor, link) == 0


async def test_staffs_reply_leaves_a_resolved_ticket_resolved(world):
    tickets = world.helpdesk.tickets
    ticket = await tickets.create(world.user.actor, DRAFT)
    await tickets.resolve(world.admin.actor, ticket.id, "done")
    await tickets.reply(world.admin.actor, ticket.id, "for the record")
    assert (await tickets.get(world.user.actor, ticket.id)).status == "Resolved"

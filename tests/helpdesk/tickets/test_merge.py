"""Merging two tickets: everything said moves, in order and as visible as it was; no rings."""

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import Conflict, Invalid, LimitReached, NotAllowed, NotFound
from helpdesk.tickets import merge
from helpdesk.tickets.edits import TicketChanges
from helpdesk.tickets.model import TicketDraft, TicketFilter


async def two_tickets(world) -> None:
    desk = world.helpdesk.tickets
    await world.ticket(subject="First", description="It began here.")
    await desk.reply(world.admin.actor, "1", "answer one")
    await world.ticket(subject="Second", description="Again, differently.")
    await desk.note(world.admin.actor, "2", "secret two")
    await desk.reply(world.user.actor, "2", "more two")


async def story(world, number: int, person: str) -> list[str]:
    actor = getattr(world, person).actor
    found = await world.helpdesk.tickets.replies(actor, str(number))
    return [reply.body for reply in found.rows]


async def found(world, text: str, person: str = "admin") -> list[int]:
    actor = getattr(world, person).actor
    page = await world.helpdesk.tickets.list(actor, TicketFilter(text=text))
    return sorted(row.number for row in page.rows)


async def test_the_conversation_goes_on_in_one_ticket_in_the_order_of_time(world):
    await two_tickets(world)
    await world.helpdesk.tickets.reply(world.admin.actor, "1", "answer last")
    into = await world.helpdesk.merges.merge(world.admin.actor, "2", "#1")
    assert into.number == 1
    said = [
        *("answer one", "Again, differently.", "secret two", "more two", "answer last"),
        "Merged #2 into this ticket.",
    ]
    assert await story(world, 1, "admin") == said
    assert await story(world, 1, "user") == [
        *("answer one", "Again, differently.", "more two", "answer last")
    ]
    assert await story(world, 2, "admin") == []
    moved = (await world.helpdesk.tickets.replies(world.admin.actor, "1")).rows
    assert [reply.author.name for reply in moved[1:4]] == ["User", "Admin", "User"]


async def test_the_other_ticket_is_closed_and_says_where_it_went(world):
    await two_tickets(world)
    await world.helpdesk.merges.merge(world.admin.actor, "2", "1")
    assert (await world.helpdesk.tickets.get(world.user.actor, "2")).status == "Closed"
    assert await world.helpdesk.merges.target(world.user.actor, "2") == 1
    assert await world.helpdesk.merges.target(world.user.actor, "1") is None
    (link,) = await world.helpdesk.links.all(world.admin.actor, "2")
    assert (link.kind, link.ticket.number) == ("duplicate_of", 1)
    with pytest.raises(NotFound):
        await world.helpdesk.merges.target(world.stranger.actor, "2")


async def test_what_moved_is_found_where_it_is_and_by_those_who_may(world):
    await two_tickets(world)
    await world.helpdesk.tickets.update(world.admin.actor, "2", TicketChanges(tags=("vip",)))
    await world.helpdesk.merges.merge(world.admin.actor, "2", "1")
    assert await found(world, "secret") == [1]
    assert await found(world, "secret", "user") == []
    assert await found(world, "more two", "user") == [1]
    assert await found(world, "differently") == [1, 2]
    assert await found(world, "tag:vip") == [1, 2]
    await world.helpdesk.tickets.reply(world.user.actor, "1", "afterwards")
    assert await found(world, "afterwards") == [1]
    check = "INSERT INTO search (search) VALUES ('integrity-check')"
    await world.helpdesk.database.write(lambda c: c.execute(check).rowcount)


async def test_plugins_are_told_of_a_note_and_of_the_closing(world):
    await two_tickets(world)
    before = len(await world.events())
    await world.helpdesk.merges.merge(world.admin.actor, "2", "1")
    assert [kind for kind, _ in (await world.events())[before:]] == [
        *("ticket.note_added", "ticket.status_changed", "ticket.closed")
    ]


async def test_merges_make_no_ring(world):
    await two_tickets(world)
    await world.ticket()
    merges, actor = world.helpdesk.merges, world.admin.actor
    with pytest.raises(Invalid, match="another ticket"):
        await merges.merge(actor, "1", "1")
    await merges.merge(actor, "2", "1")
    for source, into in (("1", "2"), ("2", "3"), ("2", "1"), ("3", "2")):
        with pytest.raises(Conflict, match="#2 was merged into #1; use #1"):
            await merges.merge(actor, source, into)
    await merges.merge(actor, "1", "3")
    assert await story(world, 1, "admin") == []


async def test_a_merged_ticket_stays_closed(world):
    await two_tickets(world)
    await world.helpdesk.merges.merge(world.admin.actor, "2", "1")
    tickets = world.helpdesk.tickets
    for act in (
        tickets.reopen(world.user.actor, "2", "but"),
        tickets.update(world.admin.actor, "2", TicketChanges(status="New")),
    ):
        with pytest.raises(Conflict, match="continue in #1"):
            await act
    assert not (await tickets.detail(world.user.actor, "2")).rights.reopen


async def test_tickets_that_must_not_meet_are_not_merged(world, monkeypatch):
    await two_tickets(world)
    theirs = await world.helpdesk.tickets.create(world.stranger.actor, TicketDraft("s", "d"))
    merges, actor = world.helpdesk.merges, world.admin.actor
    with pytest.raises(Conflict, match="duplicates instead"):
        await merges.merge(actor, str(theirs.number), "1")
    await world.helpdesk.tickets.close(SYSTEM, "1")
    with pytest.raises(Conflict, match="reopen it first"):
        await merges.merge(actor, "2", "1")
    monkeypatch.setattr(merge, "MOST_MOVED", 0)
    with pytest.raises(LimitReached):
        await merges.merge(actor, "1", "2")
    with pytest.raises(NotFound):
        await merges.merge(actor, "2", "99")
    assert await story(world, 2, "admin") == ["secret two", "more two"]


async def test_only_who_may_work_on_both_may_merge(world):
    await two_tickets(world)
    await world.ticket(category="Hardware")
    with pytest.raises(NotAllowed):
        await world.helpdesk.merges.merge(world.outsider.actor, "1", "3")
    with pytest.raises(NotAllowed):
        await world.helpdesk.merges.merge(world.user.actor, "1", "2")
    with pytest.raises(NotFound):
        await world.helpdesk.merges.merge(world.stranger.actor, "1", "2")

"""The story of a ticket: in order, in parts, and without what the viewer may not see."""

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.checks import MAX_BODY_BYTES
from helpdesk.errors import Invalid
from helpdesk.tickets.model import Reply
from helpdesk.tickets.timeline import MOST_CHARACTERS


def words(timeline) -> list[str]:
    return [
        entry.body if isinstance(entry, Reply) else entry.to_status for entry in timeline.entries
    ]


@pytest.fixture
async def story(world):
    """All within one second of the clock: the order is not that of times."""
    ticket, tickets = await world.ticket(), world.helpdesk.tickets
    await tickets.reply(world.user.actor, ticket.id, "one")
    await tickets.note(world.staff.actor, ticket.id, "hidden")
    await tickets.set_status(world.staff.actor, ticket.id, "In Progress")
    await tickets.reply(world.staff.actor, ticket.id, "two")
    await tickets.resolve(world.staff.actor, ticket.id, "done")
    await tickets.reply(world.staff.actor, ticket.id, "three")
    return ticket.id


async def test_what_was_said_and_what_happened_stand_in_order(world, story):
    detail = await world.helpdesk.tickets.detail(world.staff.actor, story)
    told = ["New", "one", "hidden", "In Progress", "two", "Resolved", "three"]
    assert words(detail.timeline) == told
    assert (detail.timeline.earlier, detail.timeline.total) == (None, 7)
    assert detail.timeline.entries[5].note == "done"


async def test_the_submitter_s_story_neither_shows_nor_counts_notes(world, story):
    timeline = (await world.helpdesk.tickets.detail(world.user.actor, story)).timeline
    assert words(timeline) == ["New", "one", "In Progress", "two", "Resolved", "three"]
    assert timeline.total == 6


@pytest.mark.parametrize("person", ["staff", "user"])
@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
async def test_parts_from_the_end_make_up_the_whole(world, story, person: str, limit: int):
    actor, tickets = getattr(world, person).actor, world.helpdesk.tickets
    whole = (await tickets.detail(actor, story)).timeline
    parts, before = [], None
    while True:
        part = (await tickets.detail(actor, story, before=before, limit=limit)).timeline
        assert len(part.entries) <= limit
        assert part.total == whole.total
        parts = [*part.entries, *parts]
        before = part.earlier
        if before is None:
            break
    assert tuple(parts) == whole.entries


async def test_a_senseless_limit_is_refused(world, story):
    for limit in (0, -1, 201):
        with pytest.raises(Invalid, match="limit"):
            await world.helpdesk.tickets.detail(SYSTEM, story, limit=limit)


async def test_replies_come_in_pages(world, story):
    tickets = world.helpdesk.tickets
    first = await tickets.replies(world.staff.actor, story, page=1, per_page=3)
    assert [reply.body for reply in first.rows] == ["one", "hidden", "two"]
    assert (first.total, first.total_pages) == (4, 2)
    second = await tickets.replies(world.user.actor, story, page=2, per_page=2)
    assert [reply.body for reply in second.rows] == ["three"]
    assert second.total == 3


async def test_a_note_does_not_move_the_ticket_in_its_submitter_s_eyes(world):
    tickets = world.helpdesk.tickets
    older, newer = await world.ticket(subject="older"), await world.ticket(subject="newer")
    before = (await tickets.get(world.user.actor, older.id)).updated_at
    world.clock.turn(hours=1)
    await tickets.note(world.staff.actor, older.id, "hidden")
    for seen in (
        (await tickets.get(world.user.actor, older.id)).updated_at,
        (await tickets.detail(world.user.actor, older.id)).ticket.updated_at,
        *(row.updated_at for row in (await tickets.list(world.user.actor)).rows),
    ):
        assert seen == before
    assert [row.id for row in (await tickets.list(world.user.actor)).rows] == [newer.id, older.id]
    assert [row.id for row in (await tickets.list(world.staff.actor)).rows] == [older.id, newer.id]
    world.clock.turn(hours=1)
    await tickets.reply(world.staff.actor, older.id, "shown")
    assert (await tickets.get(world.user.actor, older.id)).updated_at == world.clock.now()


async def test_a_part_of_long_entries_ends_sooner_and_none_is_lost(world):
    ticket, tickets = await world.ticket(), world.helpdesk.tickets
    for number in range(40):
        await tickets.reply(world.user.actor, ticket.id, f"{number} " + "x" * (MAX_BODY_BYTES - 3))
    seen, before = [], None
    while True:
        part = (
            await tickets.detail(world.user.actor, ticket.id, before=before, limit=100)
        ).timeline
        said = [entry.body for entry in part.entries if isinstance(entry, Reply)]
        assert 0 < sum(map(len, said)) <= MOST_CHARACTERS
        seen = [*(int(body.split()[0]) for body in said), *seen]
        before = part.earlier
        if before is None:
            break
    assert seen == list(range(40))

from datetime import timedelta
from pathlib import Path

import pytest
import trio
import trio.testing

from helpdesk.outbox import Outbox
from helpdesk.service import HelpDesk


async def test_an_event_is_readable_when_the_change_returns(world):
    ticket = await world.ticket()
    (event,) = await world.helpdesk.outbox.read_after(0, 10)
    assert (event.seq, event.type, event.ticket_id) == (1, "ticket.created", ticket.id)
    assert (event.origin, event.depth) == (None, 0)
    assert await world.helpdesk.outbox.last_seq() == 1


async def test_positions_grow_and_limits_hold(world):
    for _ in range(5):
        await world.ticket()
    outbox = world.helpdesk.outbox
    assert [event.seq for event in await outbox.read_after(0, 3)] == [1, 2, 3]
    assert [event.seq for event in await outbox.read_after(3, 100)] == [4, 5]
    assert await outbox.read_after(5, 100) == []
    assert await outbox.read_after(99, 100) == []


async def test_waiting_ends_with_the_commit_of_the_next_event(world):
    outbox = world.helpdesk.outbox
    woken = []

    async def wait(seq: int) -> None:
        await outbox.wait_beyond(seq)
        woken.append((seq, await outbox.last_seq()))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait, 0)
        nursery.start_soon(wait, 1)
        await trio.testing.wait_all_tasks_blocked()
        assert woken == []
        await world.ticket()
        await trio.testing.wait_all_tasks_blocked()
        assert woken == [(0, 1)]
        await world.ticket()
    assert woken == [(0, 1), (1, 2)]


async def test_waiting_for_what_is_there_already_returns_at_once(world):
    await world.ticket()
    with trio.fail_after(5):
        await world.helpdesk.outbox.wait_beyond(0)


async def test_a_write_without_events_wakes_nobody(world):
    with trio.move_on_after(0.05) as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(world.helpdesk.outbox.wait_beyond, 0)
            await world.helpdesk.settings.update(world.admin.actor, site_name="Quiet")
    assert scope.cancelled_caught


async def test_a_change_that_fails_behind_its_event_leaves_neither(world):
    ticket = await world.ticket()
    before = await world.helpdesk.outbox.last_seq()

    def job(connection):
        update = "UPDATE tickets SET subject = 'changed' WHERE id = ?"
        connection.execute(update, (ticket.id,))
        connection.execute(
            "INSERT INTO events (id, type, ticket_id, occurred_at, depth, body)"
            " VALUES ('e', 'ticket.created', ?, '', 0, x'')",
            (ticket.id,),
        )
        raise RuntimeError("the power of exceptions")

    with pytest.raises(RuntimeError):
        await world.helpdesk.database.write(job)
    assert (await world.helpdesk.tickets.get(world.admin.actor, ticket.id)).subject != "changed"
    assert await world.helpdesk.outbox.last_seq() == before
    await world.ticket()
    assert [e.seq for e in await world.helpdesk.outbox.read_after(before, 10)] == [before + 1]


async def test_what_no_longer_fits_in_memory_is_read_from_the_database(world):
    outbox = await Outbox.open(world.helpdesk.database, recent_bytes=5_000)
    for number in range(20):
        await world.ticket(description=f"number {number} " + "x" * 500)
    from_start = await outbox.read_after(0, 100)
    assert [event.seq for event in from_start] == list(range(1, 21))
    in_memory = [event for event in from_start if event.seq > outbox._recent.after]
    assert 0 < len(in_memory) < 20
    assert sum(len(event.body) for event in in_memory) <= 5_000
    for seq in range(21):
        expected = [event for event in from_start if event.seq > seq]
        assert list(await outbox.read_after(seq, 100)) == expected


async def test_events_that_were_there_at_the_start_are_read_from_the_database(world):
    await world.ticket()
    late = await Outbox.open(world.helpdesk.database)
    assert await late.last_seq() == 1
    await world.ticket()
    assert [event.seq for event in await late.read_after(0, 10)] == [1, 2]
    assert list(await late.read_after(1, 10)) == list(
        await world.helpdesk.outbox.read_after(1, 10)
    )


async def test_pruning_keeps_what_is_new_or_not_yet_read_and_never_gives_a_position_twice(
    world, tmp_path: Path
):
    for _ in range(3):
        await world.ticket()
    world.clock.turn(days=10)
    await world.ticket()
    outbox = world.helpdesk.outbox
    a_week_ago = world.clock.now() - timedelta(days=7)
    assert await outbox.prune(before_seq=3, older_than=a_week_ago) == 2
    assert await outbox.prune(before_seq=5, older_than=a_week_ago) == 1
    late = await Outbox.open(world.helpdesk.database)
    assert [event.seq for event in await late.read_after(0, 10)] == [4]
    assert await outbox.prune(before_seq=5, older_than=world.clock.now() + timedelta(days=1)) == 1
    again = await Outbox.open(world.helpdesk.database)
    assert await again.last_seq() == 4
    await world.ticket()
    assert [event.seq for event in await again.read_after(4, 10)] == [5]


async def test_many_writers_make_one_unbroken_order(world):
    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(world.ticket)
    found = await world.helpdesk.outbox.read_after(0, 100)
    assert [event.seq for event in found] == list(range(1, 51))
    stored = await Outbox.open(world.helpdesk.database)
    assert list(await stored.read_after(0, 100)) == list(found)


async def test_the_outbox_outlives_the_process(tmp_path: Path, world):
    ticket = await world.ticket()
    path = world.helpdesk.database.path
    async with HelpDesk.open(path) as second:
        (event,) = await second.outbox.read_after(0, 10)
        assert event.ticket_id == ticket.id

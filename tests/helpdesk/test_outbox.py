import dataclasses
import inspect
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest
import trio
import trio.testing

from helpdesk.outbox import Outbox, OutboxEvent
from helpdesk.service import HelpDesk
from helpdesk.settings import SettingValues
from helpdesk.storage.database import Database
from helpdesk.tickets.change import Change
from helpdesk.viewers import load_viewer
from supervisor import ports


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
    with trio.fail_after(60):
        await world.helpdesk.outbox.wait_beyond(0)


async def test_a_write_without_events_wakes_nobody(world):
    woken = []

    async def wait() -> None:
        await world.helpdesk.outbox.wait_beyond(0)
        woken.append(True)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        await world.helpdesk.settings.update(world.admin.actor, site_name="Quiet")
        await trio.testing.wait_all_tasks_blocked()
        assert woken == []
        nursery.cancel_scope.cancel()


async def test_a_change_that_fails_before_its_event_leaves_neither(world):
    ticket = await world.ticket()
    before = await world.helpdesk.outbox.last_seq()

    def job(connection):
        viewer = load_viewer(connection, world.user.actor)
        change = Change(connection, viewer, world.clock.now(), SettingValues())
        change.save(ticket, subject="changed")
        raise RuntimeError("between the change and its event")

    with pytest.raises(RuntimeError):
        await world.helpdesk.database.write(job)
    assert await world.helpdesk.tickets.get(world.user.actor, ticket.id) == ticket
    assert await world.helpdesk.outbox.last_seq() == before


@pytest.mark.parametrize("nth", [1, 2])
async def test_a_change_whose_event_cannot_be_written_does_not_happen(world, nth: int):
    """A resolve writes two events; whichever of them fails takes everything with it."""
    ticket = await world.ticket()
    kind = ["ticket.status_changed", "ticket.resolved"][nth - 1]
    await world.helpdesk.database.write(
        lambda c: c.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON events"
            f" WHEN new.type = '{kind}' BEGIN SELECT RAISE(ABORT, 'no room'); END"
        ).fetchone()
    )
    with pytest.raises(sqlite3.IntegrityError, match="no room"):
        await world.helpdesk.tickets.resolve(world.staff.actor, ticket.id, "done")
    detail = await world.helpdesk.tickets.detail(world.staff.actor, ticket.id)
    assert detail.ticket == ticket
    assert [step.to_status for step in detail.history] == ["New"]
    assert [name for name, _ in await world.events()] == ["ticket.created"]
    await world.helpdesk.tickets.note(world.staff.actor, ticket.id, "still works")
    assert await world.helpdesk.outbox.last_seq() == 2


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
    assert list(await late.read_after(1, 10)) == list(await world.helpdesk.outbox.read_after(1, 10))


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


@pytest.mark.parametrize(("wanted", "made"), [(ports.Outbox, Outbox), (ports.Database, Database)])
def test_the_supervisor_s_ports_fit(wanted: type, made: type):
    for name, method in inspect.getmembers(wanted, inspect.isfunction):
        if not name.startswith("_"):
            expected = inspect.signature(method).parameters
            assert list(inspect.signature(getattr(made, name)).parameters) == list(expected)
            assert inspect.iscoroutinefunction(getattr(made, name))


def test_an_event_has_the_fields_that_the_supervisor_expects():
    wanted = {
        name: inspect.signature(member.fget).return_annotation
        for name, member in inspect.getmembers(ports.OutboxEvent)
        if isinstance(member, property)
    }
    assert wanted
    assert {field.name: field.type for field in dataclasses.fields(OutboxEvent)} == wanted

import pytest
import trio
import trio.testing

from helpdesk import jobs
from helpdesk.actors import SYSTEM


async def test_a_resolved_ticket_is_closed_once_its_window_has_passed(world):
    helpdesk = world.helpdesk
    old, young, active = [await world.ticket() for _ in range(3)]
    await helpdesk.tickets.resolve(SYSTEM, old.id, "done")
    world.clock.turn(days=1)
    await helpdesk.tickets.resolve(SYSTEM, young.id)
    world.clock.turn(days=6, seconds=-1)
    assert await jobs.close_expired(helpdesk, world.clock.now()) == 0
    world.clock.turn(seconds=1)
    before = await helpdesk.outbox.last_seq()
    assert await jobs.close_expired(helpdesk, world.clock.now()) == 1
    statuses = [(await helpdesk.tickets.get(SYSTEM, t.id)).status for t in (old, young, active)]
    assert statuses == ["Closed", "Resolved", "New"]
    closed = await helpdesk.tickets.detail(SYSTEM, old.id)
    assert (closed.ticket.resolution_notes, closed.ticket.closed_at) == ("done", world.clock.now())
    assert closed.history[-1].who.id == "system"
    assert [name for name, _ in await world.events(before)] == [
        "ticket.status_changed",
        "ticket.closed",
    ]
    actor = {"id": "system", "name": "Open Help Desk", "role": "system"}
    assert (await world.last_payload())["actor"] == actor


async def test_a_pass_that_is_repeated_does_nothing(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.resolve(SYSTEM, ticket.id)
    world.clock.turn(days=7)
    assert await jobs.close_expired(world.helpdesk, world.clock.now()) == 1
    assert await jobs.close_expired(world.helpdesk, world.clock.now()) == 0


async def test_many_are_closed_in_several_transactions(world, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jobs, "CHUNK", 3)
    for _ in range(7):
        ticket = await world.ticket()
        await world.helpdesk.tickets.resolve(SYSTEM, ticket.id)
    world.clock.turn(days=8)
    assert await jobs.close_expired(world.helpdesk, world.clock.now()) == 7


async def test_a_reopened_ticket_is_left_alone(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.resolve(SYSTEM, ticket.id)
    await world.helpdesk.tickets.reopen(world.user.actor, ticket.id)
    world.clock.turn(days=8)
    assert await jobs.close_expired(world.helpdesk, world.clock.now()) == 0


async def test_the_loop_does_a_pass_at_once_and_then_on(world):
    """The first pass closes one; the second, due at once, closes what resolved meanwhile."""
    ticket = await world.ticket()
    await world.helpdesk.tickets.resolve(SYSTEM, ticket.id)
    session = await world.helpdesk.sessions.start(world.user.id)
    world.clock.turn(days=14)
    outbox = world.helpdesk.outbox
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: jobs.run(world.helpdesk, every_s=0.001))
        with trio.fail_after(30):
            await outbox.wait_beyond(4)
            second = await world.ticket()
            await world.helpdesk.tickets.resolve(SYSTEM, second.id)
            world.clock.turn(days=7)
            await outbox.wait_beyond(8)
        nursery.cancel_scope.cancel()
    for each in (ticket, second):
        assert (await world.helpdesk.tickets.get(SYSTEM, each.id)).status == "Closed"
    assert await world.helpdesk.sessions.find(session.token) is None

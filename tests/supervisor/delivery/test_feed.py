"""A plugin's place in the outbox: nothing is settled before it is done, nothing is lost."""

import pytest

from sandbox_child.wire.entry import Entry, ModuleReport
from supervisor.contracts import describe
from supervisor.delivery.feed import Feed
from supervisor.delivery.journal import Journal
from supervisor.states import Outcome
from supervisor.store import places, plugins
from supervisor.store.deliveries import DeliveryRow
from supervisor.store.plugins import new_plugin
from supervisor.store.recorded import RecordStore
from supervisor.store.records import Batch, write_batch
from supervisor.store.running import RunningStore

MANIFEST = """{"id": "org.example.feed", "name": "Feed", "version": "1.0.0",
    "description": "A row and no module.", "events": ["ticket.created"]}"""
REPORT = ModuleReport(
    Entry("ohd_alloc", True, "none", True, "none"), (), (), "wat", False, 1, 1, None, (), ()
)


def dropped_row(seq):
    """Return the record of an event that was dropped."""
    return DeliveryRow(
        plugin_id="org.example.feed",
        event_seq=seq,
        event_id="",
        event="",
        ticket_id="",
        outcome=Outcome.DROPPED.value,
        error=None,
        started_at=0,
        duration_us=0,
        memory_bytes=None,
        host_calls=None,
        redelivered=0,
        id=None,
    )


@pytest.fixture
async def feed(desk):
    """Return a function that makes the feed again, as at a start of the server."""
    row = new_plugin(
        describe(MANIFEST, REPORT), MANIFEST, REPORT, "0" * 64, size=1, source="", actor=""
    )
    await desk.helpdesk.database.write(lambda db: plugins.insert_plugin(db, row))

    async def make():
        database = desk.helpdesk.database
        found = await database.read(lambda db: plugins.find_plugin(db, row.id))
        journal = Journal(RecordStore(database))
        return Feed(found, desk.helpdesk.outbox, RunningStore(database), journal)

    return make


def seqs(deliveries):
    return [delivery.event.seq for delivery in deliveries]


async def test_events_are_claimed_before_they_are_handed_out(desk, feed):
    one = await feed()
    for _ in range(5):
        await desk.ticket()
    taken = await one.take(3)
    assert len(taken) == 3
    row = await desk.helpdesk.database.read(lambda db: plugins.find_plugin(db, "org.example.feed"))
    assert (row.claimed_seq, row.settled_seq) == (seqs(taken)[-1], 0)


async def test_nothing_is_settled_beyond_an_event_that_is_not_done(desk, feed):
    one = await feed()
    for _ in range(4):
        await desk.ticket()
    a, b, c, d = seqs(await one.take(10))
    # The third was dropped for its size, while the first was still in the child.
    assert one.done(c) < a
    assert one.done(a) < b
    assert one.done(b) < d
    assert one.done(d) >= d


async def test_what_was_handed_out_and_not_done_comes_again_in_order(desk, feed):
    one = await feed()
    for _ in range(6):
        await desk.ticket()
    first = await one.take(4)
    one.done(first[0].event.seq)
    one.requeue()
    again = await one.take(2) + await one.take(10)
    assert seqs(again) == seqs(first)[1:]
    assert not any(delivery.redelivered for delivery in again)
    assert len(await one.take(10)) == 2


async def test_events_that_concern_nobody_do_not_stand_in_the_way(desk, feed):
    one = await feed()
    ticket = await desk.ticket()
    for number in range(300):
        await desk.helpdesk.tickets.reply(desk.user.actor, ticket.id, str(number))
    last = await desk.ticket()
    taken = await one.take(2) + await one.take(2)
    assert [delivery.event.ticket_id for delivery in taken] == [ticket.id, last.id]


async def test_after_a_crash_what_was_claimed_is_delivered_again_and_marked(desk, feed):
    before = await feed()
    for _ in range(4):
        await desk.ticket()
    claimed = seqs(await before.take(2))
    after = await feed()
    assert await after.recover() is None
    for seq in claimed:
        # One at a time, so that a second crash tells which of them was running.
        (again,) = await after.take(10)
        assert (again.event.seq, again.redelivered) == (seq, True)
        assert await after.take(10) == []
        after.done(seq)
    fresh = await after.take(10)
    assert [delivery.redelivered for delivery in fresh] == [False, False]


async def test_what_ended_the_server_twice_is_given_up(desk, feed):
    before = await feed()
    for _ in range(3):
        await desk.ticket()
    claimed = seqs(await before.take(2))
    second = await feed()
    assert await second.recover() is None
    assert seqs(await second.take(1)) == claimed[:1]
    third = await feed()
    lost = await third.recover()
    assert lost.event.seq == claimed[0]
    third.done(claimed[0])
    # The one behind it never ran: it is still delivered.
    assert seqs(await third.take(1)) == claimed[1:]


async def test_the_event_that_is_given_up_is_the_one_that_ran_at_the_second_crash(desk, feed):
    before = await feed()
    for _ in range(3):
        await desk.ticket()
    claimed = seqs(await before.take(3))
    second = await feed()
    await second.recover()
    for seq in claimed[:2]:
        await second.take(1)
        second.done(seq)
    await desk.helpdesk.database.write(
        lambda db: db.execute(
            "UPDATE plugins SET settled_seq = ? WHERE id = 'org.example.feed'", (claimed[1],)
        )
    )
    assert seqs(await second.take(1)) == claimed[2:]
    third = await feed()
    lost = await third.recover()
    assert lost.event.seq == claimed[2]


async def test_an_event_that_was_recorded_out_of_its_turn_is_not_recorded_again(desk, feed):
    before = await feed()
    for _ in range(3):
        await desk.ticket()
    first, dropped, last = await before.take(3)
    batch = Batch(deliveries=[dropped_row(dropped.event.seq)], logs=[], settled={}, errors={})
    await desk.helpdesk.database.write(lambda db: write_batch(db, batch))
    after = await feed()
    await after.recover()
    for delivery in (first, last):
        assert seqs(await after.take(5)) == [delivery.event.seq]
        after.done(delivery.event.seq)


async def test_nor_is_it_recorded_again_after_a_stop_that_was_asked_for(desk, feed):
    before = await feed()
    for _ in range(2):
        await desk.ticket()
    first, dropped = await before.take(2)
    batch = Batch(deliveries=[dropped_row(dropped.event.seq)], logs=[], settled={}, errors={})
    await desk.helpdesk.database.write(lambda db: write_batch(db, batch))
    await desk.helpdesk.database.write(lambda db: places.release(db, "org.example.feed"))
    after = await feed()
    await after.recover()
    assert seqs(await after.take(5)) == [first.event.seq]


async def test_a_stop_that_was_asked_for_leaves_nothing_to_redeliver(desk, feed):
    before = await feed()
    await desk.ticket()
    await before.take(1)
    await desk.helpdesk.database.write(lambda db: places.release(db, "org.example.feed"))
    after = await feed()
    assert await after.recover() is None
    (delivery,) = await after.take(5)
    assert not delivery.redelivered

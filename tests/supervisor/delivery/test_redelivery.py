"""What admins want delivered again: in the plugin's own child, marked, durable, and all or none."""

import os
import signal
import sqlite3
from contextlib import closing
from functools import partial

import pytest
import trio

from helpdesk.audit import AuditFilter
from supervisor.delivery import journal
from supervisor.delivery.error_threshold import ErrorThreshold
from supervisor.errors import CannotRedeliver, DeliveryNotFound, NotRunning, PluginNotFound
from supervisor.limits import Limits
from supervisor.states import Outcome
from supervisor.store.running import RunningStore
from supervisor.views import DeliveryFilter
from supervisor.watching.retention import settled_everywhere

DATABASE = "ohd.sqlite3"


def http_step(stand_in):
    """Return a step during which the test decides how long the plugin is busy."""
    return {"do": "http", "method": "GET", "url": stand_in.url + "/"}


def ask_disk(desk, query, *values):
    with closing(sqlite3.connect(desk.path / DATABASE)) as db:
        return db.execute(query, values).fetchall()


def queued(desk):
    """Return what is queued on disk: event, whether it may have been sent, kills meanwhile."""
    return ask_disk(desk, "SELECT event_id, out, tried FROM redeliveries ORDER BY id")


def places(desk, plugin_id):
    query = "SELECT claimed_seq, settled_seq FROM plugins WHERE id = ?"
    return ask_disk(desk, query, plugin_id)


async def close_as_if_killed(desk):
    """Stop the desk, and leave on disk what a kill at this moment would have left."""
    with (
        closing(sqlite3.connect(desk.path / DATABASE)) as now,
        closing(sqlite3.connect(desk.path / "killed")) as kept,
    ):
        now.backup(kept)
    await desk.close()
    for beside in ("-wal", "-shm"):
        (desk.path / f"{DATABASE}{beside}").unlink(missing_ok=True)
    (desk.path / "killed").rename(desk.path / DATABASE)


async def again(desk, plugin_id, *ids):
    return await desk.supervisor.deliveries.redeliver(plugin_id, ids, actor=desk.admin.id)


async def test_a_delivery_that_failed_and_one_that_went_well_come_again_and_are_marked(desk):
    good = await desk.install("wat/noop", id="com.example.good")
    bad = await desk.install("wat/trap", id="com.example.bad")
    ticket = await desk.ticket()
    await desk.settled(good.id, bad.id)
    for plugin in (good, bad):
        (first,) = await desk.deliveries(plugin.id)
        where = places(desk, plugin.id)
        assert await again(desk, plugin.id, first.id) == 1
        _, second = await desk.deliveries(plugin.id, 2)
        assert (first.redelivered, second.redelivered) == (False, True)
        assert (second.event_id, second.ticket_id) == (first.event_id, ticket.id)
        assert second.outcome is first.outcome
        assert queued(desk) == []
        assert places(desk, plugin.id) == where
    assert (await desk.process(bad.id)).errors == 2
    wanted = AuditFilter(action="plugin.redelivered", subject=bad.id)
    (entry,) = (await desk.helpdesk.audit.list(desk.admin.actor, wanted)).rows
    assert entry.changes == {"deliveries": 1, "events": [first.event_id]}
    assert entry.actor_id == desk.admin.id


async def test_many_come_again_in_their_order_while_other_events_flow(desk):
    plugin = await desk.install("wat/noop")
    for _ in range(20):
        await desk.ticket()
    await desk.settled(plugin.id)
    first = await desk.deliveries(plugin.id, 20)
    assert await again(desk, plugin.id, *(each.id for each in first)) == 20
    for _ in range(20):
        await desk.ticket()
    await desk.settled(plugin.id)
    found = await desk.deliveries(plugin.id, 60)
    assert len(found) == 60
    marked = [each.event_id for each in found if each.redelivered]
    assert marked == [each.event_id for each in first]
    fresh = [each.event_id for each in found if not each.redelivered]
    assert fresh == sorted(fresh)
    assert len(set(fresh)) == 40


async def test_one_that_waits_already_is_not_queued_twice(open_desk, stand_in):
    desk = await open_desk(egress=stand_in.policy())
    plugin = await desk.probe(http_step(stand_in))
    await desk.ticket()
    first = await desk.delivery(plugin.id)
    stand_in.hold()
    assert await again(desk, plugin.id, first.id, first.id) == 1
    await stand_in.wait(2)
    assert await again(desk, plugin.id, first.id) == 0
    view = await desk.process(plugin.id)
    assert (view.in_flight, view.waiting) == (1, 0)
    stand_in.release()
    await desk.settled(plugin.id)
    assert len(await desk.deliveries(plugin.id, 2)) == 2


async def test_one_that_was_in_flight_at_a_kill_is_tried_once_more_and_no_third_time(
    open_desk, stand_in
):
    settings = {"egress": stand_in.policy(), "limits": Limits(deadline_s=4.0)}
    desk = await open_desk(**settings)
    plugin = await desk.probe(http_step(stand_in))
    await desk.ticket()
    await desk.ticket()
    first, second = await desk.deliveries(plugin.id, 2)
    stand_in.hold()
    assert await again(desk, plugin.id, first.id, second.id) == 2
    for kills in (0, 1):
        await stand_in.wait(3 + kills)
        assert queued(desk) == [(first.event_id, 1, kills), (second.event_id, 0, 0)]
        await close_as_if_killed(desk)
        desk = await open_desk(**settings)
    stand_in.release()
    await desk.settled(plugin.id)
    given_up, done = (await desk.deliveries(plugin.id, 4))[2:]
    assert (given_up.event_id, given_up.outcome) == (first.event_id, Outcome.LOST)
    assert "stopped twice" in given_up.error
    assert (done.event_id, done.outcome) == (second.event_id, Outcome.OK)
    assert given_up.redelivered
    assert done.redelivered
    assert queued(desk) == []


async def test_what_waits_at_an_orderly_stop_comes_at_the_next_start_and_has_not_been_tried(
    open_desk,
):
    desk = await open_desk()
    plugin = await desk.install("wat/noop")
    await desk.ticket()
    first = await desk.delivery(plugin.id)
    await desk.close()
    # While no server runs, as the command line does.
    desk = await open_desk(run_plugins=False)
    assert await again(desk, plugin.id, first.id) == 1
    await desk.close()
    assert queued(desk) == [(first.event_id, 0, 0)]
    desk = await open_desk()
    _, second = await desk.deliveries(plugin.id, 2)
    assert second.redelivered


async def one_runs_and_one_waits(open_desk, stand_in):
    """Deliver twice, and both again: the first is held in its request, the second waits."""
    desk = await open_desk(egress=stand_in.policy())
    plugin = await desk.probe(http_step(stand_in))
    await desk.ticket()
    await desk.ticket()
    first, second = await desk.deliveries(plugin.id, 2)
    stand_in.hold()
    await again(desk, plugin.id, first.id, second.id)
    await stand_in.wait(3)
    return desk, plugin, first, second


async def test_what_waits_is_dropped_on_record_when_the_plugin_is_disabled(open_desk, stand_in):
    desk, plugin, first, second = await one_runs_and_one_waits(open_desk, stand_in)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            partial(desk.supervisor.controls.set_enabled, plugin.id, False, actor=desk.admin.id)
        )
        await desk.state(plugin.id, "stopping")
        stand_in.release()
    ran, dropped = (await desk.deliveries(plugin.id, 4))[2:]
    assert (ran.event_id, ran.outcome, ran.redelivered) == (first.event_id, Outcome.OK, True)
    assert (dropped.event_id, dropped.outcome) == (second.event_id, Outcome.DROPPED)
    assert dropped.redelivered
    assert queued(desk) == []


async def test_redeliveries_count_for_the_health_of_a_plugin(open_desk):
    desk = await open_desk(health=ErrorThreshold(least=3))
    plugin = await desk.install("wat/trap")
    await desk.ticket()
    first = await desk.delivery(plugin.id)
    for _ in range(2):
        await again(desk, plugin.id, first.id)
        await desk.settled(plugin.id)
    await desk.state(plugin.id, "failed")
    found = await desk.supervisor.deliveries.page(
        plugin.id, wanted=DeliveryFilter(redelivered=True)
    )
    assert len(found) == 2


async def test_all_or_none_are_queued_and_the_error_says_why(desk):
    plugin = await desk.install("wat/noop")
    await desk.ticket()
    (first,) = await desk.deliveries(plugin.id)
    for wrong in ("999", "x", "-1", "", "9" * 40, "\uff11"):
        with pytest.raises(DeliveryNotFound, match="no delivery"):
            await again(desk, plugin.id, first.id, wrong)
    other = await desk.install("wat/noop", id="com.example.other")
    with pytest.raises(DeliveryNotFound):
        await again(desk, other.id, first.id)
    with pytest.raises(PluginNotFound):
        await again(desk, "com.example.none", first.id)
    with pytest.raises(CannotRedeliver, match="1,000"):
        await again(desk, plugin.id, *map(str, range(1001)))
    await desk.supervisor.controls.set_enabled(plugin.id, False, actor="test")
    with pytest.raises(NotRunning, match="is disabled"):
        await again(desk, plugin.id, first.id)
    assert not (await desk.supervisor.deliveries.detail(plugin.id, first.id)).can_redeliver
    assert queued(desk) == []


async def test_an_event_that_is_gone_cannot_come_again(open_desk):
    desk = await open_desk()
    plugin = await desk.install("wat/noop")
    await desk.ticket()
    first = await desk.delivery(plugin.id)
    await desk.helpdesk.database.write(lambda db: db.execute("DELETE FROM events").rowcount)
    await desk.close()
    desk = await open_desk()
    with pytest.raises(CannotRedeliver, match="has been deleted"):
        await again(desk, plugin.id, first.id)
    detail = await desk.supervisor.deliveries.detail(plugin.id, first.id)
    assert (detail.payload, detail.can_redeliver) == (None, False)


async def test_an_event_is_kept_as_long_as_it_waits_to_come_again(open_desk):
    desk = await open_desk()
    plugin = await desk.install("wat/noop")
    for _ in range(3):
        await desk.ticket()
    await desk.settled(plugin.id)
    _, second, _ = await desk.deliveries(plugin.id, 3)
    await desk.close()
    desk = await open_desk(run_plugins=False)
    seq = ask_disk(desk, "SELECT event_seq FROM deliveries WHERE id = ?", second.id)[0][0]
    await again(desk, plugin.id, second.id)
    assert await settled_everywhere(desk.helpdesk.database) == seq - 1


async def test_what_is_kept_from_a_plugin_does_not_come_again_either(desk):
    plugin = await desk.install("wat/noop", events=["ticket.created", "ticket.closed"])
    await desk.ticket()
    first = await desk.delivery(plugin.id)
    withheld = ["event:ticket.created"]
    await desk.supervisor.controls.withhold(plugin.id, withheld=withheld, actor=desk.admin.id)
    with pytest.raises(CannotRedeliver, match=r"does not receive ticket\.created"):
        await again(desk, plugin.id, first.id)


async def test_one_whose_process_is_lost_is_on_record_and_the_next_goes_on(open_desk, stand_in):
    desk, plugin, first, second = await one_runs_and_one_waits(open_desk, stand_in)
    os.kill((await desk.process(plugin.id)).pid, signal.SIGKILL)
    await stand_in.wait(4)
    stand_in.release()
    await desk.settled(plugin.id)
    lost, done = (await desk.deliveries(plugin.id, 4))[2:]
    assert (lost.event_id, lost.outcome) == (first.event_id, Outcome.LOST)
    assert (done.event_id, done.outcome) == (second.event_id, Outcome.OK)
    assert queued(desk) == []


async def test_what_is_kept_from_a_plugin_before_its_turn_is_dropped_on_record(open_desk, stand_in):
    desk, plugin, first, second = await one_runs_and_one_waits(open_desk, stand_in)
    withheld = ["event:ticket.created"]
    await desk.supervisor.controls.withhold(plugin.id, withheld=withheld, actor=desk.admin.id)
    stand_in.release()
    await desk.settled(plugin.id)
    ran, dropped = (await desk.deliveries(plugin.id, 4))[2:]
    assert (ran.event_id, ran.outcome) == (first.event_id, Outcome.OK)
    assert (dropped.event_id, dropped.outcome) == (second.event_id, Outcome.DROPPED)
    assert "no longer receives" in dropped.error
    assert len(stand_in.requests) == 3


async def test_a_disk_that_is_full_when_a_plugin_starts_costs_time_alone(desk, monkeypatch):
    """It was disabled for that, and stayed so until the next start of the server."""
    monkeypatch.setattr(journal, "RETRY_S", 0.01)
    take_up, refusals = RunningStore.take_up, [sqlite3.OperationalError("disk is full")] * 3

    async def refused_at_first(store, plugin_id):
        if refusals:
            raise refusals.pop()
        return await take_up(store, plugin_id)

    monkeypatch.setattr(RunningStore, "take_up", refused_at_first)
    plugin = await desk.install("wat/noop")
    await desk.running(plugin.id)
    assert refusals == []

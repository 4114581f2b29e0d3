"""How the supervisor says that it can, or cannot, do its work; and the figures it gives."""

import os
import signal
import sqlite3

import trio

from supervisor.delivery.durations import SHOWN_S, shown
from supervisor.delivery.error_threshold import ErrorThreshold
from supervisor.delivery.journal import Journal
from supervisor.delivery.tally import Tally
from supervisor.store.plugin_log import LogRow
from supervisor.store.recorded import RecordStore
from supervisor.watching.health_checks import STUCK_S, HealthChecks


async def found(desk):
    return {vital.name: vital.ok for vital in await desk.supervisor.health.check()}


async def test_a_supervisor_at_work_is_well(desk):
    assert await found(desk) == {"database": True, "fork_server": True, "journal": True}


async def test_a_locked_database_is_found_out(desk):
    blocker = sqlite3.connect(desk.path / "ohd.sqlite3", isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    try:
        (database, *_) = await desk.supervisor.health.check()
        assert not database.ok
        assert database.detail
    finally:
        blocker.execute("ROLLBACK")
        blocker.close()

    async def writable():
        return (await found(desk))["database"]

    assert await desk.until(writable, bool)


async def test_a_fork_server_that_was_killed_is_started_again_by_the_look_at_it(desk):
    await desk.install("wat/noop")
    before = desk.supervisor._parts.fork_server.pid
    os.kill(before, signal.SIGKILL)
    pidfd = os.pidfd_open(before)
    await trio.lowlevel.wait_readable(pidfd)
    os.close(pidfd)
    assert (await found(desk))["fork_server"]
    assert desk.supervisor._parts.fork_server.pid != before
    assert (await desk.supervisor.health.figures()).fork_server_starts == 2


class Stuck:
    """A database whose writes do not end until they may."""

    def __init__(self):
        self.may_end = trio.Event()

    async def write(self, job):
        await self.may_end.wait()


async def test_results_that_are_not_written_make_the_journal_sick(mock_clock, nursery):
    database = Stuck()
    store = RecordStore(database)
    journal = Journal(store)
    nursery.start_soon(journal.run)
    vitals = HealthChecks(store, journal, None, overview=None, runners=None, ledger=None)
    assert vitals._records().ok
    journal.line(LogRow("org.example.x", 0, "info", "a line", None))
    await trio.testing.wait_all_tasks_blocked()
    mock_clock.jump(STUCK_S / 2)
    assert vitals._records().ok
    journal.line(LogRow("org.example.x", 0, "info", "another", None))
    mock_clock.jump(STUCK_S / 2 + 1)
    assert not vitals._records().ok
    assert journal.statistics().rows == 2
    database.may_end.set()
    await journal.flush()
    await trio.testing.wait_all_tasks_blocked()
    assert vitals._records().ok
    assert journal.statistics() == type(journal.statistics())(0, 0, 0.0)


async def test_deliveries_are_counted_by_outcome_and_duration(desk):
    good = await desk.install("wat/noop")
    bad = await desk.install("wat/trap")
    for _ in range(3):
        await desk.ticket()
    await desk.deliveries(good.id, 3)
    await desk.deliveries(bad.id, 3)
    figures = await desk.supervisor.health.figures()
    counts = {each.plugin_id: each for each in figures.counts}
    assert counts[good.id].outcomes == {"ok": 3}
    assert counts[good.id].starts == 1
    assert counts[bad.id].outcomes == {"trap": 3}
    assert counts[bad.id].starts >= 3
    assert sum(counts[good.id].buckets) == 3
    assert len(counts[good.id].buckets) == len(figures.bounds_s) + 1
    assert {view.plugin_id for view in figures.processes} == {good.id, bad.id}


async def test_counts_go_on_when_a_plugin_is_disabled_and_enabled(desk):
    plugin = await desk.install("wat/noop")
    for enabled in (True, False, True):
        await desk.supervisor.controls.set_enabled(plugin.id, enabled, actor="test")
        await desk.ticket()
        if enabled:
            await desk.settled(plugin.id)
    (counts,) = (await desk.supervisor.health.figures()).counts
    assert counts.outcomes["ok"] == 2
    assert counts.starts == 2


def test_a_duration_falls_into_the_bucket_whose_bound_it_does_not_exceed():
    tally = Tally()
    for duration in (0.0, SHOWN_S[0], SHOWN_S[1], SHOWN_S[-1] + 1):
        tally.delivery("ok", duration)
    assert shown(tally.buckets) == (2, 1, *[0] * (len(SHOWN_S) - 2), 1)


async def test_a_changed_health_rule_holds_from_the_next_failure_on(open_desk):
    rule = [ErrorThreshold(least=100)]
    desk = await open_desk(health=lambda: rule[0])
    plugin = await desk.install("wat/trap")
    await desk.ticket()
    await desk.deliveries(plugin.id, 1)
    assert (await desk.supervisor.overview.plugin(plugin.id)).enabled
    rule[0] = ErrorThreshold(least=2)
    await desk.ticket()
    view = await desk.state(plugin.id, "failed")
    assert view.state_reason.startswith("2 of 2 deliveries failed")

"""Health checks of the supervisor, and the figures that a monitor collects.

What is checked can only be found out by trying: the database is written, the fork server is
started again where it has ended. A check is made at most once a second, whoever asks.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import trio

from supervisor.delivery.durations import SHOWN_S, shown
from supervisor.delivery.journal import Journal, JournalLedger, JournalStatistics
from supervisor.delivery.runners import Runners
from supervisor.delivery.tally import Tally
from supervisor.process.errors import ProcessError
from supervisor.process.forkserver import ForkServer
from supervisor.store.recorded import RecordStore
from supervisor.views import HealthCheck, PluginCounts, ProcessView, SupervisorFigures
from supervisor.watching.overview import Overview

STUCK_S = 10.0
"""A result that has waited so long to be written is a journal that is stuck."""
PATIENCE_S = 4.0
"""Timeout of a health check, in seconds."""
_FRESH_S = 1.0


class HealthChecks:
    """See the module."""

    def __init__(
        self,
        store: RecordStore,
        journal: Journal,
        fork_server: ForkServer,
        *,
        overview: Overview,
        runners: Runners,
        ledger: JournalLedger,
    ) -> None:
        self._store = store
        self._overview = overview
        self._runners = runners
        self._ledger = ledger
        self._journal = journal
        self._fork_server = fork_server
        self._lock = trio.Lock()
        self._found: Sequence[HealthCheck] = ()
        self._found_at = -_FRESH_S

    async def check(self) -> Sequence[HealthCheck]:
        """Return how each part is; takes a few seconds at most."""
        async with self._lock:
            if not self._found or trio.current_time() - self._found_at >= _FRESH_S:
                self._found = (await self._writes(), await self._forks(), self._records())
                self._found_at = trio.current_time()
            return self._found

    async def figures(self) -> SupervisorFigures:
        """Return everything that a monitor collects."""
        return figures(
            await self._overview.processes(),
            self._runners.tallies,
            self._ledger.counts,
            self._journal.statistics(),
            self._fork_server,
        )

    async def _writes(self) -> HealthCheck:
        with trio.move_on_after(PATIENCE_S):
            try:
                await self._store.beat()
            except Exception as exc:
                return HealthCheck("database", ok=False, detail=f"cannot be written: {exc}")
            return HealthCheck("database", ok=True, detail="")
        return HealthCheck("database", ok=False, detail="is locked or too slow")

    async def _forks(self) -> HealthCheck:
        with trio.move_on_after(PATIENCE_S):
            try:
                await self._fork_server.ensure()
            except ProcessError as exc:
                return HealthCheck("fork_server", ok=False, detail=str(exc))
            return HealthCheck("fork_server", ok=True, detail="")
        return HealthCheck("fork_server", ok=False, detail="does not respond")

    def _records(self) -> HealthCheck:
        waiting = self._journal.statistics()
        if waiting.oldest_s <= STUCK_S:
            return HealthCheck("journal", ok=True, detail="")
        detail = (
            f"{waiting.rows} results are waiting to be written, the oldest for "
            f"{waiting.oldest_s:.0f} s"
        )
        return HealthCheck("journal", ok=False, detail=detail)


def figures(
    processes: Sequence[ProcessView],
    tallies: Mapping[str, Tally],
    requests: Counter[tuple[str, str]],
    journal: JournalStatistics,
    fork_server: ForkServer,
) -> SupervisorFigures:
    """Return everything that a monitor collects of the supervisor."""
    return SupervisorFigures(
        processes=tuple(processes),
        counts=tuple(_counts(plugin_id, tally) for plugin_id, tally in sorted(tallies.items())),
        bounds_s=SHOWN_S,
        requests=tuple((plugin, outcome, n) for (plugin, outcome), n in sorted(requests.items())),
        journal_rows=journal.rows,
        journal_bytes=journal.bytes,
        journal_oldest_s=journal.oldest_s,
        fork_server_starts=fork_server.starts,
    )


def _counts(plugin_id: str, tally: Tally) -> PluginCounts:
    return PluginCounts(
        plugin_id, dict(tally.outcomes), shown(tally.buckets), tally.seconds, tally.starts
    )

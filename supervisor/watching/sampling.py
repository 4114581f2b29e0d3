"""Looks at every plugin now and then, and keeps what it sees as figures over time.

One task of the supervisor's nursery, :meth:`Sampler.run`, looks every few seconds and writes each
minute once it is over; whoever wants to know more at once asks for a look that is fresh. A database
that cannot be written costs no more than what was seen before the server ends. A kill loses the
minute that runs.
"""

import time
from collections.abc import Mapping

import structlog
import trio

from supervisor.delivery.runners import Runners
from supervisor.delivery.tally import Tally
from supervisor.plugins.registry import PluginRegistry
from supervisor.store.history import (
    DAY,
    HOUR,
    MINUTE_S,
    Step,
    Use,
)
from supervisor.store.recorded import RecordStore
from supervisor.watching.history import Meter
from supervisor.watching.process_usage import Usage, UsageReader, together

LOOK_EVERY_S = 5.0
FRESH_S = 0.9
"""A look that is younger answers whoever watches: a little less than the second between two."""

log = structlog.get_logger("supervisor.sampling")


class Sampler:
    """See the module."""

    def __init__(self, installed: PluginRegistry, runners: Runners, store: RecordStore) -> None:
        self._installed = installed
        self._runners = runners
        self._store = store
        self._reader = UsageReader()
        self._lock = trio.Lock()
        self._looked_at = float("-inf")
        self._steps: dict[str, dict[int, Step]] = {}
        """Of the last hour and of plugins that have no meter yet, as the last run left them."""
        self._errors: dict[str, dict[int, int]] = {}
        self._unsaved: set[tuple[str, int]] = set()
        self._meters: dict[str, Meter] = {}
        """One for every plugin that was ever seen, as the tallies behind them stay too."""
        self.usage: dict[int, Usage] = {}
        """Of every process, as of the last look."""

    @property
    def minute(self) -> int:
        """The minute that runs."""
        return int(time.time()) // MINUTE_S

    def meter(self, plugin_id: str) -> Meter:
        """Return the meter of an installed plugin."""
        meter = self._meters.get(plugin_id)
        if meter is None:
            tally = self._runners.tallies.setdefault(plugin_id, Tally())
            known, errors = self._steps.pop(plugin_id, {}), self._errors.pop(plugin_id, {})
            meter = Meter(tally, self.minute, trio.current_time(), known, errors)
            self._meters[plugin_id] = meter
        return meter

    def forget(self, plugin_id: str) -> None:
        """A plugin was uninstalled: one of the same id that comes later starts again."""
        if (meter := self._meters.get(plugin_id)) is not None:
            meter.forget()
        self._steps.pop(plugin_id, None)
        self._errors.pop(plugin_id, None)
        self._unsaved = {(who, at) for who, at in self._unsaved if who != plugin_id}

    async def load(self) -> None:
        """Take up what the last run of the server has left; once, before the first look."""
        minute = self.minute
        self._steps = await self._store.steps_since(minute - HOUR + 1)
        found = await self._store.errors_since(minute - DAY + 1)
        self._errors = {plugin_id: dict(errors) for plugin_id, errors in found.items()}

    async def run(self) -> None:
        """Look and write forever."""
        while True:
            try:
                await self.look()
                await self.save(running=False)
            except Exception:
                # Figures are no reason to end what they are about.
                log.exception("plugins_not_looked_at")
            await trio.sleep(LOOK_EVERY_S)

    async def look(self, fresh_s: float = 0.0) -> None:
        """Count what every plugin has done, and look at what it uses.

        The latter only where the last look is older, or has not seen every process.
        """
        async with self._lock:
            children = self._runners.children()
            young = trio.current_time() - self._looked_at < fresh_s
            if young and all(pid in self.usage for pid in children):
                self._take_up({row.id: None for row in self._installed.rows()})
                return
            self.usage = dict(await self._reader.read(children))
            uses = {row.id: await self._use(row.id) for row in self._installed.rows()}
            self._looked_at = trio.current_time()
            self._take_up(uses)

    async def save(self, *, running: bool = True) -> None:
        """Write the minutes that are over, and the one that runs too; failure costs nothing."""
        minute = self.minute
        due = [
            (plugin_id, at, meter.steps[at])
            for plugin_id, meter in self._meters.items()
            for at in sorted(meter.steps)
            if (plugin_id, at) in self._unsaved and (running or at != minute)
        ]
        if not due:
            return
        try:
            await self._store.save_steps(due, minute)
        except Exception as exc:
            log.error("history_not_written", error=f"{type(exc).__name__}: {exc}")
        else:
            self._unsaved -= {(plugin_id, at) for plugin_id, at, _ in due if at != minute}

    def _take_up(self, uses: Mapping[str, Use | None]) -> None:
        minute, now = self.minute, trio.current_time()
        for plugin_id, use in uses.items():
            meter = self.meter(plugin_id)
            last = meter.minute
            meter.look(minute, now, use)
            if last in meter.steps:
                self._unsaved.add((plugin_id, last))
        self._unsaved &= {
            (plugin_id, at) for plugin_id, m in self._meters.items() for at in m.steps
        }

    async def _use(self, plugin_id: str) -> Use | None:
        runner = self._runners.get(plugin_id)
        if runner is None:
            return None
        session = runner.session
        pids = [handle.pid for handle in runner.handles]
        used = together([self.usage[pid] for pid in pids if pid in self.usage])
        in_flight = len(session.conversation.in_line) if session else 0
        return Use(
            waiting=max(0, await runner.workload.unfinished() - in_flight),
            cpu_percent=used.cpu_percent,
            uss_bytes=used.uss_bytes,
            guest_bytes=session.conversation.memory_bytes if session else None,
        )

"""The installed plugins as admins see them: what each is, its process, its figures over time.

Must not know how any of it is changed.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import trio
from ulid import ULID

from supervisor.delivery.runners import Runners
from supervisor.plugins.limits import LimitsInForce
from supervisor.plugins.registry import PluginRegistry
from supervisor.plugins.signatures import SignatureRules
from supervisor.store.history import DAY, MINUTE_S
from supervisor.store.plugins import PluginRow
from supervisor.store.recorded import RecordStore
from supervisor.views import PluginHistory, PluginView, ProcessView
from supervisor.watching.history import points
from supervisor.watching.sampling import FRESH_S, Sampler
from supervisor.watching.snapshots import plugin_view, process_view

Span = Literal["hour", "day"]
_QUARTERS, _QUARTER = 96, 15
"""Points of a day, and minutes of each."""


class Overview:
    """See the module."""

    def __init__(
        self,
        installed: PluginRegistry,
        runners: Runners,
        limits: LimitsInForce,
        store: RecordStore,
        signatures: Callable[[], SignatureRules],
    ) -> None:
        self._installed = installed
        self._runners = runners
        self._limits = limits
        self._store = store
        self._signatures = signatures
        self._sampler = Sampler(installed, runners, store)

    async def plugins(self) -> Sequence[PluginView]:
        """Return every installed plugin, by name."""
        return [self.view(row) for row in self._installed.rows()]

    async def plugin(self, plugin_id: str) -> PluginView:
        """Return one plugin; raises PluginNotFound."""
        return self.view(self._installed.row(plugin_id))

    def view(self, row: PluginRow) -> PluginView:
        """Return the snapshot of a plugin."""
        signature = self._signatures().look(row.report, row.sha256).view()
        return plugin_view(row, self._installed, self._runners, self._limits, signature)

    async def processes(self) -> Sequence[ProcessView]:
        """Return a line for each installed plugin, with its process where it has one."""
        await self._sampler.look(FRESH_S)
        return [await self._process(row, self._limits) for row in self._installed.rows()]

    async def history(self, plugin_id: str, *, span: Span) -> PluginHistory:
        """Return what a plugin did and used; raises PluginNotFound."""
        self._installed.row(plugin_id)
        await self._sampler.look(FRESH_S)
        return await self._history(plugin_id, span)

    async def histories(self, *, span: Span = "hour") -> Mapping[str, PluginHistory]:
        """Return the same for every plugin; an hour comes from memory and costs little."""
        await self._sampler.look(FRESH_S)
        return {row.id: await self._history(row.id, span) for row in self._installed.rows()}

    async def begin(self, nursery: trio.Nursery) -> None:
        """Take up what was seen before, and look from now on."""
        await self._sampler.load()
        nursery.start_soon(self._sampler.run)

    def forget(self, plugin_id: str) -> None:
        """Drop the figures of a plugin that was uninstalled."""
        self._sampler.forget(plugin_id)

    async def close(self) -> None:
        """Write what was seen of the minute that runs."""
        await self._sampler.look()
        await self._sampler.save()

    async def _process(self, row: PluginRow, limits: LimitsInForce) -> ProcessView:
        runner = self._runners.get(row.id)
        oldest = await runner.feed.oldest() if runner else None
        return process_view(
            row,
            self._runners,
            self._sampler.usage,
            self._sampler.meter(row.id),
            runner.limits if runner else limits.of(row.limits),
            unfinished=await runner.workload.unfinished() if runner else 0,
            oldest_s=_age_s(oldest.id) if oldest else None,
        )

    async def _history(self, plugin_id: str, span: Span) -> PluginHistory:
        """Return a history: an hour from memory, a day with what is in the database."""
        meter = self._sampler.meter(plugin_id)
        if span == "hour":
            return PluginHistory(plugin_id, MINUTE_S, meter.hour())
        last, recent = meter.minute, dict(meter.steps)
        steps = await self._store.steps_of(plugin_id, last - DAY) | recent
        # Thousands of minutes: not on the loop that serves everybody.
        found = await trio.to_thread.run_sync(
            lambda: points(steps, last, count=_QUARTERS, step_minutes=_QUARTER)
        )
        return PluginHistory(plugin_id, _QUARTER * MINUTE_S, found)


def _age_s(event_id: str) -> float:
    """Return how long ago an event was made: its id is a ULID, which begins with the time."""
    return max(0.0, time.time() - ULID.from_str(event_id).timestamp)

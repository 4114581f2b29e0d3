"""Looks at the plugins' processes once a second, for all who watch, and not at all for nobody.

There is no task of its own: whoever wants the next sample and finds none takes it, while the
others wait for that one. So sampling costs the same for one open page and for fifty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import trio

from supervisor.service import Supervisor
from supervisor.views import PluginHistory
from webapp.rendering.catalogues import ENGLISH
from webapp.rendering.process_table import Cell, Cells, Row, cells, make_rows

PERIOD_S = 1.0
HISTORY_S = 5.0
"""Sparklines are drawn again so often: they have one bar a minute."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The table as it was at one moment."""

    number: int = 0
    taken_at: float = -PERIOD_S
    """On Trio's clock."""
    rows: Mapping[str, Cells] = field(default_factory=dict)
    """In English."""
    known: Mapping[str, Row] = field(default_factory=dict)

    def in_language(self, language: str) -> Mapping[str, Cells]:
        """Return the table as it is said in a language."""
        if language == ENGLISH:
            return self.rows
        return {plugin_id: cells(row, language) for plugin_id, row in self.known.items()}


class ProcessWatch:
    """Shared by all open pages of one server."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._overview = supervisor.overview
        self._lock = trio.Lock()
        self._sample = Sample()
        self._histories: Mapping[str, PluginHistory] = {}
        self._histories_at: float | None = None
        self.taken = 0
        """How many samples were taken since the start."""

    async def after(self, number: int) -> Sample:
        """Return a sample behind the one with this number, at most one a period."""
        async with self._lock:
            if self._sample.number <= number:
                await trio.sleep_until(self._sample.taken_at + PERIOD_S)
                self._sample = await self._take(self._sample.number + 1)
            return self._sample

    async def rows(self) -> list[Row]:
        """Return what is known of every plugin just now."""
        installed, processes = (
            await self._overview.plugins(),
            await self._overview.processes(),
        )
        return make_rows(installed, processes, await self._recent_histories())

    async def _take(self, number: int) -> Sample:
        at = trio.current_time()
        rows, known = {}, {}
        for row in await self.rows():
            rows[row.plugin.id], known[row.plugin.id] = cells(row), row
            # With many plugins nobody else waits for all of them to be put into words.
            await trio.lowlevel.checkpoint()
        self.taken += 1
        return Sample(number, at, rows, known)

    async def _recent_histories(self) -> Mapping[str, PluginHistory]:
        now = trio.current_time()
        if self._histories_at is None or now - self._histories_at >= HISTORY_S:
            self._histories = await self._overview.histories()
            self._histories_at = now
        return self._histories


def changed_cells(before: Mapping[str, Cells], now: Mapping[str, Cells]) -> dict[str, Cells]:
    """Return the cells that differ, by plugin and column; rows that are gone are left out."""
    found: dict[str, Cells] = {}
    for plugin_id, row in now.items():
        known = before.get(plugin_id, {})
        differing: dict[str, Cell] = {
            name: cell for name, cell in row.items() if known.get(name) != cell
        }
        if differing:
            found[plugin_id] = differing
    return found

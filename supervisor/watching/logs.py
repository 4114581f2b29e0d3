"""The plugins' log lines: pages of them, and waiting for the next."""

from collections.abc import Sequence

from supervisor.delivery.journal import Journal
from supervisor.plugins.registry import PluginRegistry
from supervisor.store.plugin_log import at_least
from supervisor.store.recorded import RecordStore
from supervisor.views import LogLine


class PluginLogs:
    """See the module."""

    def __init__(self, installed: PluginRegistry, journal: Journal, store: RecordStore) -> None:
        self._installed = installed
        self._journal = journal
        self._store = store

    async def read(
        self,
        plugin_id: str | None = None,
        *,
        level: str | None = None,
        after: int | None = None,
        limit: int = 200,
    ) -> Sequence[LogLine]:
        """Return the newest lines of one plugin or of all, oldest first.

        ``level``: lines of that level and above; raises UnknownLevel. ``after``: the lines that
        follow the one with this id instead. Raises PluginNotFound.
        """
        levels = at_least(level)
        if plugin_id is not None:
            self._installed.row(plugin_id)
        await self._journal.flush()
        return await self._store.lines(plugin_id, levels, after=after, limit=limit)

    async def wait(self, plugin_id: str | None, after: int) -> None:
        """Return once a line with an id above ``after`` can be read."""
        while True:
            if plugin_id is not None:
                self._installed.row(plugin_id)
            seen = self._journal.lines_of(plugin_id)
            if await self._store.newest_line(plugin_id) > after:
                return
            await self._journal.wait_lines(plugin_id, seen)

"""What admins watch: processes, their figures over time, the delivery log, log lines.

The service's reading half. Must not know how any of it is changed.
"""

from collections.abc import Sequence

from supervisor.delivery.journal import Journal
from supervisor.delivery_log import DeliveryLog
from supervisor.installed import Installed
from supervisor.limits import Limits
from supervisor.ports import Database, Outbox
from supervisor.processes import UsageReader
from supervisor.runners import Runners
from supervisor.show import process_view
from supervisor.store.plugin_log import at_least, find_lines, newest_line
from supervisor.views import LogLine, ProcessView


class Watching:
    """See the module."""

    def __init__(
        self,
        installed: Installed,
        runners: Runners,
        journal: Journal,
        *,
        database: Database,
        outbox: Outbox,
    ) -> None:
        self._installed = installed
        self._runners = runners
        self._journal = journal
        self._database = database
        self._usage = UsageReader()
        self.deliveries = DeliveryLog(installed, runners, journal, database=database, outbox=outbox)

    async def processes(self, limits: Limits) -> Sequence[ProcessView]:
        """Return a line for each installed plugin, with its process where it has one."""
        usage = await self._usage.read(self._runners.pids())
        views = []
        for row in self._installed.rows():
            runner = self._runners.get(row.id)
            unfinished = await runner.feed.unfinished() if runner else 0
            views.append(process_view(row, self._runners, usage, unfinished, limits))
        return views

    async def logs(
        self, plugin_id: str | None, *, level: str | None, after: int | None, limit: int
    ) -> Sequence[LogLine]:
        """Return the newest log lines, or those behind ``after``; oldest first either way."""
        levels = at_least(level)
        if plugin_id is not None:
            self._installed.row(plugin_id)
        await self._journal.flush()
        return await self._database.read(
            lambda db: find_lines(db, plugin_id, levels, after=after, limit=limit)
        )

    async def wait_logs(self, plugin_id: str | None, after: int) -> None:
        """Return once there is a line with a greater id."""
        while True:
            if plugin_id is not None:
                self._installed.row(plugin_id)
            seen = self._journal.lines_of(plugin_id)
            if await self._database.read(lambda db: newest_line(db, plugin_id)) > after:
                return
            await self._journal.wait_lines(plugin_id, seen)

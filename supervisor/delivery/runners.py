"""The runners of all enabled plugins: starts and stops each, disables what cannot go on.

The caller of :meth:`Runners.stop` and :meth:`Runners.switch_off` holds the plugin's lock.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import copy_context
from functools import partial
from pathlib import Path

import structlog
import trio

from supervisor.contracts.native import SWITCHED_OFF
from supervisor.delivery.feed import Feed
from supervisor.delivery.journal import Journal
from supervisor.delivery.recorder import Recorder
from supervisor.delivery.redelivery import RedeliveryQueue
from supervisor.delivery.runner import PluginRunner, RunnerTools
from supervisor.delivery.tally import Tally
from supervisor.delivery.work import is_for
from supervisor.delivery.write_quota import WriteQuota
from supervisor.errors import ConfigInvalid
from supervisor.manifest import effective_config
from supervisor.plugins import audit
from supervisor.plugins.registry import PluginRegistry
from supervisor.ports import (
    AdminNotices,
    AuditLog,
    AuditWriter,
    Outbox,
    OutboxEvent,
)
from supervisor.store.configs import check_ready
from supervisor.store.plugins import PluginRow
from supervisor.store.running import RunningStore

_PAGE = 256
_LONGEST_NOTICE = 2000

log = structlog.get_logger("supervisor.runners")


class Runners:
    """The runners of all enabled plugins, each a task of the supervisor's nursery."""

    def __init__(
        self,
        nursery: trio.Nursery,
        installed: PluginRegistry,
        tools: RunnerTools,
        journal: Journal,
        *,
        store: RunningStore,
        outbox: Outbox,
        notices: AdminNotices,
        audit: AuditLog,
        active: bool,
        native: bool = False,
    ) -> None:
        """``active``: whether plugins run at all here, or are only looked after.

        ``native``: whether native plugins may run.
        """
        self.active = active
        self.native = native
        self._nursery = nursery
        self._installed = installed
        self._tools = tools
        self._journal = journal
        self._store = store
        self._outbox = outbox
        self._notices = notices
        self._audit = audit
        self.tallies: dict[str, Tally] = {}
        """Tallies of each plugin since the server started."""
        self._running: dict[str, PluginRunner] = {}
        self._obstacles: dict[str, str] = {}
        self._held: set[str] = set()
        # What a plugin's task does later is not done from where somebody once switched it on.
        self._surroundings = copy_context()

    def get(self, plugin_id: str) -> PluginRunner | None:
        """Return the runner of a plugin, None where it does not run."""
        return self._running.get(plugin_id)

    def obstacle(self, plugin_id: str) -> str | None:
        """Return why an enabled plugin does not run."""
        return self._obstacles.get(plugin_id)

    @contextmanager
    def held(self, plugin_id: str) -> Iterator[None]:
        """Let a plugin show as stopping meanwhile: it is about to change, and has not failed."""
        self._held.add(plugin_id)
        try:
            yield
        finally:
            self._held.discard(plugin_id)

    def is_held(self, plugin_id: str) -> bool:
        """Tell whether a plugin is stopped for a change."""
        return plugin_id in self._held

    def children(self) -> dict[int, tuple[Path, ...]]:
        """Return the process id of every child, with the folders of its control group."""
        handles = [handle for runner in self._running.values() for handle in runner.handles]
        return {handle.pid: handle.folders for handle in handles}

    def longest_deadline_s(self, least: float) -> float:
        """Return the longest deadline of what runs, at least ``least``."""
        return max([least, *(runner.limits.deadline_s for runner in self._running.values())])

    def start(self, row: PluginRow) -> None:
        """Run an enabled plugin, unless its configuration does not allow it."""
        if not self.active or row.id in self._running:
            return
        self._obstacles.pop(row.id, None)
        if (obstacle := self.forbids(row)) is not None:
            log.error("plugin_not_started", plugin=row.id, error=obstacle)
            self._obstacles[row.id] = obstacle
            return
        saved = self._installed.config(row.id)
        try:
            check_ready(row.manifest, saved)
        except ConfigInvalid as exc:
            log.error("plugin_not_started", plugin=row.id, error=str(exc))
            self._obstacles[row.id] = str(exc)
            return
        tally = self.tallies.setdefault(row.id, Tally())
        quota = WriteQuota(self._tools.limits.of(row.limits))
        recorder = Recorder(
            self._journal, row.id, row.error_count, row.last_error, quota=quota, tally=tally
        )
        feed = Feed(row, self._outbox, self._store, self._journal)
        config = effective_config(row.manifest, saved.values)
        again = RedeliveryQueue(row.id, self._outbox, self._store)
        runner = PluginRunner(row, config, feed, recorder, self._tools, again=again)
        self._running[row.id] = runner
        start = partial(self._nursery.start_soon, name=f"plugin {row.id}")
        self._surroundings.copy().run(start, self._run, runner)

    def forbids(self, row: PluginRow) -> str | None:
        """Return why a plugin must not run: the operator's word, or its admin's."""
        if row.report.program is not None and not self.native:
            return SWITCHED_OFF
        return row.description.obstacle(row.withheld)

    def let_native(self, *, allowed: bool) -> None:
        """Say whether native plugins may run: at once those that do are stopped, or start again."""
        if allowed == self.native:
            return
        self.native = allowed
        for row in self._installed.rows():
            if row.enabled and row.report.program is not None:
                self._nursery.start_soon(self._follow, row.id)

    async def _follow(self, plugin_id: str) -> None:
        """Let a plugin run or not, as the setting says by now."""
        try:
            async with self._installed.lock(plugin_id):
                row = self._installed.find(plugin_id)
                if row is None or not row.enabled:
                    return
                with self.held(plugin_id):
                    if self.forbids(row) is not None:
                        await self.stop(plugin_id)
                    self.start(row)
                reason = self.obstacle(plugin_id)
        except Exception as exc:
            log.error("setting_not_followed", plugin=plugin_id, error=str(exc))
            return
        if reason is not None:
            await self._report(plugin_id, reason)

    async def report_obstacles(self) -> None:
        """Tell the admins which enabled plugins do not run: nobody looks when a server starts."""
        for plugin_id, reason in list(self._obstacles.items()):
            await self._report(plugin_id, reason)

    async def _report(self, plugin_id: str, reason: str) -> None:
        try:
            name = self._installed.row(plugin_id).manifest.name
            await self._tell(plugin_id, f"The plugin {name} is not running", [f"{reason}."])
        except Exception as exc:
            log.error("admins_not_told", plugin=plugin_id, error=str(exc))

    async def stop(self, plugin_id: str) -> None:
        """Let a plugin finish what runs, and end its process; it stays enabled."""
        runner = self._running.get(plugin_id)
        try:
            await self._end(plugin_id)
        finally:
            # Also where the database failed: its process is gone all the same.
            if runner is not None and runner.has_ended:
                self._running.pop(plugin_id, None)

    async def switch_off(self, plugin_id: str, reason: str | None, record: AuditWriter) -> None:
        """Stop a plugin and record it as switched off, and what still waited as dropped."""
        with self.held(plugin_id):
            await self.stop(plugin_id)
            await self._journal.flush()
            await self._installed.refresh(plugin_id)
            row = self._installed.row(plugin_id)
            waiting = await self._waiting(row)
            await self._store.disable(
                row,
                reason,
                waiting,
                self._journal.new_delivery,
                record=record,
                changes={"reason": reason} if reason else {},
            )
            await self._installed.refresh(plugin_id)

    async def _end(self, plugin_id: str) -> None:
        self._obstacles.pop(plugin_id, None)
        runner = self._running.get(plugin_id)
        if runner is None:
            return
        await runner.stop()
        await self._journal.flush()
        if not runner.workload.interrupted:
            # Nothing is in flight: what was claimed and has no result was never begun.
            await self._store.release(plugin_id)

    async def drain(self) -> None:
        """Stop every plugin; what waits stays in the outbox."""
        async with trio.open_nursery() as nursery:
            for plugin_id in list(self._running):
                nursery.start_soon(self.stop, plugin_id)
        await self._journal.flush()

    async def _run(self, runner: PluginRunner) -> None:
        """Run one plugin; nothing that happens in there ends the others."""
        plugin_id = runner.row.id
        try:
            reason = await runner.run()
        except Exception as exc:
            log.exception("runner_broken", plugin=plugin_id)
            reason = f"the supervisor could not run it: {exc}"
        try:
            if reason is not None:
                await self._give_up(runner, reason)
        except Exception as exc:
            # The database cannot be written just now. It stays off until the next start.
            log.error("plugin_not_switched_off", plugin=plugin_id, error=str(exc))
            self._obstacles[plugin_id] = reason or ""
        finally:
            if self._running.get(plugin_id) is runner:
                del self._running[plugin_id]

    async def _give_up(self, runner: PluginRunner, reason: str) -> None:
        """Disable a plugin that cannot go on, and tell the admins."""
        plugin_id = runner.row.id
        async with self._installed.lock(plugin_id):
            if self._running.get(plugin_id) is not runner:
                return  # an admin was quicker
            log.warning("plugin_switched_off", plugin=plugin_id, reason=reason)
            record = self._audit.stamp(audit.SUPERVISOR, audit.SWITCHED_OFF, plugin_id)
            await self.switch_off(plugin_id, reason, record)
        title = f"The plugin {runner.row.manifest.name} was disabled"
        await self._tell(plugin_id, title, [f"{reason}.", *runner.recorder.latest_errors])

    async def _tell(self, plugin_id: str, title: str, lines: Sequence[str]) -> None:
        body = "\n".join(lines)[:_LONGEST_NOTICE]
        await self._notices.tell_admins(title, body, f"/admin/plugins/{plugin_id}")

    async def _waiting(self, row: PluginRow) -> list[OutboxEvent]:
        """Return the events that a plugin subscribed to and will not get, as it is switched off."""
        waiting: list[OutboxEvent] = []
        seq = row.settled_seq
        recorded = await self._store.recorded_behind(row.id, row.settled_seq)
        while page := await self._outbox.read_after(seq, _PAGE):
            seq = page[-1].seq
            waiting += [
                event
                for event in page
                if event.seq not in recorded and is_for(event, row.id, row.subscriptions)
            ]
        return waiting

"""Context of every change of a plugin, and the promise to complete each one that began.

A browser that goes away in the middle leaves nothing half done. Must not know which changes there
are.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import structlog
import trio

from supervisor.delivery.journal import Journal
from supervisor.delivery.runners import Runners
from supervisor.errors import NotFinished
from supervisor.plugins.limits import LimitsInForce
from supervisor.plugins.module_files import ModuleFiles
from supervisor.plugins.registry import PluginRegistry
from supervisor.plugins.signatures import SignatureRules
from supervisor.ports import AuditLog, Outbox
from supervisor.store.plugin_store import PluginStore
from supervisor.store.plugins import PluginRow
from supervisor.views import PluginView

_PATIENCE_S = 10.0
"""Beyond the time that a plugin has to finish what it does."""

log = structlog.get_logger("supervisor.changing")


@dataclass(slots=True)
class ChangeContext:
    """The parts that changes are made with, of one supervisor."""

    installed: PluginRegistry
    runners: Runners
    journal: Journal
    shelf: ModuleFiles
    store: PluginStore
    outbox: Outbox
    audit: AuditLog
    limits: LimitsInForce
    view: Callable[[PluginRow], PluginView]
    """Takes the snapshot that whoever made the change is shown."""
    signatures: Callable[[], SignatureRules]
    """The operator's rules as they are now."""
    drop_data: Callable[[str], Awaitable[None]]
    """Deletes the database of a plugin that was uninstalled."""
    forget: Callable[[str], None]
    """Drops what is remembered of a plugin that was uninstalled."""

    async def write(self, plugin_id: str, change: Awaitable[None]) -> None:
        """Wait for a change of the store, and make it known; the caller holds the plugin's lock.

        Raises NotFinished where it is durable and not known; anything else means that nothing was
        changed.
        """
        await change
        try:
            await self.installed.refresh(plugin_id)
        except Exception as exc:
            raise NotFinished(plugin_id, None) from exc

    @asynccontextmanager
    async def stopped(self, plugin_id: str) -> AsyncIterator[None]:
        """Stop a plugin for the length of the block; what is in flight finishes first.

        However the block ends, and the stop itself: behind it the plugin runs again, if it is there
        and enabled.
        """
        with self.runners.held(plugin_id):
            try:
                await self.runners.stop(plugin_id)
                yield
            finally:
                await self.resume(plugin_id)

    async def resume(self, plugin_id: str) -> None:
        """Run a plugin as the database has it, where it is enabled and does not run."""
        try:
            with trio.CancelScope(shield=True) as scope:
                scope.deadline = trio.current_time() + _PATIENCE_S
                await self.installed.refresh(plugin_id)
        except Exception as exc:
            log.error("plugin_not_read", plugin=plugin_id, error=str(exc))
        row = self.installed.find(plugin_id)
        if row is not None and row.enabled:
            self.runners.start(row)

    @contextmanager
    def carried_through(self, plugin_id: str) -> Iterator[None]:
        """Let a change come to its end although its caller gives up; raises NotFinished."""
        patience = self._deadline_s(plugin_id) + _PATIENCE_S
        with trio.CancelScope(shield=True) as scope:
            scope.deadline = trio.current_time() + patience
            yield
        if scope.cancelled_caught:
            raise NotFinished(plugin_id, patience)

    def _deadline_s(self, plugin_id: str) -> float:
        """Return how long a plugin may take to finish what it does."""
        runner, row = self.runners.get(plugin_id), self.installed.find(plugin_id)
        limits = runner.limits if runner else self.limits.of(row.limits if row else {})
        return limits.deadline_s

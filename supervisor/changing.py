"""What every change of a plugin needs, and the promise that one that was begun is carried through.

A browser that goes away in the middle leaves nothing half done. Must not know which changes there
are.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import trio

from supervisor.delivery.journal import Journal
from supervisor.errors import NotFinished
from supervisor.installed import Installed
from supervisor.limits import Limits
from supervisor.modules.shelf import Shelf
from supervisor.ports import AuditLog, Database, Outbox
from supervisor.runners import Runners
from supervisor.secrets import SecretBox

_PATIENCE_S = 10.0
"""Beyond the time that a plugin has to finish what it does."""


@dataclass(slots=True)
class Changing:
    """The parts that changes are made with, of one supervisor."""

    installed: Installed
    runners: Runners
    journal: Journal
    shelf: Shelf
    database: Database
    outbox: Outbox
    box: SecretBox
    audit: AuditLog
    limits: Limits

    async def write(self, plugin_id: str, job: Callable[[sqlite3.Connection], None]) -> None:
        """Make a change durable, and then known; the caller holds the plugin's lock."""
        await self.database.write(job)
        await self.installed.refresh(plugin_id)

    @contextmanager
    def carried_through(self, plugin_id: str) -> Iterator[None]:
        """Let a change come to its end although its caller gives up; raises NotFinished."""
        patience = self.limits.deadline_s + _PATIENCE_S
        with trio.CancelScope(shield=True) as scope:
            scope.deadline = trio.current_time() + patience
            yield
        if scope.cancelled_caught:
            raise NotFinished(plugin_id, patience)

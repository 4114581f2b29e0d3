"""Running plugins: each one's place in the outbox, and what is to be delivered once more.

Each method returns once what it wrote is durable.
"""

import sqlite3
from collections.abc import Callable, Mapping, Sequence

from supervisor.ports import AuditWriter, Database, OutboxEvent
from supervisor.store import places, redeliveries
from supervisor.store.plugins import PluginRow
from supervisor.store.records import recorded_behind
from supervisor.store.redeliveries import Entry


class RunningStore:
    """See the module."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def enable(
        self, plugin_id: str, seq: int, record: AuditWriter, changes: Mapping[str, object]
    ) -> None:
        """Enable a plugin; it gets the events that come after ``seq``."""

        def job(db: sqlite3.Connection) -> None:
            places.enable(db, plugin_id, seq)
            record(db, changes)

        await self._database.write(job)

    async def disable(
        self,
        row: PluginRow,
        reason: str | None,
        waiting: Sequence[OutboxEvent],
        new_delivery: Callable[[], int],
        *,
        record: AuditWriter,
        changes: Mapping[str, object],
    ) -> None:
        """Disable a plugin; the events that still waited for it are recorded as dropped."""

        def job(db: sqlite3.Connection) -> None:
            places.disable(db, row, reason, waiting, new_delivery)
            record(db, changes)

        await self._database.write(job)

    async def release(self, plugin_id: str) -> None:
        """Record that nothing is in flight."""
        await self._database.write(lambda db: places.release(db, plugin_id))

    async def claim(self, plugin_id: str, seq: int) -> None:
        """Record, before anything is sent, that events up to ``seq`` may have been."""
        await self._database.write(lambda db: places.claim(db, plugin_id, seq))

    async def mark_redelivered(self, plugin_id: str, seq: int) -> None:
        """Record, before it is sent a second time, which event was in flight at a crash."""
        await self._database.write(lambda db: places.mark_redelivered(db, plugin_id, seq))

    async def recorded_behind(self, plugin_id: str, seq: int) -> frozenset[int]:
        """Return which events behind ``seq`` a plugin's deliveries are recorded of."""
        return await self._database.read(lambda db: recorded_behind(db, plugin_id, seq))

    async def settled_everywhere(self) -> int | None:
        """Return up to which event every enabled plugin has its results; None without a plugin.

        A plugin that is switched off gets only what comes after it is switched on again. An event
        that is to be delivered again has not got its result either.
        """
        return await self._database.read(places.settled_everywhere)

    async def queue_again(
        self,
        plugin_id: str,
        delivery_ids: Sequence[int],
        actor: str,
        *,
        record: AuditWriter,
        changes: Callable[[Sequence[Entry]], Mapping[str, object]],
    ) -> list[Entry]:
        """Queue the events of deliveries; return the new entries, recorded where there are any."""

        def job(db: sqlite3.Connection) -> list[Entry]:
            entries = redeliveries.queue(db, plugin_id, delivery_ids, actor)
            if entries:
                record(db, changes(entries))
            return entries

        return await self._database.write(job)

    async def take_up(self, plugin_id: str) -> tuple[list[Entry], list[Entry]]:
        """Return what waits to be delivered again, and what must not be tried again."""
        return await self._database.write(lambda db: redeliveries.take_up(db, plugin_id))

    async def send_out(self, number: int) -> None:
        """Record, before it is sent, that an entry may have been."""
        await self._database.write(lambda db: redeliveries.send_out(db, number))

"""Deliveries, log lines, requests and figures of plugins: written in batches, read in pages."""

import sqlite3
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from supervisor.ports import Database
from supervisor.store import deliveries, history, ledger, plugin_log
from supervisor.store.deliveries import FoundDelivery
from supervisor.store.history import Step
from supervisor.store.records import Batch, newest_delivery, prune_some, write_batch
from supervisor.views import DeliveryFilter, DeliveryView, EgressEntry, EgressFilter, LogLine


class RecordStore:
    """See the module."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def newest_delivery(self) -> int:
        """Return the greatest id in the delivery log, 0 for an empty one."""
        return await self._database.read(newest_delivery)

    async def write(self, batch: Batch) -> None:
        """Record a batch in one transaction."""
        await self._database.write(lambda db: write_batch(db, batch))

    async def prune(self, table: str, before: datetime) -> int:
        """Delete some rows of a table that are older; return how many, 0 where none is left."""
        return await self._database.write(lambda db: prune_some(db, table, before))

    async def beat(self) -> None:
        """Write one row, to see whether the database can be written."""

        def job(db: sqlite3.Connection) -> None:
            db.execute("INSERT OR REPLACE INTO heartbeat VALUES (1, ?)", (int(time.time()),))

        await self._database.write(job)

    async def deliveries(
        self, plugin_id: str, wanted: DeliveryFilter, *, limit: int, before: int
    ) -> list[DeliveryView]:
        """Return the newest deliveries of a plugin with an id below ``before``."""
        return await self._database.read(
            lambda db: deliveries.find_deliveries(db, plugin_id, wanted, limit=limit, before=before)
        )

    async def delivery(self, plugin_id: str, delivery_id: int) -> FoundDelivery | None:
        """Return one delivery, None where there is none."""
        return await self._database.read(
            lambda db: deliveries.find_delivery(db, plugin_id, delivery_id)
        )

    async def lines(
        self, plugin_id: str | None, levels: Sequence[str], *, after: int | None, limit: int
    ) -> list[LogLine]:
        """Return the newest log lines, or those that follow ``after``; oldest first either way."""
        return await self._database.read(
            lambda db: plugin_log.find_lines(db, plugin_id, levels, after=after, limit=limit)
        )

    async def refusals(self, plugin_id: str) -> Sequence[tuple[str, int, int]]:
        """Return the reasons of refused calls: text, how often, and when last; newest first."""
        return await self._database.read(lambda db: plugin_log.refusals(db, plugin_id))

    async def newest_line(self, plugin_id: str | None) -> int:
        """Return the id of the newest log line, 0 where there is none."""
        return await self._database.read(lambda db: plugin_log.newest_line(db, plugin_id))

    async def lines_of_delivery(
        self, plugin_id: str, found: FoundDelivery, limit: int
    ) -> list[LogLine]:
        """Return the first lines that were written during a delivery."""
        return await self._database.read(
            lambda db: plugin_log.lines_of_delivery(db, plugin_id, found, limit)
        )

    async def requests(
        self, wanted: EgressFilter, *, limit: int, offset: int
    ) -> tuple[Sequence[EgressEntry], int]:
        """Return entries of the egress log, newest first, and how many there are in all."""
        return await self._database.read(
            lambda db: ledger.find_entries(db, wanted, limit=limit, offset=offset)
        )

    async def requests_before(
        self, wanted: EgressFilter, *, before: int | None, limit: int
    ) -> list[EgressEntry]:
        """Return the newest entries below the id ``before``: a piece of an export."""
        return await self._database.read(
            lambda db: ledger.entries_before(db, wanted, before=before, limit=limit)
        )

    async def save_steps(self, steps: Iterable[tuple[str, int, Step]], minute: int) -> None:
        """Write minutes of plugins, in the place of what was written of them before."""
        await self._database.write(lambda db: history.save_steps(db, steps, minute))

    async def steps_since(self, minute: int) -> dict[str, dict[int, Step]]:
        """Return the minutes of every plugin from ``minute`` on."""
        return await self._database.read(lambda db: history.steps_since(db, minute))

    async def steps_of(self, plugin_id: str, minute: int) -> dict[int, Step]:
        """Return the minutes of one plugin from ``minute`` on."""
        return await self._database.read(lambda db: history.steps_of(db, plugin_id, minute))

    async def errors_since(self, minute: int) -> Mapping[str, Mapping[int, int]]:
        """Return, of every plugin, the minutes that have errors, and how many."""
        return await self._database.read(lambda db: history.errors_since(db, minute))

"""Writes results and log lines behind the deliveries' backs, in batches.

Nothing on the event path waits for a write. While one batch is written the next one gathers, so
that batches are as large as the disk is slow. A write that fails is tried again; the runners stop
feeding when too much waits.
"""

import structlog
import trio

from supervisor.ports import Database
from supervisor.store.records import Batch, DeliveryRow, LogRow, write_batch

_FULL = 20_000
_RETRY_S = 1.0

log = structlog.get_logger("supervisor.journal")


class Journal:
    """Owned by the supervisor's nursery, which runs :meth:`run`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._batch = _new_batch()
        self._something = trio.Event()
        self._written = trio.Condition()
        self._added = 0
        self._done = 0

    def delivery(self, row: DeliveryRow) -> None:
        """Record a delivery, and that the plugin has settled everything up to its event."""
        self._batch.deliveries.append(row)
        self._batch.settled[row[0]] = row[1]
        self._note()

    def settled(self, plugin_id: str, seq: int) -> None:
        """Record that nothing up to ``seq`` waits for the plugin any more."""
        self._batch.settled[plugin_id] = seq
        self._note()

    def error(self, plugin_id: str, text: str) -> None:
        """Count an error of a plugin."""
        count, _ = self._batch.errors.get(plugin_id, (0, ""))
        self._batch.errors[plugin_id] = (count + 1, text)
        self._note()

    def line(self, row: LogRow) -> None:
        """Record a log line."""
        self._batch.logs.append(row)
        self._note()

    async def room(self) -> None:
        """Wait while more is unwritten than memory should hold."""
        async with self._written:
            while self._added - self._done > _FULL:
                await self._written.wait()

    async def flush(self) -> None:
        """Wait until everything that has been noted so far is durable."""
        until = self._added
        async with self._written:
            while self._done < until:
                await self._written.wait()

    async def run(self) -> None:
        """Write for ever."""
        while True:
            await self._something.wait()
            batch, upto = self._take()
            await self._write(batch)
            async with self._written:
                self._done = upto
                self._written.notify_all()

    def _take(self) -> tuple[Batch, int]:
        batch, self._batch = self._batch, _new_batch()
        self._something = trio.Event()
        return batch, self._added

    async def _write(self, batch: Batch) -> None:
        while True:
            try:
                await self._database.write(lambda db: write_batch(db, batch))
            except Exception as exc:
                # Whatever the disk does, no result is lost.
                log.error("journal_not_written", error=f"{type(exc).__name__}: {exc}")
                await trio.sleep(_RETRY_S)
            else:
                return

    def _note(self) -> None:
        self._added += 1
        self._something.set()


def _new_batch() -> Batch:
    return Batch(deliveries=[], logs=[], settled={}, errors={})

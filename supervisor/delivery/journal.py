"""Writes results and log lines behind the deliveries' backs, in batches.

Nothing on the event path waits for a write. While one batch is written the next one gathers, so
that batches are as large as the disk is slow. A write that fails is tried again, so that a full
disk or a locked database costs time and no result; whoever feeds children waits for :meth:`room`.
"""

import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TypeVar

import structlog
import trio

from supervisor.calls.ledger import EgressAccount
from supervisor.process.conversation import AnyWork
from supervisor.store.deliveries import DeliveryRow
from supervisor.store.ledger import EgressRow
from supervisor.store.plugin_log import LogRow
from supervisor.store.recorded import RecordStore
from supervisor.store.records import Batch

MOST_WAITING_BYTES = 32 << 20
"""Of unwritten rows, beyond which no child is given more work."""
MOST_UNRECORDED = 1_000_000
"""More deliveries than a crash can leave unrecorded."""
RETRY_S = 1.0
T = TypeVar("T")
_ROW_BYTES = 400

log = structlog.get_logger("supervisor.journal")


async def surely(write: Callable[[], Awaitable[T]]) -> T:
    """Write, and try again for as long as the database cannot; ends early only by cancellation."""
    while True:
        try:
            return await write()
        except Exception as exc:
            log.error("database_not_written", error=f"{type(exc).__name__}: {exc}")
            await trio.sleep(RETRY_S)


@dataclass(frozen=True, slots=True)
class JournalStatistics:
    """Results waiting to be written."""

    rows: int
    bytes: int
    oldest_s: float
    """Age of the oldest one, at most."""


class Journal:
    """Owned by the supervisor's nursery, which runs :meth:`run`."""

    def __init__(self, store: RecordStore) -> None:
        self._store = store
        self._batch = _new_batch()
        self._something = trio.Event()
        self._written = trio.Condition()
        self._added = 0
        self._done = 0
        self._bytes = 0
        self._ids = count(int(time.time() * 1000))
        """Ids of deliveries. What a crash left unrecorded had ids too, which are not given
        again: they begin at the time of the start, in milliseconds, or well behind the last one
        where the clock stepped back."""
        self._lines: Counter[str | None] = Counter()
        self._more_lines = trio.Event()
        self._waiting_since: float | None = None
        """When what is being written, or else what waits, began to wait."""

    async def load(self) -> None:
        """Find out which ids are taken, before the first delivery."""
        newest = await self._store.newest_delivery()
        self._ids = count(max(next(self._ids), newest + MOST_UNRECORDED))

    def new_delivery(self) -> int:
        """Return an id for a delivery that begins now; any thread may ask."""
        return next(self._ids)

    def delivery(self, row: DeliveryRow, settled: int | None, entry: int | None = None) -> None:
        """Record a delivery, and that every event of the plugin up to ``settled`` has a result.

        ``entry``: the redelivery that is done with it.
        """
        self._batch.deliveries.append(row)
        if settled is not None:
            self._batch.settled[row.plugin_id] = settled
        if entry is not None:
            self._batch.again.append(entry)
        self._note(len(row.error or "") + len(row.host_calls or ""))

    def settled(self, plugin_id: str, seq: int) -> None:
        """Record that nothing up to ``seq`` waits for the plugin any more."""
        self._batch.settled[plugin_id] = seq
        self._note(0)

    def error(self, plugin_id: str, text: str) -> None:
        """Count an error of a plugin."""
        count, _ = self._batch.errors.get(plugin_id, (0, ""))
        self._batch.errors[plugin_id] = (count + 1, text)
        self._note(0)

    def line(self, row: LogRow) -> None:
        """Record a log line."""
        self._batch.logs.append(row)
        self._note(len(row.message))

    def egress(self, row: EgressRow) -> None:
        """Record a request of a plugin in the egress log."""
        self._batch.egress.append(row)
        self._note(len(row.path))

    def statistics(self) -> JournalStatistics:
        """Return what waits to be written."""
        since = self._waiting_since
        return JournalStatistics(
            rows=self._added - self._done,
            bytes=self._bytes,
            oldest_s=0.0 if since is None else trio.current_time() - since,
        )

    async def room(self) -> None:
        """Wait while more is unwritten than memory should hold."""
        if self._bytes > MOST_WAITING_BYTES:
            async with self._written:
                while self._bytes > MOST_WAITING_BYTES:
                    await self._written.wait()

    async def flush(self) -> None:
        """Wait until everything that has been noted so far is durable."""
        until = self._added
        async with self._written:
            while self._done < until:
                await self._written.wait()

    def lines_of(self, plugin_id: str | None) -> int:
        """Return how many lines of a plugin, or of all, have been written since the start."""
        return self._lines[plugin_id]

    async def wait_lines(self, plugin_id: str | None, seen: int) -> None:
        """Return once more than ``seen`` lines of a plugin, or of all, have been written."""
        await trio.lowlevel.checkpoint_if_cancelled()
        while self._lines[plugin_id] <= seen:
            await self._more_lines.wait()

    async def run(self) -> None:
        """Write forever."""
        while True:
            await self._something.wait()
            batch, upto, size = self._batch, self._added, self._bytes
            self._batch, self._something = _new_batch(), trio.Event()
            taken = trio.current_time()
            await surely(partial(self._store.write, batch))
            async with self._written:
                self._done = upto
                self._bytes -= size
                self._waiting_since = taken if self._something.is_set() else None
                self._written.notify_all()
            if batch.logs:
                self._count(batch.logs)

    def _count(self, lines: Sequence[LogRow]) -> None:
        self._lines.update(line.plugin_id for line in lines)
        self._lines[None] += len(lines)
        self._more_lines.set()
        self._more_lines = trio.Event()

    def _note(self, size: int) -> None:
        self._added += 1
        self._bytes += _ROW_BYTES + size
        if self._waiting_since is None:
            self._waiting_since = trio.current_time()
        self._something.set()


def _new_batch() -> Batch:
    return Batch(deliveries=[], logs=[], settled={}, errors={})


class JournalLedger:
    """Writes accounts of requests with everything else that the journal writes."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.counts: Counter[tuple[str, str]] = Counter()
        """Requests since the start, by plugin and outcome."""

    def note(self, account: EgressAccount, work: AnyWork) -> None:
        """Keep an account; never waits."""
        self.counts[account.plugin_id, account.outcome.value] += 1
        self._journal.egress(
            EgressRow(
                at=int((time.time() - account.duration_s) * 1000),
                plugin_id=account.plugin_id,
                event_id=work.event_id,
                outcome=account.outcome.value,
                host=account.host,
                address=account.address,
                method=account.method,
                path=account.path,
                status=account.status,
                sent_bytes=account.sent_bytes,
                received_bytes=account.received_bytes,
                duration_us=int(account.duration_s * 1e6),
                detail=account.detail,
            )
        )

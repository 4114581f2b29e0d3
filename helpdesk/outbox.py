"""The outbox: the durable, ordered list of events, and who waits for the next one.

Owns the ``events`` table. An event is appended in the transaction of the change that it tells of,
so there is never one without the other. After each commit the writer thread reads what is new and
hands it over; the newest events are kept in memory, bounded in bytes, so that whoever keeps up
never touches the disk. Must not know who is subscribed to what.
"""

import bisect
import operator
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import trio

from helpdesk.clock import rfc3339
from helpdesk.storage import sql
from helpdesk.storage.database import Database

RECENT_BYTES = 8 * 1024 * 1024
_OBJECT_BYTES = 512
"""Memory of an event in addition to its body: other fields, and the objects that hold them."""
PRUNE_CHUNK = 1_000
"""Events deleted in one transaction: pruning must not hold up the writer."""

_COLUMNS = "seq, id, type, ticket_id, origin, depth, cause, body"
_seq_of = operator.attrgetter("seq")


@dataclass(frozen=True, slots=True)
class OutboxEvent:
    """One event as it was written, in the transaction of the change that it tells of."""

    seq: int
    """Position in the outbox: grows by commit order, never reused."""
    id: str
    type: str
    ticket_id: str
    origin: str | None
    """Id of the plugin whose host call caused the change; None for a person or a job."""
    depth: int
    """Length of the chain of plugin causes that led here; 0 for a person or a job."""
    cause: str | None
    """What began the chain, as the plugin host named it; None for a person or a job."""
    body: bytes
    """The payload, a JSON object in UTF-8 without its ``config`` member."""


class _Recent:
    """The newest events, at most so many bytes of them, without a gap."""

    def __init__(self, after: int, most_bytes: int) -> None:
        self.after = after
        """Every event behind this position is here."""
        self._events: list[OutboxEvent] = []
        self._bytes = 0
        self._most_bytes = most_bytes

    def add(self, events: Sequence[OutboxEvent]) -> None:
        self._events.extend(events)
        self._bytes += sum(_size(event) for event in events)
        surplus = 0
        while self._bytes > self._most_bytes:
            self._bytes -= _size(self._events[surplus])
            self.after = self._events[surplus].seq
            surplus += 1
        del self._events[:surplus]

    def behind(self, seq: int, limit: int) -> Sequence[OutboxEvent]:
        first = bisect.bisect_right(self._events, seq, key=_seq_of)
        return self._events[first : first + limit]


def _size(event: OutboxEvent) -> int:
    return len(event.body) + _OBJECT_BYTES


class Outbox:
    """Reads the list of events and waits for it to grow."""

    def __init__(self, database: Database, last: int, recent_bytes: int) -> None:
        self._database = database
        self._last = last
        self._recent = _Recent(last, recent_bytes)
        self._waiters = trio.lowlevel.ParkingLot()
        self._observed = last
        """Of the writer thread alone: the newest event that it has seen."""

    @classmethod
    async def open(cls, database: Database, *, recent_bytes: int = RECENT_BYTES) -> "Outbox":
        """Begin to follow the outbox of ``database``."""
        outbox = cls(database, await database.read(_last_seq), recent_bytes)
        database.observe_commits(outbox._observe)
        return outbox

    async def read_after(self, seq: int, limit: int) -> Sequence[OutboxEvent]:
        """Return at most ``limit`` events behind ``seq``, in order."""
        if seq >= self._recent.after:
            return self._recent.behind(seq, limit)
        query = f"SELECT {_COLUMNS} FROM events WHERE seq > ? ORDER BY seq LIMIT ?"  # noqa: S608
        return await self._database.read(
            lambda c: [OutboxEvent(*row) for row in c.execute(query, (seq, limit))]
        )

    async def read_one(self, seq: int) -> OutboxEvent | None:
        """Return one event, None where there is none or it has been deleted."""
        found = await self.read_after(seq - 1, 1)
        return found[0] if found and found[0].seq == seq else None

    async def last_seq(self) -> int:
        """Return the position of the newest event, 0 where there never was one."""
        return self._last

    async def wait_beyond(self, seq: int) -> None:
        """Return once an event behind ``seq`` has been committed."""
        await trio.lowlevel.checkpoint_if_cancelled()
        while self._last <= seq:
            await self._waiters.park()

    async def prune(self, *, before_seq: int, older_than: datetime) -> int:
        """Delete events before ``before_seq`` that are older than a time; return how many.

        The caller says how far every subscriber has come: what lies before that is history.
        """
        query = (
            "DELETE FROM events WHERE seq IN (SELECT seq FROM events"
            " WHERE seq < ? AND occurred_at < ? ORDER BY seq LIMIT ?)"
        )
        values = (before_seq, rfc3339(older_than), PRUNE_CHUNK)
        total = 0
        while count := await self._database.write(lambda c: c.execute(query, values).rowcount):
            total += count
        return total

    def _observe(self, connection: sqlite3.Connection) -> Callable[[], None] | None:
        query = f"SELECT {_COLUMNS} FROM events WHERE seq > ? ORDER BY seq"  # noqa: S608
        events = [OutboxEvent(*row) for row in connection.execute(query, (self._observed,))]
        if not events:
            return None
        self._observed = events[-1].seq
        return lambda: self._publish(events)

    def _publish(self, events: Sequence[OutboxEvent]) -> None:
        self._recent.add(events)
        self._last = events[-1].seq
        self._waiters.unpark_all()


def append(
    connection: sqlite3.Connection,
    *,
    event_id: str,
    event_type: str,
    ticket_id: str,
    occurred_at: datetime,
    origin: str | None,
    depth: int,
    cause: str | None,
    body: bytes,
) -> None:
    """Write one event within the transaction of its change."""
    connection.execute(
        "INSERT INTO events (id, type, ticket_id, occurred_at, origin, depth, cause, body)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (event_id, event_type, ticket_id, rfc3339(occurred_at), origin, depth, cause, body),
    )


def _last_seq(connection: sqlite3.Connection) -> int:
    # Not max(seq): pruning may have emptied the table, and positions are never given twice.
    query = "SELECT seq FROM sqlite_sequence WHERE name = 'events'"
    return int(sql.scalar(connection, query) or 0)

"""Rows of what admins want delivered once more, until it has its result.

An entry is removed in the transaction that records its result, so that it is never lost and never
done twice by itself. ``out`` is set before it is sent: one that is still set when a server starts
was in flight when the last one was killed, and counts as ``tried``. Every function runs in a
database job.
"""

import sqlite3
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from supervisor.store.sql import Values, rows

MOST_TRIES = 2
"""An entry during which the server was killed so often is given up."""
_COLUMNS = "id AS number, event_seq AS seq, event_id AS id, event AS type, ticket_id"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event that a plugin is to get again; fits where an outbox event without body does."""

    number: int
    """Of the entry."""
    seq: int
    id: str
    """Of the event."""
    type: str
    ticket_id: str
    origin: str | None = None
    depth: int = 0
    cause: str | None = None
    body: bytes = b"{}"


def queue(
    db: sqlite3.Connection, plugin_id: str, delivery_ids: Iterable[int], actor: str
) -> list[Entry]:
    """Queue the events of deliveries; return the new entries, without those that wait already."""
    query = (
        "INSERT INTO redeliveries (plugin_id, event_seq, event_id, event, ticket_id, asked_at,"  # noqa: S608
        " asked_by) SELECT plugin_id, event_seq, event_id, event, ticket_id, ?, ?"
        " FROM deliveries WHERE id = ? AND plugin_id = ?"
        f" ON CONFLICT (plugin_id, event_seq) DO NOTHING RETURNING {_COLUMNS}"
    )
    now = int(time.time() * 1000)
    entries = []
    for delivery_id in delivery_ids:
        entries += _entries(db, query, (now, actor, delivery_id, plugin_id))
    return entries


def take_up(db: sqlite3.Connection, plugin_id: str) -> tuple[list[Entry], list[Entry]]:
    """Return what waits, and what must not be tried again; at the start of a plugin's run."""
    db.execute(
        "UPDATE redeliveries SET tried = tried + 1, out = 0 WHERE plugin_id = ? AND out",
        (plugin_id,),
    )
    query = f"SELECT {_COLUMNS} FROM redeliveries WHERE plugin_id = ? AND tried"  # noqa: S608
    values = (plugin_id, MOST_TRIES)
    order = "ORDER BY redeliveries.id"
    return (
        _entries(db, f"{query} < ? {order}", values),
        _entries(db, f"{query} >= ? {order}", values),
    )


def send_out(db: sqlite3.Connection, number: int) -> None:
    """Record, before it is sent, that an entry may have been."""
    db.execute("UPDATE redeliveries SET out = 1 WHERE id = ?", (number,))


def release(db: sqlite3.Connection, plugin_id: str) -> None:
    """Record that nothing is in flight."""
    db.execute("UPDATE redeliveries SET out = 0 WHERE plugin_id = ?", (plugin_id,))


def finish(db: sqlite3.Connection, numbers: Sequence[int]) -> None:
    """Remove entries that have their result."""
    db.executemany("DELETE FROM redeliveries WHERE id = ?", [(number,) for number in numbers])


def remove_all(db: sqlite3.Connection, plugin_id: str) -> list[Entry]:
    """Remove and return everything that waits for a plugin."""
    query = f"DELETE FROM redeliveries WHERE plugin_id = ? RETURNING {_COLUMNS}"  # noqa: S608
    return sorted(_entries(db, query, (plugin_id,)), key=lambda entry: entry.number)


def _entries(db: sqlite3.Connection, query: str, values: Values) -> list[Entry]:
    return [Entry(**dict(row)) for row in rows(db, query, values)]

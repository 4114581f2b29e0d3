"""What of the supervisor's records is old enough to go, deleted a little at a time.

Rows come in the order of time, so that the oldest stand first: each transaction looks at the first
thousand and deletes those that are too old, and pruning ends where none of them is. The writer is
never held up for longer than that. Must not know who decides how long things are kept.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from supervisor.ports import Database

CHUNK = 1_000
"""Rows in one transaction."""

_TIMES: Mapping[str, str] = {
    "deliveries": "started_at",
    "plugin_logs": "at",
    "egress_ledger": "at",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """From when on records are kept."""

    deliveries: datetime
    plugin_logs: datetime
    egress_ledger: datetime


async def prune_records(database: Database, kept: Kept) -> dict[str, int]:
    """Delete what is older than it is kept; return how many rows of each table."""
    return {
        "deliveries": await _prune(database, "deliveries", kept.deliveries),
        "plugin_logs": await _prune(database, "plugin_logs", kept.plugin_logs),
        "egress_ledger": await _prune(database, "egress_ledger", kept.egress_ledger),
    }


async def settled_everywhere(database: Database) -> int | None:
    """Return up to which event every enabled plugin has its results; None where none is enabled.

    A plugin that is switched off gets only what comes after it is switched on again. An event that
    is to be delivered again has not got its result either.
    """
    query = (
        "SELECT min(seq) FROM (SELECT settled_seq AS seq FROM plugins WHERE enabled"
        " UNION ALL SELECT event_seq - 1 FROM redeliveries)"
    )
    return await database.read(lambda db: db.execute(query).fetchone()[0])


async def _prune(database: Database, table: str, before: datetime) -> int:
    total = 0
    while count := await database.write(lambda db: _prune_some(db, table, before)):
        total += count
    return total


def _prune_some(db: sqlite3.Connection, table: str, before: datetime) -> int:
    time = _TIMES[table]
    return db.execute(
        f"DELETE FROM {table} WHERE id IN (SELECT id FROM "  # noqa: S608 - our own names
        f"(SELECT id, {time} AS at FROM {table} ORDER BY id LIMIT ?) WHERE at < ?)",
        (CHUNK, int(before.timestamp() * 1000)),
    ).rowcount

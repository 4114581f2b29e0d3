"""Rows of deliveries, log lines and requests, written in batches.

``deliveries``, ``plugin_log`` and ``ledger`` read them.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from supervisor.store.deliveries import DeliveryRow
from supervisor.store.ledger import EgressRow
from supervisor.store.plugin_log import LogRow
from supervisor.store.redeliveries import finish
from supervisor.store.sql import insertion, scalar

LOG_LINES_KEPT = 5_000
"""Of each plugin."""
CHUNK = 1_000
"""Rows that pruning looks at in one transaction."""
_TIMES = {"deliveries": "started_at", "plugin_logs": "at", "egress_ledger": "at"}


_ADD_DELIVERY = insertion("deliveries", DeliveryRow._fields)
_ADD_LOG = insertion("plugin_logs", LogRow._fields)
_ADD_EGRESS = insertion("egress_ledger", EgressRow._fields)


@dataclass(slots=True)
class Batch:
    """Records since the last write."""

    deliveries: list[DeliveryRow]
    logs: list[LogRow]
    settled: dict[str, int]
    errors: dict[str, tuple[int, str]]
    """Plugin to the number of new errors and the text of the last."""
    egress: list[EgressRow] = field(default_factory=list)
    again: list[int] = field(default_factory=list)
    """Redeliveries that are done."""


def newest_delivery(db: sqlite3.Connection) -> int:
    """Return the greatest id in the delivery log, 0 for an empty one."""
    return int(scalar(db, "SELECT coalesce(max(id), 0) FROM deliveries"))


def write_batch(db: sqlite3.Connection, batch: Batch) -> None:
    """Record a batch in one go."""
    if batch.deliveries:
        db.executemany(_ADD_DELIVERY, batch.deliveries)
    if batch.again:
        finish(db, batch.again)
    for plugin_id, seq in batch.settled.items():
        db.execute(
            "UPDATE plugins SET settled_seq = max(settled_seq, ?), "
            "claimed_seq = max(claimed_seq, ?) WHERE id = ?",
            (seq, seq, plugin_id),
        )
    for plugin_id, (count, last) in batch.errors.items():
        db.execute(
            "UPDATE plugins SET error_count = error_count + ?, last_error = ? WHERE id = ?",
            (count, last, plugin_id),
        )
    if batch.logs:
        _write_logs(db, batch.logs)
    if batch.egress:
        db.executemany(_ADD_EGRESS, batch.egress)


def _write_logs(db: sqlite3.Connection, logs: Sequence[LogRow]) -> None:
    db.executemany(_ADD_LOG, logs)
    for plugin_id in {line.plugin_id for line in logs}:
        db.execute(
            "DELETE FROM plugin_logs WHERE plugin_id = ?1 AND id <= (SELECT id FROM plugin_logs "
            "WHERE plugin_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            (plugin_id, LOG_LINES_KEPT),
        )


def recorded_behind(db: sqlite3.Connection, plugin_id: str, seq: int) -> frozenset[int]:
    """Return which events behind ``seq`` a plugin's deliveries are recorded of."""
    query = "SELECT event_seq FROM deliveries WHERE plugin_id = ? AND event_seq > ?"
    return frozenset(event_seq for (event_seq,) in db.execute(query, (plugin_id, seq)))


def prune_some(db: sqlite3.Connection, table: str, before: datetime) -> int:
    """Delete what is too old among the first ``CHUNK`` rows of a table; return how many.

    Rows come in the order of time, so that the oldest stand first: 0 where none is too old. The
    writer is never held up for longer than that.
    """
    time = _TIMES[table]
    return db.execute(
        f"DELETE FROM {table} WHERE id IN (SELECT id FROM "  # noqa: S608 - our own names
        f"(SELECT id, {time} AS at FROM {table} ORDER BY id LIMIT ?) WHERE at < ?)",
        (CHUNK, int(before.timestamp() * 1000)),
    ).rowcount

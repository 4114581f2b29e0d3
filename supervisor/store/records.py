"""Rows of deliveries, log lines and requests, written in batches.

``delivery_log``, ``plugin_log`` and ``ledger`` read them.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from supervisor.store.redeliveries import finish

LOG_LINES_KEPT = 5_000
"""Of each plugin."""

DeliveryRow = tuple[
    str, int, str, str, str, str, str | None, int, int, int | None, str | None, int, int | None
]
"""plugin, event seq, event id, event, ticket, outcome, error, started (ms), duration (us), memory
(bytes), host calls (JSON), redelivered."""
LogRow = tuple[str, int, str, str, str | None]
"""plugin, at (ms), level, message, event id."""
EgressRow = tuple[
    int, str, str | None, str, str, str | None, str, str, int, int, int, int, str | None
]
"""at (ms), plugin, event id, outcome, host, address, method, path, status, bytes sent, bytes
received, duration (us), detail."""


@dataclass(slots=True)
class Batch:
    """What has happened since the last write."""

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
    return int(db.execute("SELECT coalesce(max(id), 0) FROM deliveries").fetchone()[0])


def write_batch(db: sqlite3.Connection, batch: Batch) -> None:
    """Record a batch in one go."""
    if batch.deliveries:
        db.executemany(
            "INSERT INTO deliveries (plugin_id, event_seq, event_id, event, ticket_id, outcome, "
            "error, started_at, duration_us, memory_bytes, host_calls, redelivered, id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            batch.deliveries,
        )
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
        db.executemany(
            "INSERT INTO egress_ledger (at, plugin_id, event_id, outcome, host, address, method, "
            "path, status, sent_bytes, received_bytes, duration_us, detail) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            batch.egress,
        )


def _write_logs(db: sqlite3.Connection, logs: Sequence[LogRow]) -> None:
    db.executemany(
        "INSERT INTO plugin_logs (plugin_id, at, level, message, event_id) VALUES (?, ?, ?, ?, ?)",
        logs,
    )
    for plugin_id in {row[0] for row in logs}:
        db.execute(
            "DELETE FROM plugin_logs WHERE plugin_id = ?1 AND id <= (SELECT id FROM plugin_logs "
            "WHERE plugin_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            (plugin_id, LOG_LINES_KEPT),
        )


def recorded_behind(db: sqlite3.Connection, plugin_id: str, seq: int) -> frozenset[int]:
    """Return which events behind ``seq`` a plugin's deliveries are recorded of."""
    query = "SELECT event_seq FROM deliveries WHERE plugin_id = ? AND event_seq > ?"
    return frozenset(row[0] for row in db.execute(query, (plugin_id, seq)))

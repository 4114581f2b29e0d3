"""Places of plugins in the outbox, and whether they run. Every function runs in a database job.

``claimed_seq`` and ``settled_seq`` are what ``delivery.feed`` goes by; its docstring says how.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence

from supervisor.ports import OutboxEvent
from supervisor.states import Outcome
from supervisor.store import redeliveries
from supervisor.store.deliveries import DeliveryRow
from supervisor.store.plugins import PluginRow
from supervisor.store.records import Batch, write_batch
from supervisor.store.sql import scalar


def release(db: sqlite3.Connection, plugin_id: str) -> None:
    """Record that nothing is in flight: what was claimed and open will be claimed again."""
    redeliveries.release(db, plugin_id)
    db.execute("UPDATE plugins SET claimed_seq = settled_seq WHERE id = ?", (plugin_id,))


def enable(db: sqlite3.Connection, plugin_id: str, seq: int) -> None:
    """Enable a plugin; it gets the events that come after ``seq``."""
    _set_enabled(db, plugin_id, True, None)
    db.execute(
        "UPDATE plugins SET claimed_seq = ?1, settled_seq = ?1, event_starts = '{}' WHERE id = ?2",
        (seq, plugin_id),
    )


def disable(
    db: sqlite3.Connection,
    row: PluginRow,
    reason: str | None,
    waiting: Sequence[OutboxEvent],
    new_delivery: Callable[[], int],
) -> None:
    """Disable a plugin; the events that still waited for it are recorded as dropped.

    ``new_delivery`` gives the ids of their records.
    """
    _set_enabled(db, row.id, False, reason)
    again = redeliveries.remove_all(db, row.id)
    now = int(time.time() * 1000)
    dropped = [
        DeliveryRow(
            plugin_id=row.id,
            event_seq=event.seq,
            event_id=event.id,
            event=event.type,
            ticket_id=event.ticket_id,
            outcome=Outcome.DROPPED.value,
            error="the plugin was switched off before its turn came",
            started_at=now,
            duration_us=0,
            memory_bytes=None,
            host_calls=None,
            redelivered=redelivered,
            id=new_delivery(),
        )
        for redelivered, events in enumerate((waiting, again))
        for event in events
    ]
    write_batch(db, Batch(deliveries=dropped, logs=[], settled={}, errors={}))


def claim(db: sqlite3.Connection, plugin_id: str, seq: int) -> None:
    """Record, before anything is sent, that events up to ``seq`` may have been."""
    db.execute("UPDATE plugins SET claimed_seq = ? WHERE id = ?", (seq, plugin_id))


def mark_redelivered(db: sqlite3.Connection, plugin_id: str, seq: int) -> None:
    """Record, before it is sent a second time, which event was in flight at a crash."""
    db.execute("UPDATE plugins SET redelivered_seq = ? WHERE id = ?", (seq, plugin_id))


def _set_enabled(db: sqlite3.Connection, plugin_id: str, enabled: bool, reason: str | None) -> None:
    db.execute(
        "UPDATE plugins SET enabled = ?, state_reason = ? WHERE id = ?",
        (enabled, reason, plugin_id),
    )


def settled_everywhere(db: sqlite3.Connection) -> int | None:
    """Return up to which event every enabled plugin has its results; None where none is enabled."""
    settled: int | None = scalar(
        db,
        "SELECT min(seq) FROM (SELECT settled_seq AS seq FROM plugins WHERE enabled"
        " UNION ALL SELECT event_seq - 1 FROM redeliveries)",
    )
    return settled

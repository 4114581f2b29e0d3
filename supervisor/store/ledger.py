"""Rows of the egress ledger: every request that a plugin made or was refused.

Written with the journal's batches (``records``), read here for pages and for export. What a row
holds has been redacted before it comes here. Every function runs in a database job.
"""

import sqlite3
from collections.abc import Sequence
from typing import Any

from supervisor.states import EgressOutcome
from supervisor.text import timestamp
from supervisor.views import EgressEntry, EgressFilter

_COLUMNS = (
    "at, plugin_id, event_id, outcome, host, address, method, path, status, "
    "sent_bytes, received_bytes, duration_us, detail"
)
_WHERE = (
    "WHERE (:plugin IS NULL OR plugin_id = :plugin) AND (:host IS NULL OR host = :host)"
    " AND (:outcome IS NULL OR outcome = :outcome) AND (:event IS NULL OR event_id = :event)"
)


def find_entries(
    db: sqlite3.Connection, wanted: EgressFilter, *, limit: int, offset: int = 0
) -> tuple[Sequence[EgressEntry], int]:
    """Return entries, newest first, and how many there are in all."""
    values = _values(wanted)
    found = db.execute(
        f"SELECT id, {_COLUMNS} FROM egress_ledger {_WHERE}"  # noqa: S608 - our own names
        " ORDER BY id DESC LIMIT :limit OFFSET :offset",
        {**values, "limit": limit, "offset": offset},
    )
    entries = [_entry(row) for row in found]
    total = db.execute(f"SELECT count(*) FROM egress_ledger {_WHERE}", values).fetchone()[0]  # noqa: S608
    return entries, total


def entries_before(
    db: sqlite3.Connection, wanted: EgressFilter, *, before: int | None, limit: int
) -> list[EgressEntry]:
    """Return the newest entries below the id ``before``: a piece of an export."""
    found = db.execute(
        f"SELECT id, {_COLUMNS} FROM egress_ledger {_WHERE}"  # noqa: S608 - our own names
        " AND id < :before ORDER BY id DESC LIMIT :limit",
        {**_values(wanted), "before": 1 << 62 if before is None else before, "limit": limit},
    )
    return [_entry(row) for row in found]


def _values(wanted: EgressFilter) -> dict[str, str | None]:
    return {
        "plugin": wanted.plugin_id,
        "host": wanted.host.lower() if wanted.host else None,
        "outcome": wanted.outcome.value if wanted.outcome else None,
        "event": wanted.event_id,
    }


def _entry(row: tuple[Any, ...]) -> EgressEntry:
    return EgressEntry(
        id=row[0],
        at=timestamp(row[1]),
        plugin_id=row[2],
        event_id=row[3],
        outcome=EgressOutcome(row[4]),
        host=row[5],
        address=row[6],
        method=row[7],
        path=row[8],
        status=row[9],
        sent_bytes=row[10],
        received_bytes=row[11],
        duration_ms=row[12] / 1000,
        detail=row[13],
    )

"""Rows of the egress log: every request that a plugin made or was refused.

Written with the journal's batches (``records``), read here for pages and for export. What a row
holds has been redacted before it comes here. Every function runs in a database job.
"""

import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from supervisor.states import EgressOutcome
from supervisor.store.sql import rows, scalar
from supervisor.text import timestamp
from supervisor.views import EgressEntry, EgressFilter


class EgressRow(NamedTuple):
    """A row of ``egress_ledger``."""

    at: int
    """Milliseconds since 1970."""
    plugin_id: str
    event_id: str | None
    outcome: str
    host: str
    address: str | None
    method: str
    path: str
    status: int
    sent_bytes: int
    received_bytes: int
    duration_us: int
    detail: str | None


_COLUMNS = ", ".join(("id", *EgressRow._fields))
_WHERE = (
    "WHERE (:plugin IS NULL OR plugin_id = :plugin) AND (:host IS NULL OR host = :host)"
    " AND (:outcome IS NULL OR outcome = :outcome) AND (:event IS NULL OR event_id = :event)"
)


def find_entries(
    db: sqlite3.Connection, wanted: EgressFilter, *, limit: int, offset: int = 0
) -> tuple[Sequence[EgressEntry], int]:
    """Return entries, newest first, and how many there are in all."""
    values = _values(wanted)
    found = rows(
        db,
        f"SELECT {_COLUMNS} FROM egress_ledger {_WHERE}"  # noqa: S608 - our own names
        " ORDER BY id DESC LIMIT :limit OFFSET :offset",
        {**values, "limit": limit, "offset": offset},
    )
    entries = [_entry(row) for row in found]
    total = scalar(db, f"SELECT count(*) FROM egress_ledger {_WHERE}", values)  # noqa: S608
    return entries, int(total)


def entries_before(
    db: sqlite3.Connection, wanted: EgressFilter, *, before: int | None, limit: int
) -> list[EgressEntry]:
    """Return the newest entries below the id ``before``: a piece of an export."""
    found = rows(
        db,
        f"SELECT {_COLUMNS} FROM egress_ledger {_WHERE}"  # noqa: S608 - our own names
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


def _entry(row: sqlite3.Row) -> EgressEntry:
    return EgressEntry(
        id=row["id"],
        at=timestamp(row["at"]),
        plugin_id=row["plugin_id"],
        event_id=row["event_id"],
        outcome=EgressOutcome(row["outcome"]),
        host=row["host"],
        address=row["address"],
        method=row["method"],
        path=row["path"],
        status=row["status"],
        sent_bytes=row["sent_bytes"],
        received_bytes=row["received_bytes"],
        duration_ms=row["duration_us"] / 1000,
        detail=row["detail"],
    )

"""Reads the delivery log: pages of it by filter, and one delivery with what is known of it.

Written with the journal's batches (``records``). What a row holds has been redacted before it came
there. Every function runs in a database job.
"""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from supervisor.states import DeliveryKind, Outcome
from supervisor.store.sql import row, rows
from supervisor.text import timestamp
from supervisor.views import DeliveryFilter, DeliveryView


class DeliveryRow(NamedTuple):
    """A row of ``deliveries``, by its columns."""

    plugin_id: str
    event_seq: int
    event_id: str
    event: str
    ticket_id: str
    outcome: str
    error: str | None
    started_at: int
    """Milliseconds since 1970."""
    duration_us: int
    memory_bytes: int | None
    host_calls: str | None
    """JSON."""
    redelivered: int
    id: int | None
    kind: str = DeliveryKind.EVENT.value
    function: str | None = None
    """Of a call; None for an event."""
    arguments: str | None = None
    """Of a call: JSON without secrets, cut where it is long."""
    person: str | None = None
    """Of a call: the person for whom it was made."""


_COLUMNS = ", ".join(DeliveryRow._fields)
_LAST = (1 << 63) - 1
_ROUNDING_MS = 2
"""The line that says how a delivery failed may be so much younger than its end."""


@dataclass(frozen=True, slots=True)
class FoundDelivery:
    """One delivery with what is not shown of it."""

    view: DeliveryView
    event_seq: int
    after_ms: int
    """End of the delivery of the same event before this one, milliseconds since 1970; 0 if none."""
    until_ms: int
    """End of this one where the same event was delivered again behind it, else no end."""
    given: str | None = None
    """Of a call: its arguments as they were recorded."""


def find_deliveries(
    db: sqlite3.Connection, plugin_id: str, wanted: DeliveryFilter, *, limit: int, before: int
) -> list[DeliveryView]:
    """Return the newest deliveries of a plugin with an id below ``before``."""
    clauses, values = _conditions(wanted)
    found = rows(
        db,
        f"SELECT {_COLUMNS} FROM deliveries WHERE plugin_id = ? AND id < ?{clauses}"  # noqa: S608
        " ORDER BY id DESC LIMIT ?",
        (plugin_id, before, *values, limit),
    )
    return [_view(each) for each in found]


def find_delivery(db: sqlite3.Connection, plugin_id: str, delivery_id: int) -> FoundDelivery | None:
    """Return one delivery, None where there is none."""
    found = row(
        db,
        f"SELECT {_COLUMNS} FROM deliveries WHERE id = ? AND plugin_id = ?",  # noqa: S608
        (delivery_id, plugin_id),
    )
    if found is None:
        return None
    if found["kind"] != DeliveryKind.EVENT:
        # Its id is its own, so that everything under it belongs to it.
        return FoundDelivery(_view(found), 0, after_ms=0, until_ms=_LAST, given=found["arguments"])
    same = rows(
        db,
        "SELECT id, started_at + duration_us / 1000 AS ended_at FROM deliveries"
        " WHERE ticket_id = ? AND plugin_id = ? AND event_id = ? ORDER BY id",
        (found["ticket_id"], plugin_id, found["event_id"]),
    )
    ends = [each["ended_at"] for each in same if each["id"] < delivery_id]
    is_last = same[-1]["id"] == delivery_id
    end = found["started_at"] + found["duration_us"] // 1000 + _ROUNDING_MS
    return FoundDelivery(
        _view(found),
        found["event_seq"],
        after_ms=ends[-1] + _ROUNDING_MS if ends else 0,
        until_ms=_LAST if is_last else end,
    )


def _conditions(wanted: DeliveryFilter) -> tuple[str, Sequence[Any]]:
    """Return what follows the first conditions, as the planner needs it: only what is asked for."""
    pairs: Iterable[tuple[str, Any]] = (
        # Said whenever it is so: the index of what went wrong has no other rows.
        (" AND outcome <> 'ok'", None if not _only_errors(wanted) else ()),
        (" AND outcome = ?", wanted.outcome and (wanted.outcome.value,)),
        # Said for the same reason of the index of calls.
        (" AND kind <> 'event'", None if wanted.kind in (None, DeliveryKind.EVENT) else ()),
        (" AND kind = ?", wanted.kind and (wanted.kind.value,)),
        (" AND function = ?", wanted.function and (wanted.function,)),
        (" AND event = ?", wanted.event and (wanted.event,)),
        (" AND event_id = ?", wanted.event_id and (wanted.event_id,)),
        (" AND ticket_id = ?", wanted.ticket_id and (wanted.ticket_id,)),
        (" AND redelivered = 1", () if wanted.redelivered else None),
        (" AND redelivered = 0", () if wanted.redelivered is False else None),
    )
    asked = [(clause, values) for clause, values in pairs if values is not None]
    return "".join(clause for clause, _ in asked), [v for _, values in asked for v in values]


def _only_errors(wanted: DeliveryFilter) -> bool:
    return wanted.only_errors or wanted.outcome not in (None, Outcome.OK)


def _view(row: sqlite3.Row) -> DeliveryView:
    return DeliveryView(
        id=str(row["id"]),
        plugin_id=row["plugin_id"],
        event_id=row["event_id"],
        event=row["event"],
        ticket_id=row["ticket_id"],
        outcome=Outcome(row["outcome"]),
        error=row["error"],
        started_at=timestamp(row["started_at"]),
        duration_ms=row["duration_us"] / 1000,
        memory_bytes=row["memory_bytes"],
        host_calls=tuple(json.loads(row["host_calls"])) if row["host_calls"] else (),
        redelivered=bool(row["redelivered"]),
        kind=DeliveryKind(row["kind"]),
        function=row["function"],
        person=row["person"],
    )

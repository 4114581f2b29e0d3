"""Reads what plugins logged: the newest lines, those behind one, those of one delivery.

Written with the journal's batches (``records``), which also keep the table bounded. Every function
runs in a database job.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from supervisor.errors import UnknownLevel
from supervisor.store.deliveries import FoundDelivery
from supervisor.store.sql import rows, scalar
from supervisor.text import timestamp
from supervisor.views import LogLine


class LogRow(NamedTuple):
    """A row of ``plugin_logs``."""

    plugin_id: str
    at: int
    """Milliseconds since 1970."""
    level: str
    message: str
    event_id: str | None


LEVELS = ("debug", "info", "warn", "error")
"""From the least severe to the most severe."""
_MOST_REFUSALS = 5_000
_MOST_REASONS = 200
_COLUMNS = "id, at, plugin_id, level, message, event_id"


def at_least(level: str | None) -> Sequence[str]:
    """Return a level and the more severe ones; all where there is none. Raises UnknownLevel."""
    if level is None:
        return LEVELS
    if level not in LEVELS:
        raise UnknownLevel(level, LEVELS)
    return LEVELS[LEVELS.index(level) :]


def find_lines(
    db: sqlite3.Connection,
    plugin_id: str | None,
    levels: Sequence[str],
    *,
    after: int | None,
    limit: int,
) -> list[LogLine]:
    """Return the newest lines, or those that follow the id ``after``; oldest first either way."""
    conditions = [f"level IN ({', '.join('?' * len(levels))})"] if levels != LEVELS else []
    values: list[Any] = list(levels) if levels != LEVELS else []
    if plugin_id is not None:
        conditions.append("plugin_id = ?")
        values.append(plugin_id)
    if after is not None:
        conditions.append("id > ?")
        values.append(after)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    order = "DESC" if after is None else "ASC"
    found = rows(
        db,
        f"SELECT {_COLUMNS} FROM plugin_logs {where} ORDER BY id {order} LIMIT ?",  # noqa: S608
        (*values, limit),
    )
    return _lines(reversed(found) if after is None else found)


def refusals(db: sqlite3.Connection, plugin_id: str) -> list[tuple[str, int, int]]:
    """Return what the host wrote of calls that a grant would allow: text, how often, when last."""
    query = (
        "SELECT message, count(*) AS count, max(at) AS at FROM (SELECT message, at FROM plugin_logs"
        " WHERE plugin_id = ? AND level = 'warn' AND message LIKE '% to allow it'"
        " ORDER BY id DESC LIMIT ?) GROUP BY message ORDER BY max(at) DESC LIMIT ?"
    )
    found = rows(db, query, (plugin_id, _MOST_REFUSALS, _MOST_REASONS))
    return [(row["message"], row["count"], row["at"]) for row in found]


def newest_line(db: sqlite3.Connection, plugin_id: str | None) -> int:
    """Return the id of the newest line, 0 where there is none."""
    query = "SELECT max(id) FROM plugin_logs"
    if plugin_id is None:
        return int(scalar(db, query) or 0)
    return int(scalar(db, f"{query} WHERE plugin_id = ?", (plugin_id,)) or 0)


def lines_of_delivery(
    db: sqlite3.Connection, plugin_id: str, found: FoundDelivery, limit: int
) -> list[LogLine]:
    """Return the first lines that were written during a delivery."""
    found_lines = rows(
        db,
        f"SELECT {_COLUMNS} FROM plugin_logs WHERE plugin_id = ? AND event_id = ?"  # noqa: S608
        " AND at > ? AND at <= ? ORDER BY id LIMIT ?",
        (plugin_id, found.view.event_id, found.after_ms, found.until_ms, limit),
    )
    return _lines(found_lines)


def _lines(found: Iterable[sqlite3.Row]) -> list[LogLine]:
    return [
        LogLine(
            id=row["id"],
            at=timestamp(row["at"]),
            plugin_id=row["plugin_id"],
            level=row["level"],
            message=row["message"],
            delivery_id=row["event_id"],
        )
        for row in found
    ]

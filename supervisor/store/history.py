"""Rows of what plugins did and used, one a plugin and minute, kept for a day.

Bounded: a minute that is written takes along what is older than a day, so that a plugin never has
more than 1,440 rows of some 150 bytes. Every function runs in a database job.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from supervisor.watching.history import DAY, Step

_COLUMNS = "deliveries, errors, buckets, waiting, cpu, cpu_s, uss, guest"
_read_buckets = msgspec.json.Decoder(dict[int, int]).decode


def save_steps(db: sqlite3.Connection, steps: Iterable[tuple[str, int, Step]], minute: int) -> None:
    """Write minutes of plugins, in the place of what was written of them before."""
    db.executemany(
        # A plugin may have been uninstalled since: nothing of it comes back.
        f"INSERT OR REPLACE INTO plugin_history (plugin_id, minute, {_COLUMNS}) "  # noqa: S608
        "SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 "
        "WHERE EXISTS (SELECT 1 FROM plugins WHERE id = ?1)",
        [(plugin_id, at, *_values(step)) for plugin_id, at, step in steps],
    )
    db.execute("DELETE FROM plugin_history WHERE minute <= ?", (minute - DAY,))


def steps_since(db: sqlite3.Connection, minute: int) -> dict[str, dict[int, Step]]:
    """Return the minutes of every plugin from ``minute`` on."""
    found: dict[str, dict[int, Step]] = {}
    rows = db.execute(
        f"SELECT plugin_id, minute, {_COLUMNS} FROM plugin_history WHERE minute >= ?",  # noqa: S608
        (minute,),
    )
    for plugin_id, at, *values in rows:
        found.setdefault(plugin_id, {})[at] = _step(values)
    return found


def steps_of(db: sqlite3.Connection, plugin_id: str, minute: int) -> dict[int, Step]:
    """Return the minutes of one plugin from ``minute`` on."""
    rows = db.execute(
        f"SELECT minute, {_COLUMNS} FROM plugin_history WHERE plugin_id = ? AND minute >= ?",  # noqa: S608
        (plugin_id, minute),
    )
    return {at: _step(values) for at, *values in rows}


def errors_since(db: sqlite3.Connection, minute: int) -> Mapping[str, Mapping[int, int]]:
    """Return, of every plugin, the minutes that have errors, and how many."""
    found: dict[str, dict[int, int]] = {}
    query = "SELECT plugin_id, minute, errors FROM plugin_history WHERE minute >= ? AND errors > 0"
    for plugin_id, at, errors in db.execute(query, (minute,)):
        found.setdefault(plugin_id, {})[at] = errors
    return found


def _values(step: Step) -> tuple[Any, ...]:
    buckets = msgspec.json.encode(step.buckets).decode() if step.buckets else None
    return (
        *(step.deliveries, step.errors, buckets, step.waiting),
        *(step.cpu, step.cpu_s, step.uss, step.guest),
    )


def _step(values: list[Any]) -> Step:
    deliveries, errors, buckets, *rest = values
    return Step(deliveries, errors, _read_buckets(buckets) if buckets else {}, *rest)

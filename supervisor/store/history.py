"""Rows of what plugins did and used, one a plugin and minute, kept for a day.

Bounded: a minute that is written takes along what is older than a day, so that a plugin never has
more than 1,440 rows of some 150 bytes. Every function runs in a database job.
"""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

MINUTE_S = 60
HOUR, DAY = 60, 1_440
"""In minutes."""

_COLUMNS = "deliveries, errors, buckets, waiting, cpu, cpu_s, uss, guest"
_read_buckets = msgspec.json.Decoder(dict[int, int]).decode


@dataclass(slots=True)
class Use:
    """Current resource usage of a plugin."""

    waiting: int = 0
    cpu_percent: float | None = None
    uss_bytes: int | None = None
    guest_bytes: int | None = None


@dataclass(slots=True)
class Step:
    """One plugin in one minute. Memory in bytes."""

    deliveries: int = 0
    errors: int = 0
    buckets: dict[int, int] = field(default_factory=dict)
    """Of the deliveries' durations, sparse."""
    waiting: int | None = None
    """Most."""
    cpu: float = 0.0
    """Percent of a processor times seconds; divided by ``cpu_s`` it is the mean."""
    cpu_s: float = 0.0
    uss: int | None = None
    """Most."""
    guest: int | None = None
    """Most."""

    def use(self, use: Use, seconds: float) -> None:
        """Note what is used at the end of so many seconds."""
        self.waiting = most(self.waiting, use.waiting)
        self.uss = most(self.uss, use.uss_bytes)
        self.guest = most(self.guest, use.guest_bytes)
        if use.cpu_percent is not None:
            self.cpu += use.cpu_percent * seconds
            self.cpu_s += seconds


def most(*values: int | None) -> int | None:
    """Return the largest value; None where none is known."""
    return max((value for value in values if value is not None), default=None)


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

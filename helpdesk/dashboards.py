"""Dashboards: how each person has arranged the widgets on theirs.

Owns the ``dashboards`` table. A widget is a key, whatever stands behind it: which ones exist, and
what they show, is not known here. Nobody sees or changes another person's.
"""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec
import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk.actors import Actor
from helpdesk.storage import sql
from helpdesk.storage.database import Database

MOST_PLACED = 500
"""Widgets that one person's arrangement names; those behind it are in their usual order."""
MAX_KEY = 400
SIZES = ("small", "medium", "large", "full")

DASHBOARD_MIGRATIONS = Migrations("dashboards")


@DASHBOARD_MIGRATIONS()
def m001_dashboards(db: sqlite_utils.Database) -> None:
    """Create the table; an arrangement is kept as JSON."""
    db.execute(
        """CREATE TABLE dashboards (
            user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
            placements TEXT NOT NULL
        ) STRICT"""
    )


@dataclass(frozen=True, slots=True)
class Placement:
    """One widget in somebody's order."""

    key: str
    size: str = ""
    """One of ``SIZES``; empty: as the widget asks."""
    hidden: bool = False


Placements = tuple[Placement, ...]


class Dashboards:
    """Keeps arrangements."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, actor: Actor) -> Placements:
        """Return how the actor has arranged theirs; empty where they have not."""
        return await self._database.read(lambda connection: _find(connection, actor.id))

    async def change(
        self, actor: Actor, changed: Callable[[Placements], Sequence[Placement]]
    ) -> Placements:
        """Replace the actor's arrangement by what ``changed`` makes of it, in one transaction."""

        def job(connection: sqlite3.Connection) -> Placements:
            before = _find(connection, actor.id)
            after = _bounded(changed(before))
            if after != before:
                connection.execute(
                    "INSERT INTO dashboards (user_id, placements) VALUES (?1, ?2)"
                    " ON CONFLICT (user_id) DO UPDATE SET placements = ?2",
                    (actor.id, msgspec.json.encode(after).decode()),
                )
            return after

        return await self._database.write(job)

    async def reset(self, actor: Actor) -> None:
        """Forget the actor's arrangement."""
        await self._database.write(
            lambda c: c.execute("DELETE FROM dashboards WHERE user_id = ?", (actor.id,)).rowcount
        )


def _find(connection: sqlite3.Connection, user_id: str) -> Placements:
    query = "SELECT placements FROM dashboards WHERE user_id = ?"
    found = sql.scalar(connection, query, (user_id,))
    return msgspec.json.decode(found, type=Placements) if found else ()


def _bounded(placements: Sequence[Placement]) -> Placements:
    """Return those that can be kept, each key once."""
    kept = {
        one.key: one
        for one in placements
        if 0 < len(one.key) <= MAX_KEY and one.size in ("", *SIZES)
    }
    return tuple(kept.values())[:MOST_PLACED]

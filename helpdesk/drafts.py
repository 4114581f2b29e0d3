"""Drafts: what people have written on tickets and not sent yet, kept for them alone.

Owns the ``drafts`` table. A draft is known by the path that its form posts to, and is there in each
browser in which its person is logged in. Nobody else can read it, admins included. Bounded for each
person in number and size, and forgotten after a month.
"""

import re
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec
import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk.actors import Actor, ActorKind
from helpdesk.clock import Clock, rfc3339
from helpdesk.errors import Invalid, NotAllowed
from helpdesk.storage.database import Database

MOST = 100
"""Drafts of one person: an older one gives way."""
MOST_BYTES = 128 * 1024
MOST_FIELDS = 30
LONGEST_FORM = 200
KEPT = timedelta(days=30)
_FORM = re.compile(r"/tickets(/[A-Za-z0-9_.~-]+)+")

DRAFT_MIGRATIONS = Migrations("drafts")


@DRAFT_MIGRATIONS()
def m001_drafts(db: sqlite_utils.Database) -> None:
    """Create the table."""
    db.execute(
        """CREATE TABLE drafts (
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            form TEXT NOT NULL,
            fields TEXT NOT NULL,
            at TEXT NOT NULL,
            PRIMARY KEY (user_id, form)
        ) STRICT, WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX drafts_by_time ON drafts (at)")


class Drafts:
    """Keeps drafts."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self, actor: Actor, forms: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return one's own drafts of these forms: what each field holds, by form."""
        person, wanted = _person(actor), list(forms)[:MOST]
        query = (
            "SELECT form, fields FROM drafts WHERE user_id = ?"  # noqa: S608
            f" AND form IN ({', '.join('?' * len(wanted))})"
        )
        found = await self._database.read(lambda c: c.execute(query, (person, *wanted)).fetchall())
        return {form: msgspec.json.decode(fields, type=dict[str, str]) for form, fields in found}

    async def keep(self, actor: Actor, form: str, fields: Mapping[str, str]) -> None:
        """Keep a draft in the place of the former one; one without fields is forgotten.

        Raises ``Invalid`` for what is no form's path, or too much.
        """
        person, encoded = _person(actor), msgspec.json.encode(dict(fields))
        if len(form) > LONGEST_FORM or not _FORM.fullmatch(form):
            raise Invalid("form", repr(form[:80]), "the path that a form on a ticket posts to")
        if len(encoded) > MOST_BYTES or len(fields) > MOST_FIELDS:
            expected = f"at most {MOST_FIELDS} fields and {MOST_BYTES:,} bytes"
            raise Invalid("fields", f"{len(fields)} fields, {len(encoded):,} bytes", expected)
        if not fields:
            await self.forget(actor, form)
            return
        at = rfc3339(self._clock.now())

        def job(connection: sqlite3.Connection) -> None:
            connection.execute(
                "INSERT INTO drafts (user_id, form, fields, at) VALUES (?, ?, ?, ?)"
                " ON CONFLICT (user_id, form) DO UPDATE SET fields = excluded.fields,"
                " at = excluded.at",
                (person, form, encoded.decode(), at),
            )
            connection.execute(
                "DELETE FROM drafts WHERE user_id = ?1 AND form NOT IN (SELECT form FROM drafts"
                " WHERE user_id = ?1 ORDER BY at DESC, form = ?2 DESC LIMIT ?3)",
                (person, form, MOST),
            )

        await self._database.write(job)

    async def forget(self, actor: Actor, form: str) -> None:
        """Forget a draft: it was sent, or is not wanted. Writes nothing where there is none."""
        person, query = _person(actor), "FROM drafts WHERE user_id = ? AND form = ?"
        there = await self._database.read(
            lambda c: c.execute(f"SELECT 1 {query}", (person, form)).fetchone()
        )
        if there is not None:
            await self._database.write(lambda c: c.execute(f"DELETE {query}", (person, form)))


def purge(connection: sqlite3.Connection, now: datetime) -> None:
    """Forget the drafts that are a month old."""
    connection.execute("DELETE FROM drafts WHERE at < ?", (rfc3339(now - KEPT),))


def _person(actor: Actor) -> str:
    if actor.kind is not ActorKind.USER:
        raise NotAllowed("keep drafts", "only people can")
    return actor.id

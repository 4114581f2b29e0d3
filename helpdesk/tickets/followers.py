"""Followers: staff who are notified of everything on a ticket, by choice or by a mention.

Owns the ``ticket_followers`` table and reads mentions: ``@sasha`` or ``@sasha@example.com`` names a
colleague by their address, or by what stands before its at sign where one colleague alone has that.
Only staff mention and are mentioned; whoever is, follows the ticket from then on.
"""

import re
import sqlite3

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk import access
from helpdesk.actors import Actor
from helpdesk.clock import rfc3339
from helpdesk.storage import sql
from helpdesk.tickets.change import Change
from helpdesk.tickets.door import Door
from helpdesk.tickets.model import Person

MOST_MENTIONED = 20
"""Mentions of one message that are looked at."""

FOLLOWER_MIGRATIONS = Migrations("ticket_followers")

_MENTION = re.compile(
    r"(?<![\w@./+-])@([A-Za-z0-9][A-Za-z0-9._+-]{0,63}(?:@[A-Za-z0-9.-]{1,190})?)"
)
_STAFF = "role IN ('admin', 'staff') AND NOT disabled"


@FOLLOWER_MIGRATIONS()
def m001_followers(db: sqlite_utils.Database) -> None:
    """Create the table."""
    for statement in (
        """CREATE TABLE ticket_followers (
            number INTEGER NOT NULL REFERENCES tickets (number) ON DELETE CASCADE,
            user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            since TEXT NOT NULL,
            PRIMARY KEY (number, user_id)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX ticket_followers_by_user ON ticket_followers (user_id, number)",
    ):
        db.execute(statement)


class Followers(Door):
    """Lets staff follow tickets."""

    async def all(self, actor: Actor, reference: str) -> tuple[Person, ...]:
        """Return who follows a ticket, by name; for those who are not staff, nobody."""
        query = (
            "SELECT id, name, email FROM users JOIN ticket_followers ON user_id = id"
            " WHERE number = ? ORDER BY name, id"
        )
        return await self._read(
            actor,
            reference,
            lambda connection, viewer, ticket: (
                tuple(Person(*row) for row in connection.execute(query, (ticket.number,)))
                if access.may_see_notes(viewer)
                else ()
            ),
        )

    async def follow(self, actor: Actor, reference: str) -> None:
        """Follow a ticket from now on (staff)."""

        def job(change: Change) -> None:
            ticket, _ = change.ticket(reference)
            access.require_staff(change.viewer, "follow tickets")
            add(change, ticket.number, actor.id)

        await self._change(actor, job)

    async def unfollow(self, actor: Actor, reference: str) -> None:
        """Follow a ticket no longer (staff)."""
        query = "DELETE FROM ticket_followers WHERE number = ? AND user_id = ?"

        def job(change: Change) -> None:
            ticket, _ = change.ticket(reference)
            access.require_staff(change.viewer, "follow tickets")
            change.connection.execute(query, (ticket.number, actor.id))

        await self._change(actor, job)


def add(change: Change, number: int, user_id: str) -> None:
    """Let somebody follow a ticket."""
    change.connection.execute(
        "INSERT OR IGNORE INTO ticket_followers (number, user_id, since) VALUES (?, ?, ?)",
        (number, user_id, rfc3339(change.now)),
    )


def mention(change: Change, number: int, body: str) -> frozenset[str]:
    """Let everybody whom a message mentions follow its ticket; return their ids."""
    viewer = change.viewer
    if not (viewer.actor.may_mention or (viewer.is_person and viewer.is_staff)):
        return frozenset()
    names = list(dict.fromkeys(name.rstrip(".-") for name in _MENTION.findall(body)))
    found = {_named(change.connection, name.lower()) for name in names[:MOST_MENTIONED]}
    people = frozenset(user_id for user_id in found if user_id) - {change.viewer.actor.id}
    for user_id in people:
        add(change, number, user_id)
    return people


def move(connection: sqlite3.Connection, number: int, into: int) -> None:
    """Let those who follow a ticket follow another, which it was merged into."""
    connection.execute(
        "INSERT OR IGNORE INTO ticket_followers (number, user_id, since)"
        " SELECT ?, user_id, since FROM ticket_followers WHERE number = ?",
        (into, number),
    )


def _named(connection: sqlite3.Connection, name: str) -> str | None:
    if "@" in name:
        query = f"SELECT id FROM users WHERE email = ? AND {_STAFF}"  # noqa: S608 - our own words
        found: str | None = sql.scalar(connection, query, (name,))
        return found
    local = "substr(email, 1, instr(email, '@') - 1) = ?"
    query = f"SELECT id FROM users WHERE {local} AND {_STAFF} LIMIT 2"  # noqa: S608
    rows = connection.execute(query, (name,)).fetchall()
    return str(rows[0][0]) if len(rows) == 1 else None

"""Merging two tickets about one thing: the conversation goes on in one, the other is closed.

What was said moves with its author, time and visibility; the first ticket's description becomes a
reply of the moment at which it was written. The closed ticket stays, a duplicate of the other, and
says where it went. Merging only towards a ticket that is not merged itself, nothing can go round in
a ring. Tickets of two submitters are not merged: each would read what the other wrote.
"""

import sqlite3

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk.actors import Actor
from helpdesk.clock import rfc3339
from helpdesk.errors import Conflict, Invalid, LimitReached
from helpdesk.statuses import CLOSED
from helpdesk.storage import sql
from helpdesk.tickets import conversation, followers, links, rows, search, status, tags
from helpdesk.tickets.change import Change
from helpdesk.tickets.door import Door
from helpdesk.tickets.links import LinkKind
from helpdesk.tickets.model import Ticket

MOST_MOVED = 2_000
"""Replies and notes of a ticket that is merged into another: they move in one transaction."""

MERGE_MIGRATIONS = Migrations("ticket_merges")


@MERGE_MIGRATIONS()
def m001_merges(db: sqlite_utils.Database) -> None:
    """Create the table."""
    db.execute(
        """CREATE TABLE ticket_merges (
            number INTEGER PRIMARY KEY REFERENCES tickets (number) ON DELETE CASCADE,
            into_number INTEGER NOT NULL REFERENCES tickets (number) ON DELETE CASCADE,
            at TEXT NOT NULL,
            CHECK (number != into_number)
        ) STRICT"""
    )
    db.execute("CREATE INDEX ticket_merges_by_target ON ticket_merges (into_number)")


class Merges(Door):
    """Merges tickets."""

    async def merge(self, actor: Actor, reference: str, into: str) -> Ticket:
        """Merge a ticket into another, and return the other. Raises ``Conflict``."""
        return await self._change(actor, lambda change: _merge(change, reference, into))

    async def target(self, actor: Actor, reference: str) -> int | None:
        """Return the number of the ticket that this one was merged into, None for none."""
        return await self._read(
            actor,
            reference,
            lambda connection, _viewer, ticket: rows.merged_into(connection, ticket.number),
        )


def _merge(change: Change, reference: str, into: str) -> Ticket:
    source = change.ticket_to_work_on(reference, "merge this ticket")
    other = change.ticket_to_work_on(into.removeprefix("#"), "merge into this ticket")
    _require_mergeable(change.connection, source, other)
    _move(change.connection, source, other)
    _carry_description(change, source, other)
    change.connection.execute(
        "INSERT INTO ticket_merges (number, into_number, at) VALUES (?, ?, ?)",
        (source.number, other.number, rfc3339(change.now)),
    )
    between = "(number = ?1 AND other = ?2) OR (number = ?2 AND other = ?1)"
    change.connection.execute(
        f"DELETE FROM ticket_links WHERE {between}",  # noqa: S608 - our own words
        (source.number, other.number),
    )
    links.add(change, source.id, LinkKind.DUPLICATE_OF, other.id)
    followers.move(change.connection, source.number, other.number)
    tags.alter(change.connection, other, source.tags, ())
    conversation.note(change, other.id, f"Merged #{source.number} into this ticket.")
    if source.status != CLOSED:
        status.close(change, source.id)
    return change.ticket(other.id)[0]


def _require_mergeable(connection: sqlite3.Connection, source: Ticket, other: Ticket) -> None:
    if source.number == other.number:
        raise Invalid("into", f"#{other.number} itself", "another ticket")
    for ticket in (source, other):
        if (gone := rows.merged_into(connection, ticket.number)) is not None:
            raise Conflict(f"#{ticket.number} was merged into #{gone}", f"use #{gone} instead")
    if other.status == CLOSED:
        raise Conflict(f"#{other.number} is closed", "reopen it first")
    if source.submitter.id != other.submitter.id:
        raise Conflict(
            f"#{source.number} and #{other.number} have different requesters, who would read each "
            "other's messages",
            "link them as duplicates instead",
        )
    count = sql.scalar(connection, "SELECT count(*) FROM replies WHERE ticket_id = ?", (source.id,))
    if count > MOST_MOVED:
        raise LimitReached(f"the messages of #{source.number} that move", MOST_MOVED)


def _move(connection: sqlite3.Connection, source: Ticket, other: Ticket) -> None:
    query = "SELECT id FROM replies WHERE ticket_id = ? ORDER BY id"
    for (reply_id,) in connection.execute(query, (source.id,)).fetchall():
        search.remove_reply(connection, reply_id)
        connection.execute(
            "UPDATE replies SET ticket_id = ?, piece = NULL WHERE id = ?", (other.id, reply_id)
        )
        search.add_reply(connection, reply_id)
    # The files' own room stands above this one; where a file hangs is all that changes.
    connection.execute(
        "UPDATE files SET number = ? WHERE number = ?", (other.number, source.number)
    )


def _carry_description(change: Change, source: Ticket, other: Ticket) -> None:
    """Say in the other ticket what the first one said: its id is the moment it was written."""
    role = sql.scalar(
        change.connection, "SELECT role FROM users WHERE id = ?", (source.submitter.id,)
    )
    change.connection.execute(
        "INSERT INTO replies (id, ticket_id, body, is_internal,"
        " author_id, author_name, author_role, created_at) VALUES (?, ?, ?, 0, ?, ?, ?, ?)",
        (
            source.id,
            other.id,
            source.description or source.subject,
            source.submitter.id,
            source.submitter.name,
            role,
            rfc3339(source.created_at),
        ),
    )
    search.add_reply(change.connection, source.id)

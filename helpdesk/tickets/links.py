"""Links between tickets: duplicate, related, blocked by. For staff; submitters see none.

Owns the ``ticket_links`` table. A link is kept once and read from both ends. What would go round in
a ring is refused: a ticket cannot wait for itself, nor be a duplicate of its own duplicate.
"""

import enum
import sqlite3
from dataclasses import dataclass

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk import access
from helpdesk.actors import Actor
from helpdesk.clock import rfc3339
from helpdesk.errors import Conflict, Invalid, LimitReached, NotFound
from helpdesk.storage import sql
from helpdesk.tickets import lists, rows
from helpdesk.tickets.change import Change
from helpdesk.tickets.door import Door
from helpdesk.tickets.model import Ticket, TicketSummary

MOST = 100
"""Links of one ticket."""

LINK_MIGRATIONS = Migrations("ticket_links")


@LINK_MIGRATIONS()
def m001_links(db: sqlite_utils.Database) -> None:
    """Create the table."""
    db.execute(
        """CREATE TABLE ticket_links (
            kind TEXT NOT NULL CHECK (kind IN ('duplicate_of', 'related', 'blocked_by')),
            number INTEGER NOT NULL REFERENCES tickets (number) ON DELETE CASCADE,
            other INTEGER NOT NULL REFERENCES tickets (number) ON DELETE CASCADE,
            made_at TEXT NOT NULL,
            PRIMARY KEY (number, other, kind),
            CHECK (number != other)
        ) STRICT, WITHOUT ROWID"""
    )
    db.execute("CREATE INDEX ticket_links_by_other ON ticket_links (other, kind, number)")


class LinkKind(enum.StrEnum):
    """What another ticket is to this one."""

    DUPLICATE_OF = "duplicate_of"
    DUPLICATED_BY = "duplicated_by"
    RELATED = "related"
    BLOCKED_BY = "blocked_by"
    BLOCKS = "blocks"


_TURNED = {
    LinkKind.DUPLICATED_BY: LinkKind.DUPLICATE_OF,
    LinkKind.BLOCKS: LinkKind.BLOCKED_BY,
}
"""A kind as it is kept, for those that are said from the other end."""
_OTHER_END = {kept: said for said, kept in _TURNED.items()} | {LinkKind.RELATED: LinkKind.RELATED}


@dataclass(frozen=True, slots=True)
class Link:
    """Another ticket, and what it is to the one that was asked about."""

    kind: LinkKind
    ticket: TicketSummary


class Links(Door):
    """Reads, makes and removes links."""

    async def all(self, actor: Actor, reference: str) -> tuple[Link, ...]:
        """Return a ticket's links, for staff; for others there are none."""

        def job(
            connection: sqlite3.Connection, viewer: access.Viewer, t: Ticket
        ) -> tuple[Link, ...]:
            return _all(connection, t) if access.may_see_notes(viewer) else ()

        return await self._read(actor, reference, job)

    async def add(self, actor: Actor, reference: str, kind: str, other: str) -> None:
        """Link two tickets; the first must be the actor's to work on. Raises ``Conflict``."""
        await self._change(actor, lambda change: add(change, reference, kind, other))

    async def remove(self, actor: Actor, reference: str, kind: str, other: str) -> None:
        """Remove a link; the first ticket must be the actor's to work on."""
        await self._change(actor, lambda change: _remove(change, reference, kind, other))


def add(change: Change, reference: str, kind: str, other: str) -> None:
    """Link two tickets, as part of a change. Linking what is linked already changes nothing."""
    ticket, there, kept = _ends(change, reference, kind, other)
    if ticket.number == there.number:
        raise Invalid("ticket", f"#{there.number} itself", "another ticket")
    first, second = _placed(ticket.number, there.number, LinkKind(kind))
    exists = "SELECT 1 FROM ticket_links WHERE number = ? AND other = ? AND kind = ?"
    if sql.scalar(change.connection, exists, (first, second, kept)):
        return
    _require_no_ring(change.connection, first, second, kept)
    for one in (ticket, there):
        count = "SELECT count(*) FROM ticket_links WHERE number = ?1 OR other = ?1"
        if sql.scalar(change.connection, count, (one.number,)) >= MOST:
            raise LimitReached(f"the links of #{one.number}", MOST)
    change.connection.execute(
        "INSERT INTO ticket_links (kind, number, other, made_at) VALUES (?, ?, ?, ?)",
        (kept, first, second, rfc3339(change.now)),
    )
    _touch(change, ticket, there)


def _remove(change: Change, reference: str, kind: str, other: str) -> None:
    ticket, there, kept = _ends(change, reference, kind, other)
    place = (*_placed(ticket.number, there.number, LinkKind(kind)), kept)
    query = "DELETE FROM ticket_links WHERE number = ? AND other = ? AND kind = ?"
    if not change.connection.execute(query, place).rowcount:
        raise NotFound("link", f"{kind} #{there.number}")
    _touch(change, ticket, there)


def _all(connection: sqlite3.Connection, ticket: Ticket) -> tuple[Link, ...]:
    query = (
        "SELECT kind, other, 0 FROM ticket_links WHERE number = ?1"
        " UNION ALL SELECT kind, number, 1 FROM ticket_links WHERE other = ?1"
    )
    found = [
        (_OTHER_END[LinkKind(kind)] if turned else LinkKind(kind), number)
        for kind, number, turned in connection.execute(query, (ticket.number,))
    ]
    ids = "SELECT number, id FROM tickets WHERE number = ?"
    id_of = dict(connection.execute(ids, (number,)).fetchone() for _, number in found)
    shown = {
        summary.number: summary
        for summary in lists.summaries(connection, list(id_of.values()), public=False)
    }
    order = list(LinkKind)
    return tuple(
        Link(kind, shown[number])
        for kind, number in sorted(found, key=lambda link: (order.index(link[0]), link[1]))
    )


def _ends(change: Change, reference: str, kind: str, other: str) -> tuple[Ticket, Ticket, LinkKind]:
    access.require_staff(change.viewer, "link tickets")
    if kind not in set(LinkKind):
        raise Invalid("kind", repr(kind[:40]), ", ".join(LinkKind))
    ticket = change.ticket_to_work_on(reference, "link this ticket")
    return ticket, change.ticket(other.removeprefix("#"))[0], _kept(LinkKind(kind))


def _kept(kind: LinkKind) -> LinkKind:
    return _TURNED.get(kind, kind)


def _placed(number: int, other: int, kind: LinkKind) -> tuple[int, int]:
    """Return the two numbers as they are kept: related ones by size, others by direction."""
    if kind is LinkKind.RELATED:
        return min(number, other), max(number, other)
    return (other, number) if kind in _TURNED else (number, other)


def _require_no_ring(
    connection: sqlite3.Connection, number: int, other: int, kind: LinkKind
) -> None:
    if kind is LinkKind.RELATED:
        return
    query = (
        "WITH RECURSIVE behind (number) AS (SELECT ?1 UNION"
        " SELECT other FROM ticket_links JOIN behind USING (number) WHERE kind = ?2)"
        " SELECT 1 FROM behind WHERE number = ?3"
    )
    if sql.scalar(connection, query, (other, kind, number)):
        said = "waits for" if kind is LinkKind.BLOCKED_BY else "is a duplicate of"
        raise Conflict(
            f"#{other} already {said} #{number}, directly or by way of others",
            "remove that link first",
        )


def _touch(change: Change, *tickets: Ticket) -> None:
    """Let open pages of both tickets know, but not their submitters."""
    for ticket in tickets:
        change.save(rows.find(change.connection, ticket.id), public=False)

"""What is new to whom: the last change of each ticket that a person has seen.

Owns the ``ticket_seen`` table. A ticket is unread for somebody where it has changed since they last
looked at it, or since their account was made where they never did. What a person changes, they have
seen. A submitter gets no mark for a change that they cannot see.
"""

import sqlite3
from collections.abc import Sequence

from helpdesk.access import Viewer
from helpdesk.tickets.model import TicketSummary

_ALL = 0
"""Stands for the number of every ticket that was never looked at."""


def note(connection: sqlite3.Connection, user_id: str, number: int, revision: int) -> None:
    """Note up to which change somebody has seen a ticket."""
    connection.execute(
        "INSERT INTO ticket_seen (user_id, number, revision) SELECT id, ?2, ?3 FROM users"
        " WHERE id = ?1 ON CONFLICT (user_id, number) DO UPDATE SET revision = excluded.revision",
        (user_id, number, revision),
    )


def follow(
    connection: sqlite3.Connection, viewer: Viewer, number: int, before: int, revision: int
) -> None:
    """Note a change that the viewer made, where they had seen the ticket as it was ``before``."""
    if not viewer.is_person:
        return
    seen = "SELECT revision FROM ticket_seen WHERE user_id = ?1 AND number"
    connection.execute(
        "INSERT INTO ticket_seen (user_id, number, revision) SELECT ?1, ?2, ?4"
        f" WHERE coalesce(({seen} = ?2), ({seen} = {_ALL})) >= ?3"
        " ON CONFLICT (user_id, number) DO UPDATE SET revision = excluded.revision",
        (viewer.actor.id, number, before, revision),
    )


def unread(
    connection: sqlite3.Connection, viewer: Viewer, tickets: Sequence[TicketSummary]
) -> frozenset[str]:
    """Return the ids of those tickets that have news for the viewer."""
    if not viewer.is_person:
        return frozenset()
    numbers = [_ALL, *(ticket.number for ticket in tickets)]
    query = (
        "SELECT number, revision FROM ticket_seen WHERE user_id = ?"  # noqa: S608
        f" AND number IN ({', '.join('?' * len(numbers))})"
    )
    seen: dict[int, int] = dict(connection.execute(query, (viewer.actor.id, *numbers)))
    begun = seen.get(_ALL, 0)
    return frozenset(
        ticket.id for ticket in tickets if ticket.revision > seen.get(ticket.number, begun)
    )

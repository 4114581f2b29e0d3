"""The trace of changes to a ticket besides its status: by whom, when, from what to what.

Owns the ``ticket_changes`` table. Every change passes ``Change.save``, which records it here in the
same transaction, so that none goes without a trace. Of a description only that it was edited: the
texts themselves are not kept twice. Status has a history of its own (``status``).
"""

import sqlite3
from datetime import datetime

from helpdesk.clock import rfc3339
from helpdesk.ids import new_id
from helpdesk.storage import sql
from helpdesk.tickets.model import Author, Ticket

FIELDS = ("subject", "description", "priority", "category", "assignee", "tags")
"""Those that ``record`` compares; a ``rating`` is noted beside. ``category`` stands for type and
item too; ``tags`` is shown to staff alone."""


def record(
    connection: sqlite3.Connection, before: Ticket, after: Ticket, author: Author, now: datetime
) -> None:
    """Record every field that differs."""
    old, new = _values(before), _values(after)
    for field in FIELDS:
        if old[field] == new[field]:
            continue
        is_long = field == "description"
        values = (None, None) if is_long else (old[field], new[field])
        note(connection, after.id, field, values, author=author, now=now)


def note(
    connection: sqlite3.Connection,
    ticket_id: str,
    field: str,
    values: tuple[str | None, str | None],
    *,
    author: Author,
    now: datetime,
) -> None:
    """Record one change of a field; ``values``: as it was shown before and after."""
    connection.execute(
        "INSERT INTO ticket_changes (id, ticket_id, field, from_value, to_value, at,"
        " author_id, author_name, author_role) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new_id(),
            ticket_id,
            field,
            *values,
            rfc3339(now),
            author.id,
            author.name,
            author.role,
        ),
    )


def last_author(connection: sqlite3.Connection, ticket_id: str, field: str) -> str | None:
    """Return the name of who changed a field last; None where nobody did since it was opened."""
    if field == "status":
        query = "SELECT author_name FROM status_history WHERE ticket_id = ? ORDER BY id DESC"
        return sql.scalar(connection, f"{query} LIMIT 1", (ticket_id,))  # type: ignore[no-any-return]
    query = "SELECT author_name FROM ticket_changes WHERE ticket_id = ? AND field = ?"
    values = (ticket_id, field)
    return sql.scalar(connection, f"{query} ORDER BY id DESC LIMIT 1", values)  # type: ignore[no-any-return]


def place(ticket: Ticket) -> str | None:
    """Return where the ticket stands in the catalogue, by names; None where nowhere."""
    names = [ref.name for ref in (ticket.category, ticket.type, ticket.item) if ref is not None]
    return " / ".join(names) or None


def _values(ticket: Ticket) -> dict[str, str | None]:
    return {
        "subject": ticket.subject,
        "description": ticket.description,
        "priority": ticket.priority.value,
        "category": place(ticket),
        "assignee": None if ticket.assignee is None else ticket.assignee.name,
        "tags": ", ".join(ticket.tags) or None,
    }

"""Rows to model, and back: the only place that knows the columns of a ticket."""

import sqlite3
from typing import Any

from helpdesk.access import Ownership
from helpdesk.clock import parse_optional, parse_rfc3339, rfc3339
from helpdesk.errors import Invalid, NotFound
from helpdesk.storage import sql
from helpdesk.tickets import search, tags
from helpdesk.tickets.model import (
    Assignee,
    CustomField,
    Person,
    Priority,
    Ref,
    Ticket,
    TicketSummary,
)

PRIORITIES = tuple(Priority)
"""A priority is stored as its rank: its place in here."""

SUMMARY_COLUMNS = """
    t.id, t.number, t.subject, t.status, t.priority, t.category_id, t.type_id, t.item_id,
    t.submitter_id, t.assignee_user_id, t.assignee_group_id, t.created_at, t.updated_at,
    t.public_updated_at, t.revision, t.public_revision, t.resolved_at, t.closed_at,
    category.name AS category_name, type.name AS type_name, item.name AS item_name,
    submitter.name AS submitter_name, submitter.email AS submitter_email,
    assignee.name AS assignee_name, assignee.email AS assignee_email, team.name AS team_name
"""
JOINS = """
    JOIN users AS submitter ON submitter.id = t.submitter_id
    LEFT JOIN categories AS category ON category.id = t.category_id
    LEFT JOIN types AS type ON type.id = t.type_id
    LEFT JOIN items AS item ON item.id = t.item_id
    LEFT JOIN users AS assignee ON assignee.id = t.assignee_user_id
    LEFT JOIN groups AS team ON team.id = t.assignee_group_id
"""
_WHOLE = f"""
    SELECT {SUMMARY_COLUMNS}, t.description, t.resolution_notes FROM tickets AS t {JOINS}
"""  # noqa: S608
FIND = f"{_WHOLE} WHERE t.id = ?"
FIND_BY_NUMBER = f"{_WHOLE} WHERE t.number = CAST(? AS INTEGER)"


def rank(priority: Priority | str) -> int:
    """Return the rank of a priority by its name in any case. Raises ``Invalid``."""
    for place, known in enumerate(PRIORITIES):
        if known.value.lower() == priority.strip().lower():
            return place
    raise Invalid("priority", repr(str(priority)), ", ".join(PRIORITIES))


def find(connection: sqlite3.Connection, reference: str, *, public: bool = False) -> Ticket:
    """Return a ticket by its id or its number, with its custom fields, or raise ``NotFound``.

    ``public``: as it is shown to those who may not know that a note was written.
    """
    by_number = search.number(reference) is not None
    row = sql.row(connection, FIND_BY_NUMBER if by_number else FIND, (reference,))
    if row is None:
        raise NotFound("ticket", reference)
    worn = () if public else tags.names(connection, [row["number"]])[row["number"]]
    return Ticket(
        **_summary(row, worn, public=public),
        description=row["description"],
        resolution_notes=row["resolution_notes"],
        custom_fields=custom_fields(connection, row["id"]),
    )


def summary(row: Any, worn: tuple[str, ...], *, public: bool) -> TicketSummary:
    """Make a list's row of ``SUMMARY_COLUMNS`` and the ticket's tags; ``public`` as in ``find``."""
    return TicketSummary(**_summary(row, worn, public=public))


def ownership(connection: sqlite3.Connection, ticket: TicketSummary) -> Ownership:
    """Return what of a ticket bears on access."""
    owners = set()
    if ticket.category is not None:
        query = "SELECT group_id FROM group_categories WHERE category_id = ?"
        owners = {group for (group,) in connection.execute(query, (ticket.category.id,))}
    user_id = None
    if ticket.assignee is not None:
        if ticket.assignee.kind == "group":
            owners.add(ticket.assignee.id)
        else:
            user_id = ticket.assignee.id
    query = "SELECT organization_id FROM organization_members WHERE user_id = ?"
    organization_id = sql.scalar(connection, query, (ticket.submitter.id,))
    return Ownership(ticket.id, ticket.submitter.id, user_id, frozenset(owners), organization_id)


def merged_into(connection: sqlite3.Connection, number: int) -> int | None:
    """Return the number of the ticket that this one was merged into (``merge``), None for none."""
    query = "SELECT into_number FROM ticket_merges WHERE number = ?"
    found: int | None = sql.scalar(connection, query, (number,))
    return found


def owner_names(connection: sqlite3.Connection, ownership: Ownership) -> tuple[str, ...]:
    """Return the names of the groups that a ticket belongs to, sorted."""
    query = "SELECT name FROM groups WHERE id = ?"
    owners = ownership.owner_group_ids
    return tuple(sorted(sql.scalar(connection, query, (group_id,)) for group_id in owners))


def next_number(connection: sqlite3.Connection) -> int:
    """Return the number of the next ticket; none is given twice, as tickets are never deleted."""
    query = "SELECT 1 + coalesce(max(number), 0) FROM tickets"
    return int(sql.scalar(connection, query))


def next_revision(connection: sqlite3.Connection) -> int:
    """Return the number of the next change of a ticket; each change of any ticket has its own."""
    query = "SELECT 1 + coalesce(max(revision), 0) FROM tickets"
    return int(sql.scalar(connection, query))


def insert(connection: sqlite3.Connection, ticket: Ticket) -> None:
    """Write a new ticket."""
    values = _values(ticket) | {"number": ticket.number} | _known(ticket)
    names = ", ".join(values)
    marks = ", ".join(f":{name}" for name in values)
    connection.execute(f"INSERT INTO tickets ({names}) VALUES ({marks})", values)  # noqa: S608
    search.add_ticket(connection, ticket.number, ticket.subject, ticket.description)


def update(connection: sqlite3.Connection, ticket: Ticket, *, public: bool) -> None:
    """Write a changed ticket, all but its custom fields; ``public``: its submitter may know."""
    values = _values(ticket)
    if public:
        values |= _known(ticket)
    changes = ", ".join(f"{name} = :{name}" for name in values)
    connection.execute(f"UPDATE tickets SET {changes} WHERE id = :id", values)  # noqa: S608


def custom_fields(connection: sqlite3.Connection, ticket_id: str) -> tuple[CustomField, ...]:
    """Return a ticket's custom fields by key."""
    query = "SELECT * FROM custom_fields WHERE ticket_id = ? ORDER BY key"
    return tuple(
        CustomField(
            row["key"],
            row["value"],
            row["setter_id"],
            row["setter_name"],
            parse_rfc3339(row["set_at"]),
        )
        for row in sql.rows(connection, query, (ticket_id,))
    )


def _known(ticket: Ticket) -> dict[str, Any]:
    """Return what marks a change as one that the submitter may know of."""
    return {
        "public_updated_at": rfc3339(ticket.updated_at),
        "public_revision": ticket.revision,
    }


def _values(ticket: Ticket) -> dict[str, Any]:
    assignee = ticket.assignee
    return {
        "id": ticket.id,
        "subject": ticket.subject,
        "description": ticket.description,
        "status": ticket.status,
        "priority": rank(ticket.priority),
        "category_id": ticket.category and ticket.category.id,
        "type_id": ticket.type and ticket.type.id,
        "item_id": ticket.item and ticket.item.id,
        "submitter_id": ticket.submitter.id,
        "assignee_user_id": assignee.id if assignee and assignee.kind == "user" else None,
        "assignee_group_id": assignee.id if assignee and assignee.kind == "group" else None,
        "resolution_notes": ticket.resolution_notes,
        "created_at": rfc3339(ticket.created_at),
        "updated_at": rfc3339(ticket.updated_at),
        "revision": ticket.revision,
        "resolved_at": ticket.resolved_at and rfc3339(ticket.resolved_at),
        "closed_at": ticket.closed_at and rfc3339(ticket.closed_at),
    }


def _summary(row: Any, worn: tuple[str, ...], *, public: bool) -> dict[str, Any]:
    updated_at = row["public_updated_at"] if public else row["updated_at"]
    return {
        "id": row["id"],
        "number": row["number"],
        "subject": row["subject"],
        "status": row["status"],
        "priority": PRIORITIES[row["priority"]],
        "category": _ref(row["category_id"], row["category_name"]),
        "type": _ref(row["type_id"], row["type_name"]),
        "item": _ref(row["item_id"], row["item_name"]),
        "submitter": Person(row["submitter_id"], row["submitter_name"], row["submitter_email"]),
        "assignee": _assignee(row),
        "created_at": parse_rfc3339(row["created_at"]),
        "updated_at": parse_rfc3339(updated_at),
        "revision": row["public_revision"] if public else row["revision"],
        "resolved_at": parse_optional(row["resolved_at"]),
        "closed_at": parse_optional(row["closed_at"]),
        "tags": worn,
    }


def _assignee(row: Any) -> Assignee | None:
    if row["assignee_user_id"] is not None:
        return Assignee(
            "user", row["assignee_user_id"], row["assignee_name"], row["assignee_email"]
        )
    if row["assignee_group_id"] is not None:
        return Assignee("group", row["assignee_group_id"], row["team_name"])
    return None


def _ref(node_id: str | None, name: str) -> Ref | None:
    return None if node_id is None else Ref(node_id, name)

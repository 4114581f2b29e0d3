"""Event payloads, in the shape that plugins were promised (``abi-ohd``).

Owns the names of the eight events and the keys of their JSON. ``config`` is absent: it differs from
plugin to plugin, and whoever delivers puts it in. Must not know which change causes which event.
"""

import enum
from typing import Any

import msgspec

from helpdesk.actors import Actor
from helpdesk.clock import rfc3339
from helpdesk.tickets.model import Assignee, Author, Person, Ref, Reply, Ticket

MAX_PAYLOAD_BYTES = 1024 * 1024
"""The most that a plugin host takes. ``checks`` bounds the parts so that it is never reached."""


class EventType(enum.StrEnum):
    """The eight things that happen to tickets, as plugins subscribe to them."""

    CREATED = "ticket.created"
    ASSIGNED = "ticket.assigned"
    STATUS_CHANGED = "ticket.status_changed"
    REPLY_ADDED = "ticket.reply_added"
    NOTE_ADDED = "ticket.note_added"
    RESOLVED = "ticket.resolved"
    CLOSED = "ticket.closed"
    REOPENED = "ticket.reopened"


_encoder = msgspec.json.Encoder()


def payload(
    event_type: EventType,
    occurred_at: str,
    ticket: dict[str, Any],
    actor: Actor,
    data: dict[str, Any],
) -> bytes:
    """Return the payload as UTF-8 JSON; ``data`` is an empty object where an event adds nothing."""
    return _encoder.encode(
        {
            "event": event_type.value,
            "occurred_at": occurred_at,
            "ticket": ticket,
            "actor": {"id": actor.id, "name": actor.name, "role": actor.role},
            "data": data,
        }
    )


def ticket_document(ticket: Ticket, site_url: str) -> dict[str, Any]:
    """Return the payload's ``ticket`` object; the REST API and panels build on the same keys."""
    return {
        "id": ticket.id,
        "subject": ticket.subject,
        "description": ticket.description,
        "status": ticket.status,
        "priority": ticket.priority.value,
        "category": _name(ticket.category),
        "type": _name(ticket.type),
        "item": _name(ticket.item),
        "submitter": person_document(ticket.submitter),
        "assignee": assignee_document(ticket.assignee),
        "created_at": rfc3339(ticket.created_at),
        "url": f"{site_url}/tickets/{ticket.id}",
        "custom_fields": {field.key: field.value for field in ticket.custom_fields},
    }


def person_document(person: Person) -> dict[str, Any]:
    """Return a person as payloads show them."""
    return {"id": person.id, "name": person.name, "email": person.email}


def assignee_document(assignee: Assignee | None) -> dict[str, Any] | None:
    """Return an assignee as payloads show it: a user with an address, a group without, or None."""
    if assignee is None:
        return None
    document = {"id": assignee.id, "name": assignee.name, "kind": assignee.kind}
    if assignee.email is not None:
        document["email"] = assignee.email
    return document


def author_document(author: Author) -> dict[str, Any]:
    """Return an author as payloads show it."""
    return {"id": author.id, "name": author.name, "role": author.role}


def reply_data(reply: Reply) -> dict[str, Any]:
    """Return ``data`` for a public reply or an internal note."""
    return {
        "reply_id": reply.id,
        "body": reply.body,
        "is_internal": reply.is_internal,
        "author": author_document(reply.author),
    }


def _name(ref: Ref | None) -> str | None:
    return None if ref is None else ref.name

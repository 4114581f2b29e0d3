"""What the API answers: the domain's objects as JSON.

A ticket has the keys of the event payload's ticket, made by the same function, and more beside
them. Nothing here leaves out what a viewer may not see: the domain never handed it over.
"""

from datetime import datetime
from typing import Any
from urllib.parse import quote

from helpdesk.clock import rfc3339
from helpdesk.events import ticket_document
from helpdesk.tickets.model import Author, Ref, Reply, Ticket, TicketSummary
from helpdesk.users import User


def ticket_json(ticket: Ticket, site_url: str) -> dict[str, Any]:
    """Return a whole ticket."""
    return ticket_document(ticket, site_url) | {
        "updated_at": rfc3339(ticket.updated_at),
        "resolved_at": _moment(ticket.resolved_at),
        "closed_at": _moment(ticket.closed_at),
        "resolution_notes": ticket.resolution_notes,
        "replies_url": f"/api/tickets/{quote(ticket.id, safe='')}/replies",
    }


def summary_json(ticket: TicketSummary, site_url: str) -> dict[str, Any]:
    """Return a ticket as a row of a list: the same keys without the long texts."""
    assignee = ticket.assignee
    return {
        "id": ticket.id,
        "subject": ticket.subject,
        "status": ticket.status,
        "priority": ticket.priority,
        "category": _name(ticket.category),
        "type": _name(ticket.type),
        "item": _name(ticket.item),
        "submitter": {
            "id": ticket.submitter.id,
            "name": ticket.submitter.name,
            "email": ticket.submitter.email,
        },
        "assignee": assignee and {"id": assignee.id, "name": assignee.name, "kind": assignee.kind},
        "created_at": rfc3339(ticket.created_at),
        "updated_at": rfc3339(ticket.updated_at),
        "url": f"{site_url}/tickets/{quote(ticket.id, safe='')}",
    }


def reply_json(reply: Reply) -> dict[str, Any]:
    """Return a reply or a note, with the names that its event's ``data`` has."""
    return {
        "id": reply.id,
        "ticket_id": reply.ticket_id,
        "body": reply.body,
        "is_internal": reply.is_internal,
        "author": author_json(reply.author),
        "created_at": rfc3339(reply.created_at),
    }


def author_json(author: Author) -> dict[str, str]:
    """Return who wrote something."""
    return {"id": author.id, "name": author.name, "role": author.role}


def user_json(user: User) -> dict[str, Any]:
    """Return a person as they see themselves."""
    return {"id": user.id, "name": user.name, "email": user.email, "role": user.role}


def _moment(value: datetime | None) -> str | None:
    return None if value is None else rfc3339(value)


def _name(ref: Ref | None) -> str | None:
    return None if ref is None else ref.name

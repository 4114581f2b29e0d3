"""Links between tickets over the API, merging and splitting."""

from typing import Annotated

from msgspec import Meta, Struct

from helpdesk.once import Once
from helpdesk.tickets.links import LinkKind
from helpdesk.tickets.split import MOST_MOVED
from webapp.api.bodies import Body, Subject
from webapp.api.operations import operation
from webapp.api.shapes import (
    Listing,
    TicketOut,
    TicketRow,
    summary_json,
    ticket_json,
    whole_list,
)
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_links", __name__, Access.SIGNED_IN)

_ALL = "/api/tickets/<ticket_id>/links"
Reference = Annotated[str, Meta(description="A ticket's number or id.")]


class LinkOut(Struct):
    """Another ticket, and its relation to this one."""

    kind: LinkKind
    ticket: TicketRow


class LinkBody(Body):
    """A link to another ticket."""

    kind: LinkKind
    ticket: Reference


class MergeBody(Body):
    """The target of a merge."""

    into: Reference


class SplitBody(Body):
    """The new ticket's subject, and the messages that move to it."""

    subject: Subject
    replies: Annotated[list[str], Meta(min_length=1, max_length=MOST_MOVED)]


@operation(blueprint, "GET", _ALL, of="ticket")
async def links(ticket_id: str) -> Listing[LinkOut]:
    """List the tickets that a ticket is linked to; none for requesters."""
    return await _shown(ticket_id)


@operation(blueprint, "POST", _ALL, of="ticket", status=201, errors=(403, 409))
async def add(ticket_id: str, body: LinkBody) -> Listing[LinkOut]:
    """Link a ticket to another, and return all of its links (staff).

    What would make a ring is refused.
    """
    await app_context().helpdesk.links.add(current_visit().actor, ticket_id, body.kind, body.ticket)
    return await _shown(ticket_id)


@operation(blueprint, "DELETE", f"{_ALL}/<kind>/<other>", of="link", errors=(403,))
async def remove(ticket_id: str, kind: str, other: str) -> None:
    """Remove a link (staff)."""
    await app_context().helpdesk.links.remove(current_visit().actor, ticket_id, kind, other)


@operation(blueprint, "POST", "/api/tickets/<ticket_id>/merge", of="ticket", errors=(403, 409))
async def merge(ticket_id: str, body: MergeBody) -> TicketOut:
    """Merge a ticket into another of the same requester, and return that one (staff).

    The messages move; this ticket is closed, as a duplicate.
    """
    helpdesk = app_context().helpdesk
    into = await helpdesk.merges.merge(current_visit().actor, ticket_id, body.into)
    return ticket_json(into, (await helpdesk.settings.all()).site_url)


@operation(
    blueprint,
    "POST",
    "/api/tickets/<ticket_id>/split",
    of="ticket",
    status=201,
    location="/api/tickets/{id}",
    errors=(403, 409),
)
async def split(ticket_id: str, body: SplitBody, once: Once | None) -> TicketOut:
    """Move messages to a new ticket of the same requester, and return that one (staff)."""
    helpdesk = app_context().helpdesk
    made = await helpdesk.splits.split(
        current_visit().actor, ticket_id, body.subject, body.replies, once=once
    )
    return ticket_json(made, (await helpdesk.settings.all()).site_url)


async def _shown(ticket_id: str) -> Listing[LinkOut]:
    helpdesk = app_context().helpdesk
    site_url = (await helpdesk.settings.all()).site_url
    found = await helpdesk.links.all(current_visit().actor, ticket_id)
    return whole_list([LinkOut(link.kind, summary_json(link.ticket, site_url)) for link in found])

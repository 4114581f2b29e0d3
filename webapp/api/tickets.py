"""Tickets over the API: list, create, read, change, and the steps of their life."""

from collections.abc import Callable
from typing import Any

from msgspec import UnsetType

from helpdesk import checks
from helpdesk.once import Once
from helpdesk.tickets.edits import TicketChanges
from helpdesk.tickets.model import Ticket, TicketDraft, TicketFilter
from webapp.api.bodies import (
    AssigneeBody,
    EmptyBody,
    ManyTicketsPatch,
    ReopenBody,
    ResolveBody,
    TicketBody,
    TicketPatch,
    given,
)
from webapp.api.operations import operation
from webapp.api.queries import TicketQuery, TimelineQuery
from webapp.api.shapes import (
    Listing,
    ManyChanged,
    TagOut,
    TicketListing,
    TicketOut,
    TimelineOut,
    entry_json,
    ticket_json,
    ticket_listing,
    whole_list,
)
from webapp.context import app_context
from webapp.http.preconditions import Match
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_tickets", __name__, Access.SIGNED_IN)

_ONE = "/api/tickets/<ticket_id>"


@operation(blueprint, "GET", "/api/tickets", errors=(403,))
async def tickets(query: TicketQuery) -> TicketListing:
    """List the tickets that the caller can see.

    A search that finds next to nothing is corrected; the answer says how. A search for common words
    counts and lists up to 1,000 tickets, and says whether there are more.
    """
    tickets_, actor, wanted = app_context().helpdesk.tickets, current_visit().actor, query.filter()
    within = TicketFilter()
    if query.view:
        within = (await app_context().helpdesk.views.get(actor, query.view)).filter
    await tickets_.require_known(actor, wanted)
    found = await tickets_.list(
        actor,
        wanted,
        within=within,
        exact=query.exact,
        sort=query.sort,
        page=query.page,
        per_page=query.per_page,
    )
    return ticket_listing(found, await _site_url())


@operation(
    blueprint,
    "POST",
    "/api/tickets",
    status=201,
    location="/api/tickets/{id}",
    errors=(403, 409),
)
async def create(body: TicketBody, once: Once | None) -> TicketOut:
    """Create a ticket; staff can create one for another person."""
    actor = current_visit().actor
    draft = TicketDraft(
        subject=body.subject,
        description=body.description,
        priority=body.priority,
        category=body.category,
        type=body.type,
        item=body.item,
        submitter_email=body.submitter,
        submitter_name=body.submitter_name,
        **_assignee(body.assignee),
        tags=tuple(body.tags),
    )
    return await _shown(await app_context().helpdesk.tickets.create(actor, draft, once=once))


@operation(blueprint, "GET", "/api/tags", errors=(403,))
async def tags() -> Listing[TagOut]:
    """List the tags by name, with how many tickets have each (staff)."""
    found = await app_context().helpdesk.tickets.tags(current_visit().actor)
    return whole_list([TagOut(tag.name, tag.count) for tag in found])


@operation(blueprint, "PATCH", "/api/tickets", errors=(403, 409))
async def change_many(body: ManyTicketsPatch) -> ManyChanged:
    """Update many tickets in one transaction: all of them or none.

    An error names the tickets that prevent it. A category clears type and item.
    """
    changes = given(
        priority=body.priority,
        status=body.status,
        category=body.category,
        add_tags=body.add_tags,
        remove_tags=body.remove_tags,
    )
    if not isinstance(body.assignee, UnsetType):
        changes |= _assignee(body.assignee)
    tickets_, actor = app_context().helpdesk.tickets, current_visit().actor
    return ManyChanged(await tickets_.update_many(actor, body.tickets, TicketChanges(**changes)))


@operation(blueprint, "GET", _ONE, of="ticket")
async def ticket(ticket_id: str, match: Match | None) -> TicketOut:
    """Return one ticket."""
    found = await _shown(await app_context().helpdesk.tickets.get(current_visit().actor, ticket_id))
    if match is not None:
        match.require(found)
    return found


@operation(blueprint, "GET", f"{_ONE}/timeline", of="ticket")
async def timeline(ticket_id: str, query: TimelineQuery) -> TimelineOut:
    """Return the timeline of a ticket: replies, notes and changes.

    Pages start at its end. Notes are included if the caller can see them.
    """
    before = None if isinstance(query.before, UnsetType) else query.before
    detail = await app_context().helpdesk.tickets.detail(
        current_visit().actor, ticket_id, before=before, limit=query.limit
    )
    story = detail.timeline
    return TimelineOut([entry_json(entry) for entry in story.entries], story.earlier, story.total)


@operation(blueprint, "PATCH", _ONE, of="ticket", errors=(403, 409))
async def change(ticket_id: str, body: TicketPatch, match: Match | None) -> TicketOut:
    """Change the fields in the body, all or none.

    A category without a type clears the type; a type without an item clears the item.
    """
    changes = given(
        subject=body.subject,
        description=body.description,
        priority=body.priority,
        status=body.status,
        category=body.category,
        type=body.type,
        item=body.item,
        tags=body.tags,
    )
    if not isinstance(body.assignee, UnsetType):
        changes |= _assignee(body.assignee)
    tickets_, actor = app_context().helpdesk.tickets, current_visit().actor
    check = await _check(match)
    return await _shown(
        await tickets_.update(actor, ticket_id, TicketChanges(**changes), check=check)
    )


def _assignee(wanted: AssigneeBody | None) -> dict[str, Any]:
    if wanted is None:
        return {"assignee_user_id": None}
    return {f"assignee_{wanted.kind}_id": wanted.id}


@operation(blueprint, "POST", f"{_ONE}/resolve", of="ticket", errors=(403, 409))
async def resolve(ticket_id: str, body: ResolveBody, match: Match | None) -> TicketOut:
    """Resolve a ticket."""
    actor = current_visit().actor
    notes = checks.body("notes", body.notes, least=0)
    notes = body.resolution_notes or notes
    tickets_, check = app_context().helpdesk.tickets, await _check(match)
    return await _shown(await tickets_.resolve(actor, ticket_id, notes, check=check))


@operation(blueprint, "POST", f"{_ONE}/reopen", of="ticket", errors=(403, 409))
async def reopen(ticket_id: str, body: ReopenBody, match: Match | None) -> TicketOut:
    """Reopen a ticket within the reopen window."""
    actor = current_visit().actor
    tickets_, check = app_context().helpdesk.tickets, await _check(match)
    return await _shown(await tickets_.reopen(actor, ticket_id, body.reason, check=check))


@operation(blueprint, "POST", f"{_ONE}/close", of="ticket", errors=(403, 409))
async def close(ticket_id: str, body: EmptyBody, match: Match | None) -> TicketOut:
    """Close a ticket."""
    del body
    tickets_, check = app_context().helpdesk.tickets, await _check(match)
    return await _shown(await tickets_.close(current_visit().actor, ticket_id, check=check))


async def _check(match: Match | None) -> Callable[[Ticket], None] | None:
    """Return what compares a ticket, as the caller sees it, with what ``If-Match`` names."""
    if match is None:
        return None
    site_url = await _site_url()
    return lambda found: match.require(ticket_json(found, site_url))


async def _shown(found: Ticket) -> TicketOut:
    return ticket_json(found, await _site_url())


async def _site_url() -> str:
    return (await app_context().helpdesk.settings.all()).site_url


@operation(blueprint, "POST", f"{_ONE}/read", of="ticket")
async def read(ticket_id: str) -> None:
    """Mark a ticket as read by the caller."""
    await app_context().helpdesk.marks.read(current_visit().actor, ticket_id)


@operation(blueprint, "POST", f"{_ONE}/unread", of="ticket")
async def unread(ticket_id: str) -> None:
    """Mark a ticket as unread by the caller, until they look at it again."""
    await app_context().helpdesk.marks.unread_again(current_visit().actor, ticket_id)

"""Tickets over the API: list, create, read, change, and the steps of their life."""

from typing import Any

from msgspec import UnsetType
from quart import Blueprint, Response, request

from helpdesk.actors import Actor
from helpdesk.errors import Invalid, NotFound
from helpdesk.paging import MAX_PER_PAGE
from helpdesk.tickets.edits import TicketChanges
from helpdesk.tickets.model import Ticket, TicketDraft
from webapp.api.bodies import (
    AssigneeBody,
    EmptyBody,
    ReopenBody,
    ResolveBody,
    TicketBody,
    TicketPatch,
    given,
)
from webapp.api.queries import TICKET_PARAMETERS, number, refuse_unknown, ticket_filter
from webapp.api.shapes import summary_json, ticket_json
from webapp.errors import BodyInvalid
from webapp.failures import answer
from webapp.house import house
from webapp.jsonio import envelope, json_response, read_json
from webapp.sessions import current_visit

blueprint = Blueprint("api_tickets", __name__)


@blueprint.errorhandler(NotFound)
async def unknown(error: NotFound) -> Response:
    """Answer 404 for the ticket itself; for what a body names, the body does not fit."""
    return await answer(error if error.kind == "ticket" else BodyInvalid(str(error)))


@blueprint.get("/api/tickets")
async def tickets() -> Response:
    """List the tickets that the caller may see."""
    refuse_unknown(request.args, TICKET_PARAMETERS)
    found = await house().helpdesk.tickets.list(
        current_visit().actor,
        ticket_filter(request.args),
        sort=request.args.get("sort", "-updated_at"),
        page=number(request.args, "page", 1, 1_000_000),
        per_page=number(request.args, "per_page", 25, MAX_PER_PAGE),
    )
    site_url = await _site_url()
    return json_response(
        envelope(
            [summary_json(row, site_url) for row in found.rows],
            page=found.page,
            per_page=found.per_page,
            total=found.total,
            total_pages=found.total_pages,
        )
    )


@blueprint.post("/api/tickets")
async def create() -> Response:
    """Create a ticket."""
    body, actor = await read_json(TicketBody), current_visit().actor
    draft = TicketDraft(
        subject=body.subject,
        description=body.description,
        priority=body.priority,
        category=body.category,
        type=body.type,
        item=body.item,
        submitter_id=await _submitter(actor, body.submitter),
        **_assignee(body.assignee),
    )
    ticket = await house().helpdesk.tickets.create(actor, draft)
    response = await _one(ticket, status=201)
    response.headers["Location"] = f"/api/tickets/{ticket.id}"
    return response


async def _submitter(actor: Actor, email: str | None) -> str | None:
    if email is None:
        return None
    user = await house().helpdesk.users.find_by_email(actor, email)
    if user is None:
        raise Invalid("submitter", repr(email[:254]), "the email address of an account")
    return user.id


@blueprint.get("/api/tickets/<ticket_id>")
async def ticket(ticket_id: str) -> Response:
    """Return one ticket."""
    return await _one(await house().helpdesk.tickets.get(current_visit().actor, ticket_id))


@blueprint.patch("/api/tickets/<ticket_id>")
async def change(ticket_id: str) -> Response:
    """Change what the body names, all of it or nothing.

    A category that is named without a type empties the type, a type without an item the item.
    """
    body = await read_json(TicketPatch)
    changes = given(
        subject=body.subject,
        description=body.description,
        priority=body.priority,
        status=body.status,
        category=body.category,
        type=body.type,
        item=body.item,
    )
    if not isinstance(body.assignee, UnsetType):
        changes |= _assignee(body.assignee)
    tickets_, actor = house().helpdesk.tickets, current_visit().actor
    return await _one(await tickets_.update(actor, ticket_id, TicketChanges(**changes)))


def _assignee(wanted: AssigneeBody | None) -> dict[str, Any]:
    if wanted is None:
        return {"assignee_user_id": None}
    return {f"assignee_{wanted.kind}_id": wanted.id}


@blueprint.post("/api/tickets/<ticket_id>/resolve")
async def resolve(ticket_id: str) -> Response:
    """Resolve a ticket."""
    body = await read_json(ResolveBody)
    return await _one(
        await house().helpdesk.tickets.resolve(current_visit().actor, ticket_id, body.notes)
    )


@blueprint.post("/api/tickets/<ticket_id>/reopen")
async def reopen(ticket_id: str) -> Response:
    """Reopen a ticket."""
    body = await read_json(ReopenBody)
    return await _one(
        await house().helpdesk.tickets.reopen(current_visit().actor, ticket_id, body.reason)
    )


@blueprint.post("/api/tickets/<ticket_id>/close")
async def close(ticket_id: str) -> Response:
    """Close a ticket."""
    await read_json(EmptyBody)
    return await _one(await house().helpdesk.tickets.close(current_visit().actor, ticket_id))


async def _one(found: Ticket, *, status: int = 200) -> Response:
    return json_response(ticket_json(found, await _site_url()), status=status)


async def _site_url() -> str:
    return (await house().helpdesk.settings.all()).site_url

"""The form that moves messages of a ticket to a new one."""

from collections.abc import Collection, Mapping
from urllib.parse import urlencode

from quart import Response, request

from helpdesk.checks import MAX_SUBJECT
from helpdesk.errors import HelpDeskError, NotAllowed
from webapp.context import app_context
from webapp.http.failures import failure
from webapp.http.forms import form_fields, form_once, many, new_form_id
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.list_place import came_from
from webapp.rendering.links import ticket_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("ticket_split", __name__, Access.SIGNED_IN)

LISTED = 200


@blueprint.get("/tickets/<ticket_id>/split")
async def form(ticket_id: str) -> Response:
    """Show the messages to choose from; the address may name one."""
    message = request.args.get("message", "")
    found = await app_context().helpdesk.tickets.detail(current_visit().actor, ticket_id, limit=1)
    if not found.rights.work:
        raise NotAllowed("split this ticket", "only staff who work on it can")
    return await _form(ticket_id, {"subject": found.ticket.subject}, (message,))


@blueprint.post("/tickets/<ticket_id>/split")
async def split(ticket_id: str) -> Response:
    """Make the new ticket, and show it."""
    fields, chosen = await form_fields(), await many("reply")
    actor = current_visit().actor
    # What the visitor may not see does not exist for them, whatever the form holds.
    await app_context().helpdesk.tickets.get(actor, ticket_id)
    try:
        made = await app_context().helpdesk.splits.split(
            actor, ticket_id, fields.get("subject", ""), chosen, once=form_once(fields)
        )
    except HelpDeskError as error:
        found = failure(error)
        return await _form(ticket_id, fields, chosen, problem=found.message, status=found.status)
    return see(ticket_url(made.number, "split"))


async def _form(
    ticket_id: str,
    typed: Mapping[str, str],
    chosen: Collection[str],
    *,
    problem: str = "",
    status: int = 200,
) -> Response:
    tickets, actor = app_context().helpdesk.tickets, current_visit().actor
    ticket = await tickets.get(actor, ticket_id)
    return page(
        "ticket_split.html",
        status=status,
        ticket=ticket,
        replies=await tickets.replies(actor, ticket_id, per_page=LISTED),
        typed=typed,
        chosen=chosen,
        problem_text=problem,
        form_id=typed.get("form_id") or new_form_id(),
        back=ticket_url(ticket.number, **came_from(request.args)),
        carried=urlencode(came_from(request.args)),
        longest_subject=MAX_SUBJECT,
    )

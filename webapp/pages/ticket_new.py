"""The form for a new ticket: for oneself, or by staff for somebody else."""

from collections.abc import Mapping

from quart import Response, g

from helpdesk.actors import Actor, Role
from helpdesk.checks import MAX_SUBJECT
from helpdesk.errors import HelpDeskError, NotFound
from helpdesk.tickets.model import Priority, TicketDraft
from webapp.context import app_context
from webapp.http.failures import failure
from webapp.http.forms import chosen, form_fields, form_once, new_form_id
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.choices import LEVELS, catalogue_levels, read_place
from webapp.pages.plugin_slots import new_ticket_slots
from webapp.pages.ticket import forget_draft
from webapp.rendering.links import ticket_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("ticket_new", __name__, Access.SIGNED_IN)


@blueprint.get("/tickets/new")
async def form() -> Response:
    """Show the empty form."""
    return await _form({}, {}, 200)


@blueprint.post("/tickets/new")
async def create() -> Response:
    """Create the ticket and show it; or show the form again with what is wrong."""
    fields = await form_fields()
    actor = current_visit().actor
    try:
        draft = _draft(actor, fields)
        ticket = await app_context().helpdesk.tickets.create(actor, draft, once=form_once(fields))
    except NotFound as error:
        return await _form(fields, {error.kind: str(error)}, 422)
    except HelpDeskError as error:
        found = failure(error)
        return await _form(fields, found.fields or {"": found.message}, found.status)
    await forget_draft()
    return see(ticket_url(ticket.number, "created"))


def _draft(actor: Actor, fields: Mapping[str, str]) -> TicketDraft:
    for_another = actor.role != Role.USER
    return TicketDraft(
        subject=fields.get("subject", ""),
        description=fields.get("description", ""),
        priority=fields.get("priority") or Priority.MEDIUM,
        **read_place({name: fields.get(name, "") for name in LEVELS}),
        submitter_email=chosen(fields, "submitter") if for_another else None,
        submitter_name=chosen(fields, "submitter_name") if for_another else None,
    )


async def _form(fields: Mapping[str, str], problems: Mapping[str, str], status: int) -> Response:
    widgets = new_ticket_slots()
    g.frame_sources = ("'self'",) if widgets else ()
    tree = await app_context().helpdesk.catalogue.tree()
    return page(
        "ticket_new.html",
        form_id=fields.get("form_id") or new_form_id(),
        status=status,
        fields=fields,
        widgets=widgets,
        problems=problems,
        levels=catalogue_levels(tree, fields),
        priorities=tuple(Priority),
        longest_subject=MAX_SUBJECT,
        for_others=current_visit().signed_in.role is not Role.USER,
    )

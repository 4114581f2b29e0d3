"""Saved views: kept from the list as it is shown; renamed, shared and deleted on their own page."""

from dataclasses import replace

from quart import Response, request

from helpdesk.errors import HelpDeskError
from helpdesk.scopes import OWN
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.list_query import Wanted
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.pages.scope_choices import scope_choices
from webapp.pages.ticket_list import show_list
from webapp.pages.views import views_of_visitor
from webapp.rendering.catalogues import N_
from webapp.rendering.links import list_url, section_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("saved_views", __name__, Access.SIGNED_IN)

SECTION = "views"
DONE = {"saved": N_("View saved."), "deleted": N_("View deleted.")}


@blueprint.get("/views")
async def saved_views() -> Response:
    """List the views that the visitor may use."""
    return await _list(done_from_address(DONE))


async def _list(outcome: Outcome = NOTHING) -> Response:
    scopes = await scope_choices()
    return page(
        "saved_views.html",
        status=outcome.status,
        outcome=outcome,
        views=await app_context().helpdesk.views.all(current_visit().actor),
        scopes=scopes,
        scope_names={choice.value: choice.label for choice in scopes},
    )


@blueprint.post("/views")
async def create() -> Response:
    """Keep the list that the address describes, and show it."""
    fields = await form_fields()
    known = await views_of_visitor()
    wanted = Wanted.read(request.args, known)
    actor, asked = current_visit().actor, wanted.filter()
    try:
        await app_context().helpdesk.tickets.require_known(actor, asked)
        found = await app_context().helpdesk.tickets.list(
            actor, asked, within=known[wanted.view].filter, exact=wanted.exact, per_page=1
        )
        if found.correction is not None:
            asked = replace(asked, text=found.correction.text)
        made = await app_context().helpdesk.views.create(
            actor,
            name=fields.get("view_name", ""),
            scope=fields.get("scope", OWN),
            wanted=known[wanted.view].filter.refined(asked),
            sort=wanted.sort,
        )
    except HelpDeskError as error:
        return await show_list(refused(error, fields, form="view"))
    return see(list_url([("view", made.id), ("sort", made.sort)]))


@blueprint.post("/views/<view_id>")
async def save(view_id: str) -> Response:
    """Rename a view, or make it somebody else's too."""
    fields = await form_fields()
    try:
        await app_context().helpdesk.views.update(
            current_visit().actor, view_id, name=fields.get("name", ""), scope=fields.get("scope")
        )
    except HelpDeskError as error:
        return await _list(refused(error, fields, form=view_id))
    return see(section_url(SECTION, done="saved"))


@blueprint.post("/views/<view_id>/delete")
async def delete(view_id: str) -> Response:
    """Delete a view."""
    try:
        await app_context().helpdesk.views.delete(current_visit().actor, view_id)
    except HelpDeskError as error:
        return await _list(refused(error))
    return see(section_url(SECTION, done="deleted"))

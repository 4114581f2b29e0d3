"""Admin, statuses: the three built-in ones, and those that admins add between them."""

from quart import Response

from helpdesk.errors import HelpDeskError
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.rendering.catalogues import N_
from webapp.rendering.links import admin_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("statuses", __name__, Access.ADMIN)

SECTION = "statuses"
DONE = {
    "added": N_("Status added."),
    "renamed": N_("Status renamed."),
    "removed": N_("Status removed."),
}


@blueprint.get("/admin/statuses")
async def statuses() -> Response:
    """List the statuses."""
    return await _list(done_from_address(DONE))


async def _list(outcome: Outcome = NOTHING) -> Response:
    found = await app_context().helpdesk.statuses.all()
    return page("statuses.html", status=outcome.status, outcome=outcome, statuses=found)


@blueprint.post("/admin/statuses")
async def add() -> Response:
    """Add a status."""
    fields = await form_fields()
    try:
        await app_context().helpdesk.statuses.add(current_visit().actor, fields.get("name", ""))
    except HelpDeskError as error:
        return await _list(refused(error, fields))
    return see(admin_url(SECTION, done="added"))


@blueprint.post("/admin/statuses/rename")
async def rename() -> Response:
    """Rename an added status; tickets follow."""
    fields = await form_fields()
    name, new_name = fields.get("status", ""), fields.get("new_name", "")
    try:
        await app_context().helpdesk.statuses.rename(current_visit().actor, name, new_name)
    except HelpDeskError as error:
        return await _list(refused(error, fields, "rename"))
    return see(admin_url(SECTION, done="renamed"))


@blueprint.post("/admin/statuses/remove")
async def remove() -> Response:
    """Remove an added status that no ticket has."""
    fields = await form_fields()
    try:
        await app_context().helpdesk.statuses.remove(
            current_visit().actor, fields.get("status", "")
        )
    except HelpDeskError as error:
        return await _list(refused(error, fields, "remove"))
    return see(admin_url(SECTION, done="removed"))

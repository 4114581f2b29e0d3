"""Canned replies: the list of those that one may use, and a page to change each."""

from quart import Response

from helpdesk.canned import PLACEHOLDERS
from helpdesk.errors import HelpDeskError
from helpdesk.scopes import OWN
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.pages.scope_choices import scope_choices
from webapp.rendering.catalogues import N_
from webapp.rendering.links import section_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("canned_replies", __name__, Access.SIGNED_IN)

SECTION = "canned-replies"
DONE = {
    "created": N_("The canned reply is kept."),
    "saved": N_("The canned reply is saved."),
    "deleted": N_("The canned reply is deleted."),
}


@blueprint.get("/canned-replies")
async def canned_replies() -> Response:
    """List those that the visitor may use."""
    return await _list(done_from_address(DONE))


async def _list(outcome: Outcome = NOTHING) -> Response:
    found = await app_context().helpdesk.canned.all(current_visit().actor)
    scopes = await scope_choices()
    return page(
        "canned_replies.html",
        status=outcome.status,
        outcome=outcome,
        canned=found,
        scopes=scopes,
        scope_names={choice.value: choice.label for choice in scopes},
        placeholders=tuple(PLACEHOLDERS),
    )


@blueprint.post("/canned-replies")
async def create() -> Response:
    """Keep a new one."""
    fields = await form_fields()
    try:
        await app_context().helpdesk.canned.create(
            current_visit().actor,
            name=fields.get("name", ""),
            body=fields.get("body", ""),
            scope=fields.get("scope", OWN),
        )
    except HelpDeskError as error:
        return await _list(refused(error, fields))
    return see(section_url(SECTION, done="created"))


@blueprint.get("/canned-replies/<canned_id>")
async def canned_reply(canned_id: str) -> Response:
    """Show one."""
    return await _show(canned_id, done_from_address(DONE))


async def _show(canned_id: str, outcome: Outcome) -> Response:
    canned = await app_context().helpdesk.canned.get(current_visit().actor, canned_id)
    return page(
        "canned_reply.html",
        status=outcome.status,
        outcome=outcome,
        canned=canned,
        scopes=await scope_choices(),
        placeholders=tuple(PLACEHOLDERS),
    )


@blueprint.post("/canned-replies/<canned_id>")
async def save(canned_id: str) -> Response:
    """Change one."""
    fields = await form_fields()
    try:
        await app_context().helpdesk.canned.update(
            current_visit().actor,
            canned_id,
            name=fields.get("name", ""),
            body=fields.get("body", ""),
            scope=fields.get("scope"),
        )
    except HelpDeskError as error:
        return await _show(canned_id, refused(error, fields))
    return see(section_url(SECTION, canned_id, "saved"))


@blueprint.post("/canned-replies/<canned_id>/delete")
async def delete(canned_id: str) -> Response:
    """Delete one."""
    try:
        await app_context().helpdesk.canned.delete(current_visit().actor, canned_id)
    except HelpDeskError as error:
        return await _show(canned_id, refused(error))
    return see(section_url(SECTION, done="deleted"))

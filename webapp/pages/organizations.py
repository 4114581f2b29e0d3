"""Organizations: staff look them up; admins make and change them, under Admin."""

from collections.abc import Mapping

from quart import Response, request

from helpdesk.errors import HelpDeskError
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.pages.unchanged import digest, require_unchanged
from webapp.rendering.catalogues import N_
from webapp.rendering.links import admin_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("organizations", __name__, Access.ADMIN)
reading = Section("organizations_read", __name__, Access.SIGNED_IN)

SECTION = "organizations"
PER_PAGE = 50
DONE = {
    "created": N_("Organization created."),
    "saved": N_("Organization saved."),
    "deleted": N_("Organization deleted."),
    "added": N_("Member added."),
    "removed": N_("Member removed."),
}


def _page_number() -> int:
    number = request.args.get("page", "")
    wanted = int(number) if number.isascii() and number.isdigit() and len(number) < 6 else 1
    return max(1, wanted)


@blueprint.get("/admin/organizations")
async def organizations() -> Response:
    """List organizations, searched by name."""
    return await _list(done_from_address(DONE))


async def _list(outcome: Outcome) -> Response:
    text = request.args.get("q", "")
    found = await app_context().helpdesk.organizations.list(
        current_visit().actor, text=text, page=_page_number(), per_page=PER_PAGE
    )
    return page(
        "organizations.html", status=outcome.status, outcome=outcome, found=found, text=text
    )


@blueprint.post("/admin/organizations")
async def create() -> Response:
    """Create an organization; the rest is on its own page."""
    fields = await form_fields()
    try:
        made = await app_context().helpdesk.organizations.create(
            current_visit().actor,
            name=fields.get("name", ""),
            domains=fields.get("domains", ""),
        )
    except HelpDeskError as error:
        return await _list(refused(error, fields))
    return see(admin_url(SECTION, made.id, "created"))


@blueprint.get("/admin/organizations/<organization_id>")
async def organization_page(organization_id: str) -> Response:
    """Show one organization with its members, to be changed."""
    return await _show(organization_id, done_from_address(DONE))


@reading.get("/organizations/<organization_id>")
async def read_organization(organization_id: str) -> Response:
    """Show one organization to staff."""
    return await _show(organization_id, NOTHING, changeable=False)


async def _show(organization_id: str, outcome: Outcome, *, changeable: bool = True) -> Response:
    desk, actor = app_context().helpdesk, current_visit().actor
    found = await desk.organizations.get(actor, organization_id)
    return page(
        "organization.html",
        status=outcome.status,
        outcome=outcome,
        organization=found,
        changeable=changeable,
        members=await desk.organizations.members(
            actor, organization_id, page=_page_number(), per_page=PER_PAGE
        ),
        seen=digest(found),
    )


@blueprint.post("/admin/organizations/<organization_id>")
async def save(organization_id: str) -> Response:
    """Change an organization."""
    fields = await form_fields()
    desk, actor = app_context().helpdesk.organizations, current_visit().actor
    try:
        require_unchanged(fields, await desk.get(actor, organization_id))
        await desk.update(
            actor,
            organization_id,
            name=fields.get("name", ""),
            domains=fields.get("domains", ""),
            notes=fields.get("notes", ""),
            shares="shares" in fields,
        )
    except HelpDeskError as error:
        return await _again(organization_id, error, fields, "organization")
    return see(admin_url(SECTION, organization_id, "saved"))


@blueprint.post("/admin/organizations/<organization_id>/members")
async def add_member(organization_id: str) -> Response:
    """Add a requester, by their address."""
    fields = await form_fields()
    try:
        await app_context().helpdesk.organizations.add_member(
            current_visit().actor, organization_id, fields.get("email", "")
        )
    except HelpDeskError as error:
        return await _again(organization_id, error, fields, "member")
    return see(admin_url(SECTION, organization_id, "added"))


@blueprint.post("/admin/organizations/<organization_id>/members/<user_id>/remove")
async def remove_member(organization_id: str, user_id: str) -> Response:
    """Take somebody out."""
    await app_context().helpdesk.organizations.remove_member(
        current_visit().actor, organization_id, user_id
    )
    return see(admin_url(SECTION, organization_id, "removed"))


@blueprint.post("/admin/organizations/<organization_id>/delete")
async def delete(organization_id: str) -> Response:
    """Delete an organization."""
    await app_context().helpdesk.organizations.delete(current_visit().actor, organization_id)
    return see(admin_url(SECTION, done="deleted"))


async def _again(
    organization_id: str, error: HelpDeskError, fields: Mapping[str, str], form: str
) -> Response:
    # For an organization that does not exist this raises NotFound, and the answer is 404.
    return await _show(organization_id, refused(error, fields, form))

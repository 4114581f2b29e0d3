"""Admin, groups: who belongs to which, and which categories each is responsible for."""

from collections.abc import Mapping

from quart import Response

from helpdesk.errors import HelpDeskError
from webapp.context import app_context
from webapp.http.forms import form_fields, many
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.pages.unchanged import digest, require_unchanged
from webapp.rendering.catalogues import N_
from webapp.rendering.links import admin_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("groups", __name__, Access.ADMIN)

SECTION = "groups"
DONE = {
    "created": N_("Group created."),
    "saved": N_("Group saved."),
    "deleted": N_("Group deleted."),
}


@blueprint.get("/admin/groups")
async def groups() -> Response:
    """List the groups."""
    return await _list(done_from_address(DONE))


async def _list(outcome: Outcome = NOTHING) -> Response:
    desk, actor = app_context().helpdesk, current_visit().actor
    return page(
        "groups.html",
        status=outcome.status,
        outcome=outcome,
        groups=await desk.groups.all(actor),
        categories={category.id: category.name for category in await desk.catalogue.tree()},
    )


@blueprint.post("/admin/groups")
async def create() -> Response:
    """Create a group; who belongs to it is chosen on its own page."""
    fields = await form_fields()
    try:
        group = await app_context().helpdesk.groups.create(
            current_visit().actor, name=fields.get("name", "")
        )
    except HelpDeskError as error:
        return await _list(refused(error, fields))
    return see(admin_url(SECTION, group.id, "created"))


@blueprint.get("/admin/groups/<group_id>")
async def group_page(group_id: str) -> Response:
    """Show one group."""
    return await _show(group_id, done_from_address(DONE))


async def _show(group_id: str, outcome: Outcome) -> Response:
    desk, actor = app_context().helpdesk, current_visit().actor
    group = await desk.groups.get(actor, group_id)
    people = {person.id: person for person in await desk.users.assignable(actor)}
    # A member who is disabled is not offered for tickets, but stays a member until unchecked.
    for user_id in group.member_ids:
        if user_id not in people:
            people[user_id] = await desk.users.get(actor, user_id)
    return page(
        "group.html",
        status=outcome.status,
        outcome=outcome,
        group=group,
        members=frozenset(group.member_ids),
        people=tuple(people.values()),
        categories=await desk.catalogue.tree(),
        seen=digest(group),
    )


@blueprint.post("/admin/groups/<group_id>")
async def save(group_id: str) -> Response:
    """Change a group: its name, its members, its categories."""
    fields = await form_fields()
    groups_, actor = app_context().helpdesk.groups, current_visit().actor
    try:
        require_unchanged(fields, await groups_.get(actor, group_id))
        await groups_.update(
            actor,
            group_id,
            name=fields.get("name", ""),
            member_ids=await many("member"),
            category_ids=await many("category"),
        )
    except HelpDeskError as error:
        return await _again(group_id, error, fields)
    return see(admin_url(SECTION, group_id, "saved"))


@blueprint.post("/admin/groups/<group_id>/delete")
async def delete(group_id: str) -> Response:
    """Delete a group that no ticket is assigned to."""
    try:
        await app_context().helpdesk.groups.delete(current_visit().actor, group_id)
    except HelpDeskError as error:
        return await _again(group_id, error, {})
    return see(admin_url(SECTION, done="deleted"))


async def _again(group_id: str, error: HelpDeskError, fields: Mapping[str, str]) -> Response:
    # For a group that does not exist this raises NotFound, and the answer is 404.
    return await _show(group_id, refused(error, fields))

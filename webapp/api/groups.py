"""Groups over the API: staff see them, admins change them."""

from webapp.api.bodies import GroupBody, GroupPatch, given
from webapp.api.operations import operation
from webapp.api.people_shapes import GroupOut, group_json
from webapp.api.shapes import Listing, whole_list
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_groups", __name__, Access.SIGNED_IN)

_ONE = "/api/groups/<group_id>"


@operation(blueprint, "GET", "/api/groups", errors=(403,))
async def groups() -> Listing[GroupOut]:
    """List the groups by name (staff)."""
    found = await app_context().helpdesk.groups.all(current_visit().actor)
    return whole_list([group_json(group) for group in found])


@operation(
    blueprint, "POST", "/api/groups", status=201, location="/api/groups/{id}", errors=(403, 409)
)
async def create(body: GroupBody) -> GroupOut:
    """Create a group (admins)."""
    return group_json(
        await app_context().helpdesk.groups.create(
            current_visit().actor,
            name=body.name,
            member_ids=body.member_ids,
            category_ids=body.category_ids,
        )
    )


@operation(blueprint, "GET", _ONE, of="group", errors=(403,))
async def group(group_id: str) -> GroupOut:
    """Return one group (staff)."""
    return group_json(await app_context().helpdesk.groups.get(current_visit().actor, group_id))


@operation(blueprint, "PATCH", _ONE, of="group", errors=(403, 409))
async def change(group_id: str, body: GroupPatch) -> GroupOut:
    """Change a group (admins)."""
    changes = given(name=body.name, member_ids=body.member_ids, category_ids=body.category_ids)
    return group_json(
        await app_context().helpdesk.groups.update(current_visit().actor, group_id, **changes)
    )


@operation(blueprint, "DELETE", _ONE, of="group", errors=(403, 409))
async def delete(group_id: str) -> None:
    """Delete a group that no ticket is assigned to (admins)."""
    await app_context().helpdesk.groups.delete(current_visit().actor, group_id)

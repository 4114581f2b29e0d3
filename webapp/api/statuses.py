"""Statuses over the API: readable by everyone; admins change added ones."""

from webapp.api.bodies import NameBody
from webapp.api.operations import operation
from webapp.api.people_shapes import StatusOut, status_json
from webapp.api.shapes import Listing, whole_list
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_statuses", __name__, Access.SIGNED_IN)

_ONE = "/api/statuses/<path:name>"


@operation(blueprint, "GET", "/api/statuses")
async def statuses() -> Listing[StatusOut]:
    """List the statuses in their order."""
    found = await app_context().helpdesk.statuses.all()
    return whole_list([status_json(status) for status in found])


@operation(blueprint, "POST", "/api/statuses", status=201, errors=(403, 409))
async def add(body: NameBody) -> StatusOut:
    """Add a status between New and Resolved (admins)."""
    return status_json(await app_context().helpdesk.statuses.add(current_visit().actor, body.name))


@operation(blueprint, "PATCH", _ONE, of="status", errors=(403, 409))
async def rename(name: str, body: NameBody) -> StatusOut:
    """Rename an added status, also on its tickets (admins)."""
    actor = current_visit().actor
    return status_json(await app_context().helpdesk.statuses.rename(actor, name, body.name))


@operation(blueprint, "DELETE", _ONE, of="status", errors=(403, 409))
async def remove(name: str) -> None:
    """Remove an added status that no ticket has (admins)."""
    await app_context().helpdesk.statuses.remove(current_visit().actor, name)

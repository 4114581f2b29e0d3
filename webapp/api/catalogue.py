"""The catalogue over the API: readable by everyone, changed by admins."""

from webapp.api.bodies import NameBody, NodeBody
from webapp.api.operations import operation
from webapp.api.people_shapes import CategoryOut, NodeOut, category_json
from webapp.api.shapes import Listing, whole_list
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_catalogue", __name__, Access.SIGNED_IN)

_ONE = "/api/catalogue/<node_id>"
_KIND = "category, type or item"


@operation(blueprint, "GET", "/api/catalogue")
async def catalogue() -> Listing[CategoryOut]:
    """List the categories with their types and the types' items, by name."""
    tree = await app_context().helpdesk.catalogue.tree()
    return whole_list([category_json(category) for category in tree])


@operation(blueprint, "POST", "/api/catalogue", status=201, errors=(403, 409))
async def add(body: NodeBody) -> NodeOut:
    """Add a category, a type to a category, or an item to a type (admins)."""
    added = await app_context().helpdesk.catalogue.add(
        current_visit().actor, body.parent, body.name
    )
    return NodeOut(added.id, added.name)


@operation(blueprint, "PATCH", _ONE, of=_KIND, errors=(403, 409))
async def rename(node_id: str, body: NameBody) -> NodeOut:
    """Rename a category, type or item, also on its tickets (admins)."""
    renamed = await app_context().helpdesk.catalogue.rename(
        current_visit().actor, node_id, body.name
    )
    return NodeOut(renamed.id, renamed.name)


@operation(blueprint, "DELETE", _ONE, of=_KIND, errors=(403, 409))
async def delete(node_id: str) -> None:
    """Delete an unused category, type or item, with everything below it (admins)."""
    await app_context().helpdesk.catalogue.delete(current_visit().actor, node_id)

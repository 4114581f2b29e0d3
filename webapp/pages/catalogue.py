"""Admin, catalogue: categories, their types, the types' items."""

from dataclasses import dataclass

from quart import Response

from helpdesk.catalogue import CategoryNode
from helpdesk.errors import HelpDeskError, NotFound
from helpdesk.tickets.model import Ref
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address, refused
from webapp.rendering.catalogues import N_
from webapp.rendering.links import admin_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("catalogue", __name__, Access.ADMIN)

SECTION = "catalogue"
DONE = {
    "added": N_("Added."),
    "renamed": N_("Renamed."),
    "deleted": N_("Deleted."),
}


@dataclass(frozen=True, slots=True)
class Node:
    """One category, type or item with what stands above and below it."""

    kind: str
    ref: Ref
    above: tuple[Ref, ...]
    below: tuple[Ref, ...]

    @property
    def kind_below(self) -> str | None:
        """What its children are called; None for an item, which has none."""
        return {"category": "type", "type": "item"}.get(self.kind)


def find(tree: tuple[CategoryNode, ...], node_id: str) -> Node:
    """Return one node of the catalogue by its id. Raises ``NotFound``."""
    for category in tree:
        top = Ref(category.id, category.name)
        types = tuple(Ref(kind.id, kind.name) for kind in category.types)
        if category.id == node_id:
            return Node("category", top, (), types)
        for kind, ref in zip(category.types, types, strict=True):
            if kind.id == node_id:
                return Node("type", ref, (top,), kind.items)
            for item in kind.items:
                if item.id == node_id:
                    return Node("item", item, (top, ref), ())
    raise NotFound("category, type or item", node_id)


@blueprint.get("/admin/catalogue")
async def catalogue() -> Response:
    """Show all of it."""
    return await _tree(done_from_address(DONE))


async def _tree(outcome: Outcome = NOTHING) -> Response:
    tree = await app_context().helpdesk.catalogue.tree()
    return page("catalogue.html", status=outcome.status, outcome=outcome, tree=tree)


@blueprint.post("/admin/catalogue")
async def add_category() -> Response:
    """Add a category."""
    fields = await form_fields()
    try:
        added = await app_context().helpdesk.catalogue.add_category(
            current_visit().actor, fields.get("name", "")
        )
    except HelpDeskError as error:
        return await _tree(refused(error, fields))
    return see(admin_url(SECTION, added.id, "added"))


@blueprint.get("/admin/catalogue/<node_id>")
async def node_page(node_id: str) -> Response:
    """Show one category, type or item."""
    return await _show(node_id, done_from_address(DONE))


async def _show(node_id: str, outcome: Outcome) -> Response:
    node = find(await app_context().helpdesk.catalogue.tree(), node_id)
    return page("catalogue_node.html", status=outcome.status, outcome=outcome, node=node)


@blueprint.post("/admin/catalogue/<node_id>/add")
async def add_below(node_id: str) -> Response:
    """Add a type to a category, or an item to a type."""
    fields = await form_fields()
    desk, actor, name = (
        app_context().helpdesk.catalogue,
        current_visit().actor,
        fields.get("name", ""),
    )
    find(await desk.tree(), node_id)
    try:
        await desk.add(actor, node_id, name)
    except HelpDeskError as error:
        return await _show(node_id, refused(error, fields, "add"))
    return see(admin_url(SECTION, node_id, "added"))


@blueprint.post("/admin/catalogue/<node_id>/rename")
async def rename(node_id: str) -> Response:
    """Rename a node; tickets follow."""
    fields = await form_fields()
    try:
        await app_context().helpdesk.catalogue.rename(
            current_visit().actor, node_id, fields.get("name", "")
        )
    except HelpDeskError as error:
        return await _show(node_id, refused(error, fields, "rename"))
    return see(admin_url(SECTION, node_id, "renamed"))


@blueprint.post("/admin/catalogue/<node_id>/delete")
async def delete(node_id: str) -> Response:
    """Delete a node that no ticket uses, with all below it."""
    desk = app_context().helpdesk.catalogue
    node = find(await desk.tree(), node_id)
    try:
        await desk.delete(current_visit().actor, node_id)
    except HelpDeskError as error:
        return await _show(node_id, refused(error))
    return see(admin_url(SECTION, node.above[-1].id if node.above else "", "deleted"))

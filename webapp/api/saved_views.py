"""Saved views over the API, with how many tickets are in each."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from helpdesk.saved_views import SavedView
from helpdesk.tickets.model import TicketFilter
from webapp.api.bodies import Body, Name, given
from webapp.api.canned_replies import ScopeName
from webapp.api.operations import operation
from webapp.api.queries import SORT_NAMES
from webapp.api.shapes import Listing, whole_list
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_saved_views", __name__, Access.SIGNED_IN)

_ALL = "/api/views"
_ONE = f"{_ALL}/<view_id>"
SortName = Annotated[str, Meta(extra_json_schema={"enum": list(SORT_NAMES)})]


class FilterBody(Body):
    """Which tickets a view shows, as the parameters of the list; all are joined by *and*."""

    status: list[str] = msgspec.field(default_factory=list)
    priority: list[str] = msgspec.field(default_factory=list)
    category: str | None = None
    type: str | None = None
    item: str | None = None
    assignee_id: str | None = None
    group_id: str | None = None
    submitter_id: str | None = None
    rating: str | None = None
    organization: str | None = None
    field: str | None = None
    field_value: str | None = None
    created_from: str | None = None
    created_to: str | None = None
    updated_from: str | None = None
    updated_to: str | None = None
    tags: list[str] = msgspec.field(default_factory=list)
    mine: bool = False
    followed: bool = False
    unassigned: bool = False
    open_only: bool = False
    workable: bool = False
    text: Annotated[str, Meta(max_length=200)] = ""


class ViewOut(Struct):
    """A filter and an order under a name."""

    id: str
    name: str
    scope: str
    filter: FilterBody
    sort: str
    tickets: int
    """In it now, for the caller."""


class ViewBody(Body):
    """A new view."""

    name: Name
    filter: FilterBody
    sort: SortName = "-updated_at"
    scope: ScopeName = "own"


class ViewPatch(Body):
    """Changes to a view; a filter replaces the whole of the old one."""

    name: Name | UnsetType = UNSET
    filter: FilterBody | UnsetType = UNSET
    sort: SortName | UnsetType = UNSET
    scope: ScopeName | UnsetType = UNSET


@operation(blueprint, "GET", _ALL)
async def views() -> Listing[ViewOut]:
    """List the saved views that the caller may use; for submitters there are none."""
    found = await app_context().helpdesk.views.all(current_visit().actor)
    return whole_list(await _shown(*found))


@operation(blueprint, "POST", _ALL, status=201, location=f"{_ALL}/{{id}}", errors=(403, 409))
async def create(body: ViewBody) -> ViewOut:
    """Save a view (staff); one for everyone is for admins to make."""
    made = await app_context().helpdesk.views.create(
        current_visit().actor,
        name=body.name,
        scope=body.scope,
        wanted=_filter(body.filter),
        sort=body.sort,
    )
    return (await _shown(made))[0]


@operation(blueprint, "GET", _ONE, of="view", errors=(403,))
async def view(view_id: str) -> ViewOut:
    """Return a saved view (staff)."""
    return (await _shown(await app_context().helpdesk.views.get(current_visit().actor, view_id)))[0]


@operation(blueprint, "PATCH", _ONE, of="view", errors=(403, 409))
async def change(view_id: str, body: ViewPatch) -> ViewOut:
    """Change a saved view."""
    changes = given(name=body.name, sort=body.sort, scope=body.scope)
    if not isinstance(body.filter, UnsetType):
        changes["wanted"] = _filter(body.filter)
    views_, actor = app_context().helpdesk.views, current_visit().actor
    return (await _shown(await views_.update(actor, view_id, **changes)))[0]


@operation(blueprint, "DELETE", _ONE, of="view", errors=(403,))
async def delete(view_id: str) -> None:
    """Delete a saved view."""
    await app_context().helpdesk.views.delete(current_visit().actor, view_id)


def _filter(body: FilterBody) -> TicketFilter:
    return msgspec.convert(msgspec.structs.asdict(body), TicketFilter)


async def _shown(*found: SavedView) -> list[ViewOut]:
    counts = await app_context().helpdesk.tickets.view_counts(
        current_visit().actor, {view.id: view.filter for view in found}
    )
    return [
        ViewOut(
            view.id,
            view.name,
            view.scope.text,
            msgspec.convert(msgspec.to_builtins(view.filter), FilterBody),
            view.sort,
            counts[view.id],
        )
        for view in found
    ]

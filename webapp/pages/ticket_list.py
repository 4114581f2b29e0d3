"""The list of tickets: saved views with their counts, search, filters, sorting and paging."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from quart import Response, request

from helpdesk.actors import Actor, Role
from helpdesk.tickets.model import Priority
from webapp.context import app_context
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.list_offers import read_offers
from webapp.pages.list_place import row_url
from webapp.pages.list_query import SHARED_VIEW, SORTS, USUAL_SORT, Wanted, require_single, turned
from webapp.pages.numbered_links import own_address
from webapp.pages.options import Choice
from webapp.pages.outcomes import NOTHING, Outcome
from webapp.pages.scope_choices import scope_choices
from webapp.pages.views import View, views_of_visitor
from webapp.rendering.catalogues import N_
from webapp.rendering.links import list_url
from webapp.routes import Access, Section
from webapp.visitors.languages import say_many
from webapp.visitors.sessions import current_visit

blueprint = Section("ticket_list", __name__, Access.SIGNED_IN)

PER_PAGE = 25
_REQUESTER = N_("Requester")
_COLUMNS = (
    ("subject", N_("Subject"), "subject"),
    ("status", N_("Status"), "status"),
    ("priority", N_("Priority"), "-priority"),
    ("", _REQUESTER, ""),
    ("", N_("Assignee"), ""),
    ("updated_at", N_("Updated"), "-updated_at"),
)
"""Sort order, heading, and which way round a first click sorts."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A view, with how many tickets are in it."""

    label: str
    address: str
    count: int
    is_shown: bool
    is_saved: bool


@dataclass(frozen=True, slots=True)
class Save:
    """The form that saves the list as a view; for staff."""

    address: str
    scopes: tuple[Choice, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A heading of the table; one with an address sorts by it."""

    label: str
    address: str | None
    direction: str | None
    """``ascending`` or ``descending`` where the list is sorted by it."""


@dataclass(frozen=True, slots=True)
class Bulk:
    """The form that changes every chosen ticket; for staff."""

    address: str
    chosen: frozenset[str]
    """Ids of the tickets that were chosen when it was refused."""


@blueprint.get("/tickets")
async def tickets() -> Response:
    """Show one page of the tickets that the visitor may see."""
    is_staff = current_visit().signed_in.role is not Role.USER
    address = await own_address(app_context().helpdesk.database, request.args, is_staff=is_staff)
    if address is not None:
        return see(address)
    done = request.args.get("done", "")
    return await show_list(Outcome(done=_changed(int(done))) if _is_number(done) else NOTHING)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 7


def _changed(count: int) -> str:
    return say_many("{n} ticket updated.", "{n} tickets updated.", count)


async def show_list(outcome: Outcome, *, chosen: Iterable[str] = ()) -> Response:
    """Show the list that the address asks for, and what came of changing the chosen tickets."""
    return page(
        "tickets.html",
        status=outcome.status,
        outcome=outcome,
        **await app_context().helpdesk.database.look(partial(_read, frozenset(chosen))),
    )


async def _read(chosen: frozenset[str]) -> dict[str, Any]:
    """Read all that the page shows, by the names of the template."""
    desk, visit = app_context().helpdesk, current_visit()
    views = await views_of_visitor()
    require_single(request.args.items(multi=True))
    wanted = Wanted.read(request.args, views)
    await desk.tickets.require_known(visit.actor, wanted.filter())
    found = await desk.tickets.list(
        visit.actor,
        wanted.filter(),
        within=views[wanted.view].filter,
        exact=wanted.exact,
        sort=wanted.sort,
        page=max(1, wanted.page),
        per_page=PER_PAGE,
    )
    offers = await read_offers(visit.actor)
    wanted = wanted.as_offered(offers.by_name())
    arguments = [(name, value) for name, value in request.args.items() if name != "done"]
    literal = list_url(arguments, exact="true", page="")
    if found.correction is not None and not found.correction.exact:
        # What leads on from here goes by what was found.
        arguments = [(n, found.correction.text if n == "q" else v) for n, v in arguments]
    return {
        "bulk": Bulk(_bulk_url(arguments), chosen) if offers.users else None,
        "wanted": wanted,
        "found": found,
        "literal": literal,
        "tag_url": lambda tag: list_url([("tag", tag)]),
        "addresses": {row.id: row_url(row, arguments, wanted.sort) for row in found.rows},
        "offers": offers,
        "priorities": tuple(Priority),
        "sorts": SORTS,
        "usual_sort": USUAL_SORT,
        "title": views[wanted.view].shown_title,
        "views": await _tabs(visit.actor, views, wanted.view),
        "save": await _save(arguments) if offers.users else None,
        "columns": _columns(arguments, wanted, is_staff=bool(offers.users)),
        "with_requester": _has_requester(wanted, is_staff=bool(offers.users)),
        "pages": _pages(arguments, found.page, found.total_pages),
        "clear": list_url([("view", wanted.view)]),
    }


async def _tabs(actor: Actor, views: dict[str, View], shown: str) -> list[Tab]:
    filters = {name: view.filter for name, view in views.items()}
    counts = await app_context().helpdesk.tickets.view_counts(actor, filters)
    return [
        Tab(view.shown_title, _view_url(name, view), counts[name], name == shown, view.is_saved)
        for name, view in views.items()
    ]


def _bulk_url(arguments: list[tuple[str, str]]) -> str:
    return list_url(arguments).replace("/tickets", "/tickets/bulk", 1)


def _view_url(name: str, view: View) -> str:
    return list_url([("view", name), ("sort", view.sort if view.sort != USUAL_SORT else "")])


async def _save(arguments: list[tuple[str, str]]) -> Save:
    kept = [(name, value) for name, value in arguments if name != "page"]
    address = list_url(kept).replace("/tickets", "/views", 1)
    return Save(address, await scope_choices())


def _columns(arguments: list[tuple[str, str]], wanted: Wanted, *, is_staff: bool) -> list[Column]:
    shown = _has_requester(wanted, is_staff=is_staff)
    return [
        _column(arguments, wanted.sort, *column)
        for column in _COLUMNS
        if shown or column[1] != _REQUESTER
    ]


def _has_requester(wanted: Wanted, *, is_staff: bool) -> bool:
    """Tell whether the tickets may be of several people: a requester's own list is theirs alone."""
    return is_staff or wanted.view in SHARED_VIEW


def _column(
    arguments: list[tuple[str, str]], sort: str, order: str, label: str, first: str
) -> Column:
    if not order:
        return Column(label, None, None)
    direction = None
    if sort.removeprefix("-") == order:
        direction = "descending" if sort.startswith("-") else "ascending"
    return Column(label, list_url(arguments, sort=turned(sort, order, first), page=""), direction)


def _pages(arguments: list[tuple[str, str]], shown: int, last: int) -> dict[str, str]:
    """Return the addresses of the pages around this one, by what their links say."""
    around = {}
    if shown > 2:
        around["first"] = 1
    if shown > 1:
        around["previous"] = min(shown - 1, max(1, last))
    if shown < last:
        around["next"] = shown + 1
    if shown < last - 1:
        around["last"] = last
    return {name: list_url(arguments, page=str(number)) for name, number in around.items()}

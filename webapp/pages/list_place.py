"""The list that a ticket was opened from, and the reader's place in it.

The ticket's address carries both: ``list`` is the query string of the list, ``at`` the place. So a
ticket knows what comes before and after it without a session, and a link works for whoever has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from helpdesk.errors import HelpDeskError
from helpdesk.tickets import walk
from helpdesk.tickets.model import TicketSummary
from webapp.context import app_context
from webapp.pages.list_query import Wanted
from webapp.pages.views import views_of_visitor
from webapp.rendering.links import list_url, ticket_url
from webapp.visitors.sessions import current_visit

_LONGEST = 2_000
_MOST_FIELDS = 30


@dataclass(frozen=True, slots=True)
class Walk:
    """Links around a ticket: back to its list, and to those beside it, None at either end."""

    title: str
    back: str
    previous: str | None
    next: str | None


def row_url(ticket: TicketSummary, arguments: list[tuple[str, str]], sort: str) -> str:
    """Return the address of a ticket in a list, with its place there."""
    return ticket_url(ticket.number, **_carried(urlencode(arguments), walk.place(ticket, sort)))


def came_from(arguments: Mapping[str, str]) -> dict[str, str]:
    """Return what of an address says where its reader came from, to be carried on."""
    return _carried(arguments.get("list", ""), arguments.get("at", ""))


def back_url(arguments: Mapping[str, str]) -> str:
    """Return the list that a ticket was opened from, the whole list where that is not known."""
    try:
        listed = parse_qsl(came_from(arguments).get("list", ""), max_num_fields=_MOST_FIELDS)
    except ValueError:
        listed = []
    return list_url(listed)


def _carried(query: str, at: str) -> dict[str, str]:
    fits = at and len(at) <= _LONGEST and len(query) <= _LONGEST
    return {name: value for name, value in (("list", query), ("at", at)) if fits and value}


async def read_walk(arguments: Mapping[str, str]) -> Walk | None:
    """Return the links around the ticket; None where it was not opened from a list."""
    carried, visit = came_from(arguments), current_visit()
    if not carried:
        return None
    views = await views_of_visitor()
    try:
        listed = parse_qsl(carried.get("list", ""), max_num_fields=_MOST_FIELDS)
        wanted = Wanted.read(dict(listed), views)
        around = await app_context().helpdesk.tickets.neighbours(
            visit.actor,
            views[wanted.view].filter.refined(wanted.filter()),
            wanted.sort,
            carried["at"],
        )
    except (HelpDeskError, ValueError):
        # An address that somebody made up: the ticket is shown, as if opened from nowhere.
        return None
    listed = [(name, value) for name, value in listed if name != "page"]
    before, after = (
        row_url(ticket, listed, wanted.sort) if ticket else None
        for ticket in (around.previous, around.next)
    )
    return Walk(views[wanted.view].shown_title, list_url(listed), before, after)

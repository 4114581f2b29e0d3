"""The list of tickets: filters, search and paging, all of it in the address."""

from collections.abc import Mapping
from dataclasses import dataclass

from quart import Blueprint, Response, request

from helpdesk.actors import Role
from helpdesk.catalogue import CategoryNode
from helpdesk.errors import Invalid
from helpdesk.statuses import Status
from helpdesk.tickets.model import Priority, TicketFilter
from webapp.house import house
from webapp.links import with_page
from webapp.rendering import page
from webapp.sessions import current_visit

blueprint = Blueprint("ticket_list", __name__)

PER_PAGE = 25
OPEN = "open"
SORTS = {
    "-updated_at": "Last changed first",
    "-created_at": "Newest first",
    "created_at": "Oldest first",
    "-priority": "Most urgent first",
    "subject": "Subject",
}
VIEWS = {
    "": "All tickets",
    "mine": "Assigned to me",
    "queue": "My queue",
    "unassigned": "Unassigned",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for, as text that the form shows again."""

    view: str
    status: str
    priority: str
    category: str
    text: str
    sort: str
    page: int

    @classmethod
    def read(cls, arguments: Mapping[str, str]) -> "Wanted":
        """Read the query string; what makes no sense there is as if it were left out."""
        number = arguments.get("page", "1")
        sort = arguments.get("sort", "-updated_at")
        view = arguments.get("view", "")
        return cls(
            view=view if view in VIEWS else "",
            status=arguments.get("status", ""),
            priority=arguments.get("priority", ""),
            category=arguments.get("category", ""),
            text=arguments.get("q", "").strip(),
            sort=sort if sort in SORTS else "-updated_at",
            page=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1,
        )

    @property
    def filtered(self) -> bool:
        """Whether the list may be empty because of what was asked."""
        return bool(self.view or self.status or self.priority or self.category or self.text)

    def filter(self) -> TicketFilter:
        """Say it in the domain's terms."""
        narrowed = self.status not in {"", OPEN}
        return TicketFilter(
            status=(self.status,) if narrowed else (),
            open_only=self.status == OPEN,
            priority=(self.priority,) if self.priority else (),
            category=self.category or None,
            mine=self.view == "mine",
            unassigned=self.view == "unassigned",
            workable=self.view == "queue",
            text=self.text,
        )


@blueprint.get("/tickets")
async def tickets() -> Response:
    """Show one page of the tickets that the visitor may see."""
    visit, desk = current_visit(), house().helpdesk
    wanted = Wanted.read(request.args)
    statuses = await desk.statuses.all()
    categories = await desk.catalogue.tree()
    wanted = _without_unknown(wanted, statuses, categories)
    found = await desk.tickets.list(
        visit.actor, wanted.filter(), sort=wanted.sort, page=max(1, wanted.page), per_page=PER_PAGE
    )
    arguments = list(request.args.items(multi=True))
    return page(
        "tickets.html",
        wanted=wanted,
        found=found,
        statuses=statuses,
        categories=categories,
        priorities=tuple(Priority),
        sorts=SORTS,
        views={} if visit.signed_in.role is Role.USER else VIEWS,
        previous=with_page(arguments, found.page - 1) if found.page > 1 else None,
        following=with_page(arguments, found.page + 1) if found.page < found.total_pages else None,
    )


def _without_unknown(
    wanted: Wanted, statuses: tuple[Status, ...], categories: tuple[CategoryNode, ...]
) -> Wanted:
    """Refuse a filter by something that does not exist: an empty list would mislead."""
    checks = (
        ("status", wanted.status, {OPEN, *(status.name for status in statuses)}),
        ("priority", wanted.priority, {priority.value for priority in Priority}),
        ("category", wanted.category, {category.id for category in categories}),
    )
    for name, value, known in checks:
        if value and value not in known:
            raise Invalid(name, repr(value[:80]), "one that the form offers")
    return wanted

"""Query of the ticket list: parsed, validated, and converted to the domain's filter.

Pure. The address is the whole state of the list, so that it can be kept, shared and gone back to.
A number or an order that makes no sense is as if it were left out; a filter by something that does
not exist is refused, because an empty list would mislead.
"""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from helpdesk.actors import Role
from helpdesk.errors import Invalid
from helpdesk.tickets.model import TicketFilter

OPEN = "open"
ME = "me"
NOBODY = "nobody"
USUAL_SORT = "-updated_at"
SORTS = {
    "-updated_at": "Recently updated",
    "updated_at": "Least recently updated",
    "-created_at": "Newest",
    "created_at": "Oldest",
    "-priority": "Highest priority",
    "priority": "Lowest priority",
    "status": "Status (A to Z)",
    "-status": "Status (Z to A)",
    "subject": "Subject (A to Z)",
    "-subject": "Subject (Z to A)",
}
STAFF_VIEWS = {
    "": "All tickets",
    "open": "Open",
    "queue": "My queue",
    "mine": "Assigned to me",
    "following": "Following",
    "unassigned": "Unassigned",
}
USER_VIEWS = {"": "My tickets", "open": "Open", "settled": "Resolved and closed"}
_SETTLED = ("Resolved", "Closed")
_FILTERS = ("status", "priority", "category", "type", "assignee", "group", "tag")
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for, as text that the form shows again; empty: does not filter."""

    view: str
    text: str
    status: str
    priority: str
    category: str
    type: str
    assignee: str
    group: str
    tag: str
    sort: str
    page: int

    @classmethod
    def read(cls, arguments: Mapping[str, str], views: Container[str]) -> "Wanted":
        """Read the query string; ``views`` are the names of those that there are."""
        number = arguments.get("page", "1")
        sort, view = arguments.get("sort", USUAL_SORT), arguments.get("view", "")
        return cls(
            view=view if view in views else "",
            text=arguments.get("q", "").strip()[:_LONGEST_TEXT],
            sort=sort if sort in SORTS else USUAL_SORT,
            page=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1,
            **{name: arguments.get(name, "") for name in _FILTERS},
        )

    @property
    def chosen(self) -> int:
        """How many of the filters below the search box are set."""
        return sum(bool(getattr(self, name)) for name in _FILTERS)

    def require_known(self, known: Mapping[str, Iterable[str]]) -> None:
        """Refuse a filter whose value is not among the ``known`` ones of its name."""
        for name in _FILTERS:
            value = getattr(self, name)
            if value and value not in known.get(name, ()):
                raise Invalid(name, repr(value[:80]), "one of the listed options")

    def filter(self, view: TicketFilter) -> TicketFilter:
        """Say it in the domain's terms: what the view shows, as far as the form lets it."""
        return view.refined(
            TicketFilter(
                status=(self.status,) if self.status not in {"", OPEN} else (),
                open_only=self.status == OPEN,
                priority=(self.priority,) if self.priority else (),
                category=self.category or None,
                type=self.type or None,
                assignee_id=self.assignee if self.assignee not in {"", ME, NOBODY} else None,
                group_id=self.group or None,
                tags=(self.tag,) if self.tag else (),
                mine=self.assignee == ME,
                unassigned=self.assignee == NOBODY,
                text=self.text,
            )
        )


def views_for(role: Role) -> dict[str, str]:
    """Return the built-in views of a role: name to title."""
    return USER_VIEWS if role is Role.USER else STAFF_VIEWS


def view_filter(view: str) -> TicketFilter:
    """Return what a built-in view shows by itself."""
    return TicketFilter(
        status=_SETTLED if view == "settled" else (),
        open_only=view in {"open", "queue", "mine", "following", "unassigned"},
        mine=view == "mine",
        followed=view == "following",
        unassigned=view == "unassigned",
        workable=view == "queue",
    )


def turned(sort: str, column: str, first: str) -> str:
    """Return the order that a click on a column's heading asks for: ``first``, then the reverse."""
    if sort.removeprefix("-") != column:
        return first
    return column if sort.startswith("-") else f"-{column}"

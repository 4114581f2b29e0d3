"""Query of the ticket list: parsed, validated, and converted to the domain's filter.

Pure. The address is the whole state of the list, so that it can be kept, shared and gone back to.
A number or an order that makes no sense is as if it were left out. A filter means what it means in
the API, which has the same ones; those that the form does not offer are kept as they came.
"""

import dataclasses
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from helpdesk.actors import Role
from helpdesk.errors import Invalid
from helpdesk.text import name_key
from helpdesk.tickets.model import TicketFilter
from webapp.pages.asked import flag
from webapp.rendering.catalogues import N_

USUAL_SORT = "-updated_at"
SORTS = {
    "-updated_at": N_("Recently updated"),
    "updated_at": N_("Least recently updated"),
    "-created_at": N_("Newest"),
    "created_at": N_("Oldest"),
    "-priority": N_("Highest priority"),
    "priority": N_("Lowest priority"),
    "status": N_("Status (A to Z)"),
    "-status": N_("Status (Z to A)"),
    "subject": N_("Subject (A to Z)"),
    "-subject": N_("Subject (Z to A)"),
}
STAFF_VIEWS = {
    "": N_("All tickets"),
    "open": N_("Open"),
    "queue": N_("My queue"),
    "mine": N_("Assigned to me"),
    "following": N_("Following"),
    "unassigned": N_("Unassigned"),
}
USER_VIEWS = {"": N_("My tickets"), "open": N_("Open"), "settled": N_("Resolved and closed")}
SHARED_VIEW = {"organization": N_("My organization")}
"""For requesters whose organization lets its members see each other's tickets."""
_SETTLED = ("Resolved", "Closed")
_RANGES = ("created_from", "created_to", "updated_from", "updated_to")
_MORE = ("submitter", "organization", "rating", "field", "field_value", *_RANGES)
_FILTERS = (
    *("status", "priority", "category", "type", "item", "assignee", "group", "tag"),
    *_MORE,
)
_FLAGS = ("mine", "followed", "unassigned", "open", "workable")
_UNOFFERED = _FLAGS
_LONGEST_TEXT = 200
_LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for, as text that the form shows again; empty: does not filter."""

    view: str
    text: str
    status: str
    priority: str
    category: str
    type: str
    item: str
    assignee: str
    group: str
    tag: str
    submitter: str
    organization: str
    rating: str
    field: str
    field_value: str
    created_from: str
    created_to: str
    updated_from: str
    updated_to: str
    sort: str
    page: int
    exact: bool = False
    """Whether mistyped words are not corrected; the form does not carry it on."""
    unoffered: Mapping[str, str] = dataclasses.field(default_factory=dict)
    """Filters that the form does not offer."""

    @classmethod
    def read(cls, arguments: Mapping[str, str], views: Container[str]) -> "Wanted":
        """Read the query string; ``views`` are the names of those that there are.

        Raises ``Invalid`` for another view.
        """
        number, sort = arguments.get("page", "1"), arguments.get("sort", USUAL_SORT)
        return cls(
            view=known_view(arguments.get("view", ""), views),
            text=arguments.get("q", "").strip()[:_LONGEST_TEXT],
            sort=sort if sort in SORTS else USUAL_SORT,
            page=int(number) if number.isascii() and number.isdigit() and len(number) < 7 else 1,
            exact=flag("exact", arguments.get("exact", "")),
            unoffered={name: arguments[name] for name in _UNOFFERED if arguments.get(name)},
            **{name: arguments.get(name, "") for name in _FILTERS},
        )

    @property
    def chosen(self) -> int:
        """How many filters are set beside the search box."""
        return sum(bool(getattr(self, name)) for name in _FILTERS) + len(self.unoffered)

    @property
    def more_chosen(self) -> int:
        """How many of the filters are set that the form has in its second part."""
        return sum(bool(getattr(self, name)) for name in _MORE)

    def filter(self) -> TicketFilter:
        """Say it in the domain's terms, which checks it; a view comes to that."""
        flags = {name: flag(name, self.unoffered.get(name, "")) for name in _FLAGS}
        return TicketFilter(
            status=(self.status,) if self.status else (),
            priority=(self.priority,) if self.priority else (),
            category=self.category or None,
            type=self.type or None,
            item=self.item or None,
            assignee_id=self.assignee or None,
            group_id=self.group or None,
            submitter_id=self.submitter.strip() or None,
            organization=self.organization.strip() or None,
            rating=self.rating or None,
            field=self.field.strip() or None,
            field_value=self.field_value.strip() or None,
            **{name: getattr(self, name).strip() or None for name in _RANGES},
            tags=(self.tag,) if self.tag else (),
            mine=flags["mine"],
            followed=flags["followed"],
            unassigned=flags["unassigned"],
            open_only=flags["open"],
            workable=flags["workable"],
            text=self.text,
        )

    def as_offered(self, offered: Mapping[str, Iterable[tuple[str, str]]]) -> "Wanted":
        """Return this with each filter as the form offers it; ``offered``: values and labels.

        A name may have been typed in another case, or in the place of an ID.
        """
        found: dict[str, Any] = {}
        for name, options in offered.items():
            typed = getattr(self, name)
            if not typed:
                continue
            every = list(options)
            if typed not in {value for value, _ in every}:
                alike = (value for value, label in every if name_key(label) == name_key(typed))
                found[name] = next(alike, typed)
        return replace(self, **found)


def known_view(name: str, views: Container[str]) -> str:
    """Return the name of a view, empty for none. Raises ``Invalid`` for an unknown one."""
    if name and name not in views:
        raise Invalid("view", repr(name[:_LONGEST_SHOWN]), "the name or ID of a view that you have")
    return name


def require_single(arguments: Iterable[tuple[str, str]]) -> None:
    """Refuse a filter that comes twice: the form shows one, and the API combines several."""
    seen = set()
    for name, value in arguments:
        if name in seen and name in {*_FILTERS, *_UNOFFERED}:
            found = f"a second value, {value[:_LONGEST_SHOWN]!r}"
            raise Invalid(name, found, "one value; the API takes several")
        seen.add(name)


def views_for(role: Role, *, shares: bool) -> dict[str, str]:
    """Return the built-in views of a role: name to title."""
    if role is not Role.USER:
        return STAFF_VIEWS
    return USER_VIEWS | SHARED_VIEW if shares else USER_VIEWS


def view_filter(view: str, role: Role) -> TicketFilter:
    """Return what a built-in view shows by itself."""
    if role is Role.USER:
        return TicketFilter(
            status=_SETTLED if view == "settled" else (),
            open_only=view == "open",
            mine=view != "organization",
        )
    return TicketFilter(
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

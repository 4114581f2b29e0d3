"""What the selects of ticket forms offer, and how their values read back.

A category, its type and its item are one select, so that choosing works without JavaScript: the
value is the ids joined by ``/``, the label the names.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from helpdesk.catalogue import CategoryNode
from helpdesk.errors import Invalid
from helpdesk.groups import Group
from helpdesk.tickets.model import Assignee, TicketSummary
from helpdesk.users import User


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a select."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Classification:
    """A chosen category with its type and item, as ids."""

    category: str | None = None
    type: str | None = None
    item: str | None = None


def categories(tree: Sequence[CategoryNode]) -> tuple[Choice, ...]:
    """List the whole catalogue, each node below the one that it belongs to."""
    return tuple(_nodes(tree))


def _nodes(tree: Sequence[CategoryNode]) -> Iterator[Choice]:
    for category in tree:
        yield Choice(category.id, category.name)
        for kind in category.types:
            yield Choice(f"{category.id}/{kind.id}", f"{category.name} / {kind.name}")
            for item in kind.items:
                yield Choice(
                    f"{category.id}/{kind.id}/{item.id}",
                    f"{category.name} / {kind.name} / {item.name}",
                )


def category_value(ticket: TicketSummary) -> str:
    """Return the select's value for how a ticket stands."""
    refs = (ticket.category, ticket.type, ticket.item)
    return "/".join(ref.id for ref in refs if ref is not None)


def read_category(value: str) -> Classification:
    """Read a value of the category select; empty for none."""
    if not value:
        return Classification()
    parts = value.split("/")
    if len(parts) > 3:
        raise Invalid("category", repr(value[:80]), "one that the form offers")
    return Classification(*parts)


def people(users: Sequence[User]) -> tuple[Choice, ...]:
    """List users as assignees."""
    return tuple(Choice(f"user/{user.id}", user.name) for user in users)


def groups(all_groups: Sequence[Group]) -> tuple[Choice, ...]:
    """List groups as assignees."""
    return tuple(Choice(f"group/{group.id}", group.name) for group in all_groups)


def assignee_value(assignee: Assignee | None) -> str:
    """Return the select's value for an assignee; empty for nobody."""
    return "" if assignee is None else f"{assignee.kind}/{assignee.id}"

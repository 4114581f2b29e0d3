"""Options of the selects in ticket forms, and the parsing of their values.

A category, its type and its item are three selects. The value of each is the whole path in ids, so
that the three say what belongs together however they are filled in: a script narrows each to the
one above it, and without a script the server settles what fits.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from helpdesk.catalogue import CategoryNode
from helpdesk.errors import Invalid
from helpdesk.groups import Group
from helpdesk.tickets.model import Assignee, TicketSummary
from helpdesk.users import User
from webapp.pages.options import Choice, Options, options_of

LEVELS = ("category", "type", "item")


@dataclass(frozen=True, slots=True)
class Level:
    """One of the three selects of the catalogue."""

    name: str
    label: str
    options: Options
    chosen: str
    above: str
    """Name of the select above, if any."""


def catalogue_levels(tree: Sequence[CategoryNode], chosen: Mapping[str, str]) -> tuple[Level, ...]:
    """Return the three selects; ``chosen`` has the value of each by its name."""
    return tuple(
        Level(
            name,
            name.capitalize(),
            options_of(tree, choices),
            chosen.get(name, ""),
            above,
        )
        for (name, choices), above in zip(_CHOICES.items(), ("", *LEVELS), strict=False)
    )


def categories(tree: Sequence[CategoryNode]) -> Iterator[Choice]:
    """List the categories."""
    return (Choice(category.id, category.name) for category in tree)


def _types(tree: Sequence[CategoryNode]) -> Iterator[Choice]:
    return (
        Choice(f"{category.id}/{kind.id}", kind.name, category.id, category.name)
        for category in tree
        for kind in category.types
    )


def _items(tree: Sequence[CategoryNode]) -> Iterator[Choice]:
    return (
        Choice(
            f"{category.id}/{kind.id}/{item.id}",
            item.name,
            f"{category.id}/{kind.id}",
            f"{category.name} / {kind.name}",
        )
        for category in tree
        for kind in category.types
        for item in kind.items
    )


_CHOICES = dict(zip(LEVELS, (categories, _types, _items), strict=True))


def place_values(ticket: TicketSummary) -> dict[str, str]:
    """Return the values of the three selects for how a ticket stands."""
    values, path = {}, ""
    for name, ref in zip(LEVELS, (ticket.category, ticket.type, ticket.item), strict=True):
        path = f"{path}/{ref.id}".removeprefix("/") if ref else path
        values[name] = path if ref else ""
    return values


def place_is_changed(fields: Mapping[str, str]) -> bool:
    """Tell whether any of the three selects says another thing than it did (``was_<name>``)."""
    return bool(_changed(fields))


def read_place(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return the chosen ``category``, ``type`` and ``item`` as ids.

    Where the three do not fit together, what was changed counts, the deepest first: a new type
    brings its category along, a new category drops the type that belonged to the old one. Raises
    ``Invalid`` for two changes that contradict each other.
    """
    changed = _changed(fields)
    filled = [name for name in changed if fields.get(name)]
    if filled:
        path = _filled_path(fields, filled)
    else:
        # Something was emptied, or nothing changed: all above the first of these stays.
        level = LEVELS.index(changed[0]) if changed else len(LEVELS)
        path = max((fields.get(name, "") for name in LEVELS[:level]), key=len, default="")
    ids = path.split("/") if path else []
    if len(ids) > len(LEVELS):
        raise Invalid("category", repr(path[:80]), "one of the listed options")
    return dict(zip(LEVELS, [*ids, None, None, None], strict=False))


def _changed(fields: Mapping[str, str]) -> list[str]:
    return [name for name in LEVELS if fields.get(name, "") != fields.get(f"was_{name}", "")]


def _filled_path(fields: Mapping[str, str], filled: Sequence[str]) -> str:
    deepest = filled[-1]
    path = fields[deepest]
    for name in filled[:-1]:
        if not path.startswith(fields[name] + "/"):
            raise Invalid(
                deepest,
                f"an option of another {name}",
                f"an option that belongs to the selected {name}",
            )
    for name in LEVELS[LEVELS.index(deepest) + 1 :]:
        if not fields.get(name, "").startswith(path + "/"):
            break
        path = fields[name]
    return path


def people(users: Sequence[User]) -> Options:
    """List users as assignees."""
    return options_of(users, _people)


def groups(all_groups: Sequence[Group]) -> Options:
    """List groups as assignees."""
    return options_of(all_groups, _groups)


def _people(users: Sequence[User]) -> Iterator[Choice]:
    return (Choice(f"user/{user.id}", user.name) for user in users)


def _groups(all_groups: Sequence[Group]) -> Iterator[Choice]:
    return (Choice(f"group/{group.id}", group.name) for group in all_groups)


def read_assignee(value: str) -> dict[str, Any]:
    """Return the members of ``TicketChanges`` for a select's value. Raises ``Invalid``."""
    kind, _, assignee_id = value.partition("/")
    if not value:
        return {"assignee_user_id": None}
    if kind not in {"user", "group"}:
        raise Invalid("assignee", repr(value[:80]), "one of the listed people and groups")
    return {f"assignee_{kind}_id": assignee_id}


def assignee_value(assignee: Assignee | None) -> str:
    """Return the select's value for an assignee; empty for nobody."""
    return "" if assignee is None else f"{assignee.kind}/{assignee.id}"

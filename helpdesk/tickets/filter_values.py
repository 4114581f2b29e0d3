"""Values of filters: words that stand for several, and whether what is named exists.

An unknown name is refused, by pages and the API alike: a list without tickets would mislead.
"""

import sqlite3
from collections.abc import Sequence

from helpdesk.access import Viewer
from helpdesk.errors import Invalid
from helpdesk.statuses import all_statuses
from helpdesk.storage import sql
from helpdesk.text import name_key
from helpdesk.tickets import rows, tags, workflow
from helpdesk.tickets.model import TicketFilter

OPEN = "open"
"""Stands among statuses for each that is neither Resolved nor Closed."""
ME = "me"
NOBODY = "nobody"
"""Stand for an assignee: the actor, and no one."""
NAMED = "id = ? OR name_key(name) = name_key(?)"
"""Condition on a row that is named by its ID or its name."""
_LONGEST_SHOWN = 80


def require_known(connection: sqlite3.Connection, viewer: Viewer, wanted: TicketFilter) -> None:
    """Raise ``Invalid`` for a filter by something that does not exist.

    Only staff can filter by assignees, groups and tags, and by whom there is beside themselves.
    """
    for name, found in statuses(connection, wanted.status).items():
        expected = f"the name of a status, or {OPEN}"
        _require("status", name, expected, is_known=bool(found))
    for priority in wanted.priority:
        rows.rank(priority)
    for name, table, value, expected in (
        ("category", "categories", wanted.category, "the ID or name of a category"),
        ("type", "types", wanted.type, "the ID or name of a type"),
        ("item", "items", wanted.item, "the ID or name of an item"),
    ):
        _require(name, value, expected, is_known=_is_there(connection, table, value))
    if viewer.is_staff:
        _require_for_staff(connection, wanted)
        return
    for name, value in (
        ("assignee", wanted.assignee_id),
        ("group", wanted.group_id),
        *(("tag", tag) for tag in wanted.tags),
    ):
        _require(name, value, "no such filter; it is only for staff", is_known=False)
    own = wanted.submitter_id == viewer.actor.id
    _require("submitter", wanted.submitter_id, "your own user ID", is_known=own)


def _require_for_staff(connection: sqlite3.Connection, wanted: TicketFilter) -> None:
    user = "SELECT 1 FROM users WHERE id = ?"
    assignee = wanted.assignee_id
    named = assignee in {ME, NOBODY} or sql.row(connection, user, (assignee,)) is not None
    _require("assignee", assignee, f"a user ID, {ME} or {NOBODY}", is_known=named)
    submitter = sql.row(connection, user, (wanted.submitter_id,)) is not None
    _require("submitter", wanted.submitter_id, "a user ID", is_known=submitter)
    group = _is_there(connection, "groups", wanted.group_id)
    _require("group", wanted.group_id, "the ID or name of a group", is_known=group)
    for tag in wanted.tags:
        is_known = tags.ids(connection, tag)[0] is not None
        _require("tag", tag, "the name of a tag", is_known=is_known)


def statuses(connection: sqlite3.Connection, wanted: Sequence[str]) -> dict[str, list[str]]:
    """Return the statuses that each name stands for, in any case; ``open`` stands for several."""
    if not wanted:
        return {}
    every = [status.name for status in all_statuses(connection)]
    known = {name_key(name): [name] for name in every}
    # A status of that name is meant by its own spelling alone.
    known |= {OPEN: [name for name in every if workflow.is_active(name)]}
    return {name: [name] if name in every else known.get(name_key(name), []) for name in wanted}


def group_id(connection: sqlite3.Connection, wanted: str) -> str:
    """Return the ID of a group that is named by its ID or its name; an unknown name as it is."""
    query = f"SELECT id FROM groups WHERE {NAMED}"  # noqa: S608 - our own names
    found: str | None = sql.scalar(connection, query, (wanted, wanted))
    return wanted if found is None else found


def _is_there(connection: sqlite3.Connection, table: str, wanted: str | None) -> bool:
    query = f"SELECT 1 FROM {table} WHERE {NAMED}"  # noqa: S608 - our own names
    return bool(wanted) and sql.row(connection, query, (wanted, wanted)) is not None


def _require(name: str, value: str | None, expected: str, *, is_known: bool) -> None:
    if value and not is_known:
        raise Invalid(name, repr(value[:_LONGEST_SHOWN]), expected)

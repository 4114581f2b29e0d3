"""Values of filters: words that stand for several, and whether what is named exists.

An unknown name is refused, by pages and the API alike: a list without tickets would mislead.
"""

import contextlib
import re
import sqlite3
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from helpdesk.access import Viewer
from helpdesk.clock import rfc3339
from helpdesk.errors import Invalid
from helpdesk.statuses import all_statuses
from helpdesk.storage import sql
from helpdesk.text import name_key
from helpdesk.tickets import rows, tags, workflow
from helpdesk.tickets.model import TicketFilter
from helpdesk.tickets.rating import SCORES

OPEN = "open"
"""Stands among statuses for each that is neither Resolved nor Closed."""
ME = "me"
NOBODY = "nobody"
"""Stand for an assignee: the actor, and no one."""
NAMED = "id = ? OR name_key(name) = name_key(?)"
"""Condition on a row that is named by its ID or its name."""
MOST_KEYS = 100
_END = "~"
"""Sorts behind every time."""
_LONGEST_SHOWN = 80
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(rf"{_DAY.pattern}T[0-9:]{{8}}(\.[0-9]{{1,6}})?(Z|[+-][0-9]{{2}}:[0-9]{{2}})")


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
        ("organization", wanted.organization),
        ("rating", wanted.rating),
        *(("tag", tag) for tag in wanted.tags),
    ):
        _require(name, value, "no such filter; it is only for staff", is_known=False)
    own = submitter_id(connection, wanted.submitter_id or "") == viewer.actor.id
    _require("submitter", wanted.submitter_id, "yourself, by user ID or email", is_known=own)


def _require_for_staff(connection: sqlite3.Connection, wanted: TicketFilter) -> None:
    user = "SELECT 1 FROM users WHERE id = ?"
    assignee = wanted.assignee_id
    named = assignee in {ME, NOBODY} or sql.row(connection, user, (assignee,)) is not None
    _require("assignee", assignee, f"a user ID, {ME} or {NOBODY}", is_known=named)
    submitter = submitter_id(connection, wanted.submitter_id or "") is not None
    expected = "a user ID, or the email address of an account"
    _require("submitter", wanted.submitter_id, expected, is_known=submitter)
    has_field = "SELECT 1 FROM custom_fields WHERE key = ? LIMIT 1"
    is_known = sql.row(connection, has_field, (wanted.field,)) is not None
    _require("field", wanted.field, "the key of a custom field on a ticket", is_known=is_known)
    group = _is_there(connection, "groups", wanted.group_id)
    _require("group", wanted.group_id, "the ID or name of a group", is_known=group)
    _require("rating", wanted.rating, ", ".join(SCORES), is_known=wanted.rating in SCORES)
    expected = "the ID or name of an organization"
    is_known = _is_there(connection, "organizations", wanted.organization)
    _require("organization", wanted.organization, expected, is_known=is_known)
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


def submitter_id(connection: sqlite3.Connection, wanted: str) -> str | None:
    """Return the ID of a person who is named by it or by an email address, None for nobody."""
    query = "SELECT id FROM users WHERE id = ? OR email = ?"
    found: str | None = sql.scalar(connection, query, (wanted, wanted.strip().lower()))
    return found


def field_keys(connection: sqlite3.Connection) -> tuple[str, ...]:
    """Return the keys of custom fields that tickets have, the first ``MOST_KEYS``."""
    query = (
        "WITH RECURSIVE known (key) AS (SELECT min(key) FROM custom_fields UNION ALL"
        " SELECT (SELECT min(key) FROM custom_fields AS f WHERE f.key > known.key) FROM known"
        " WHERE known.key IS NOT NULL) SELECT key FROM known WHERE key IS NOT NULL LIMIT ?"
    )
    return tuple(key for (key,) in connection.execute(query, (MOST_KEYS,)))


def bounds(name: str, first: str | None, last: str | None) -> tuple[str, str]:
    """Return a range as it is stored: the first moment in it, and the first behind it.

    Raises ``Invalid`` for what is neither a day nor a time; ``name`` is ``created`` or ``updated``.
    """
    return (
        _moment(f"{name}_from", first)[0] if first else "",
        _moment(f"{name}_to", last)[1] if last else _END,
    )


def _moment(name: str, text: str) -> tuple[str, str]:
    """Return the first moment of a day or a second, and the first behind it."""
    is_day = _DAY.fullmatch(text) is not None
    if is_day or _TIME.fullmatch(text):
        with contextlib.suppress(ValueError, OverflowError):
            begin = datetime.fromisoformat(f"{text}T00:00:00Z" if is_day else text)
            length = timedelta(days=1) if is_day else timedelta(seconds=1)
            is_last = begin.date() == date.max
            return rfc3339(begin), _END if is_last else rfc3339(begin + length)
    expected = "a day as 2026-04-05, or a time as 2026-04-05T14:00:00Z"
    raise Invalid(name, repr(text[:_LONGEST_SHOWN]), expected)


def _is_there(connection: sqlite3.Connection, table: str, wanted: str | None) -> bool:
    query = f"SELECT 1 FROM {table} WHERE {NAMED}"  # noqa: S608 - our own names
    return bool(wanted) and sql.row(connection, query, (wanted, wanted)) is not None


def _require(name: str, value: str | None, expected: str, *, is_known: bool) -> None:
    if value and not is_known:
        raise Invalid(name, repr(value[:_LONGEST_SHOWN]), expected)

"""Lists of tickets: filters, sorting, paging.

Owns the one query behind every list. Who may see what is part of it, so that a count never gives
away what a page does not show. The inner query finds the ids of a page through an index; only these
few rows are joined to their names.
"""

import sqlite3
from typing import Any

from helpdesk.access import Viewer
from helpdesk.errors import Invalid, NotAllowed
from helpdesk.paging import Page, PageRequest
from helpdesk.storage import sql
from helpdesk.tickets import rows
from helpdesk.tickets.model import TicketFilter, TicketSummary

SORTS = {
    "updated_at": ("updated_at", "id"),
    "created_at": ("id",),
    "priority": ("priority", "updated_at", "id"),
    "status": ("status", "updated_at", "id"),
    "subject": ("subject COLLATE NOCASE", "id"),
}
"""Names of sort orders to columns; a ULID sorts by creation. ``-`` in front turns one round."""

MAX_WORDS = 10
"""Words of a text search that are looked at."""


class _Where:
    """Conditions joined by *and*, with their values."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.values: dict[str, Any] = {}

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition; each ``?`` in it stands for one of ``values``."""
        for value in values:
            name = f"v{len(self.values)}"
            self.values[name] = value
            condition = condition.replace("?", f":{name}", 1)
        self._conditions.append(f"({condition})")

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "1"


def tickets(
    connection: sqlite3.Connection,
    viewer: Viewer,
    wanted: TicketFilter,
    sort: str,
    request: PageRequest,
) -> Page[TicketSummary]:
    """Return one page of the tickets that the viewer may see and that fit the filter."""
    where = _where(viewer, wanted)
    total = sql.scalar(connection, f"SELECT count(*) FROM tickets AS t WHERE {where}", where.values)  # noqa: S608
    query = _page_query(where, sort)
    values = {**where.values, "limit": request.per_page, "offset": request.offset}
    found = [rows.summary(row) for row in sql.rows(connection, query, values)]
    return Page(found, request.page, request.per_page, total)


def _page_query(where: _Where, sort: str) -> str:
    descending = sort.startswith("-")
    columns = SORTS.get(sort.removeprefix("-"))
    if columns is None:
        names = ", ".join(SORTS)
        raise Invalid("sort", repr(sort), f"one of {names}, with - in front to turn it round")
    direction = "DESC" if descending else "ASC"
    order = ", ".join(f"t.{column} {direction}" for column in columns)
    ids = (
        f"SELECT t.id FROM tickets AS t WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset"  # noqa: S608
    )
    return (
        f"SELECT {rows.SUMMARY_COLUMNS} FROM tickets AS t {rows.JOINS}"  # noqa: S608
        f" WHERE t.id IN ({ids}) ORDER BY {order}"
    )


def _where(viewer: Viewer, wanted: TicketFilter) -> _Where:
    where = _Where()
    _add_sight(where, viewer)
    _add_people(where, viewer, wanted)
    _add_state(where, wanted)
    _add_catalogue(where, wanted)
    _add_text(where, wanted.text)
    return where


def _add_sight(where: _Where, viewer: Viewer) -> None:
    if viewer.is_plugin:
        raise NotAllowed("list tickets", "plugins are told of tickets by events")
    if not viewer.is_staff:
        where.add("t.submitter_id = ?", viewer.actor.id)


def _add_people(where: _Where, viewer: Viewer, wanted: TicketFilter) -> None:
    if wanted.mine and viewer.is_staff:
        where.add("t.assignee_user_id = ?", viewer.actor.id)
    if wanted.unassigned:
        where.add("t.assignee_user_id IS NULL AND t.assignee_group_id IS NULL")
    if wanted.assignee_id:
        where.add("t.assignee_user_id = ?", wanted.assignee_id)
    if wanted.group_id:
        where.add("t.assignee_group_id = ?", wanted.group_id)
    if wanted.submitter_id:
        where.add("t.submitter_id = ?", wanted.submitter_id)
    if wanted.workable and not viewer.is_admin:
        _add_scope(where, viewer)


def _add_scope(where: _Where, viewer: Viewer) -> None:
    """Say ``access.may_work_on`` in SQL; a test holds the two together."""
    if not viewer.is_staff:
        where.add("0")
        return
    mine = "SELECT group_id FROM group_members WHERE user_id = ?"
    owned = f"SELECT category_id FROM group_categories WHERE group_id IN ({mine})"  # noqa: S608
    me = viewer.actor.id
    where.add(
        "t.assignee_user_id = ?"  # noqa: S608
        f" OR t.assignee_group_id IN ({mine})"
        f" OR t.category_id IN ({owned})"
        " OR (t.assignee_group_id IS NULL AND NOT EXISTS"
        " (SELECT 1 FROM group_categories AS owned WHERE owned.category_id = t.category_id))",
        me,
        me,
        me,
    )


def _add_state(where: _Where, wanted: TicketFilter) -> None:
    if wanted.status:
        marks = ", ".join("?" * len(wanted.status))
        where.add(f"t.status IN ({marks})", *wanted.status)
    if wanted.priority:
        marks = ", ".join("?" * len(wanted.priority))
        where.add(f"t.priority IN ({marks})", *map(rows.rank, wanted.priority))
    if wanted.open_only:
        where.add("t.status NOT IN ('Resolved', 'Closed')")


def _add_catalogue(where: _Where, wanted: TicketFilter) -> None:
    for column, table, value in (
        ("category_id", "categories", wanted.category),
        ("type_id", "types", wanted.type),
        ("item_id", "items", wanted.item),
    ):
        if value:
            named = f"SELECT id FROM {table} WHERE id = ? OR name = ?"  # noqa: S608
            where.add(f"t.{column} IN ({named})", value, value)


def _add_text(where: _Where, text: str) -> None:
    for word in text.split()[:MAX_WORDS]:
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        pattern = f"%{escaped}%"
        where.add(
            "t.subject LIKE ? ESCAPE '\\' OR t.description LIKE ? ESCAPE '\\' OR t.id = ?",
            pattern,
            pattern,
            word.upper(),
        )

"""Lists of tickets: sorting, paging, counting.

Owns the one query behind every list. The inner query finds the ids of a page through an index; only
these few rows are joined to their names. What is listed at all is for ``filters`` to say.
"""

import sqlite3
from collections.abc import Mapping

from helpdesk import access
from helpdesk.access import Viewer
from helpdesk.errors import Invalid
from helpdesk.paging import Page, PageRequest
from helpdesk.storage import sql
from helpdesk.tickets import filters, rows
from helpdesk.tickets.filters import Where
from helpdesk.tickets.model import TicketFilter, TicketSummary

SORTS = {
    "updated_at": ("updated_at", "id"),
    "created_at": ("id",),
    "priority": ("priority", "updated_at", "id"),
    "status": ("status", "updated_at", "id"),
    "subject": ("subject COLLATE NOCASE", "id"),
}
"""Names of sort orders to columns; a ULID sorts by creation. ``-`` in front turns one round."""
_PUBLIC = {"updated_at": "public_updated_at"}


def tickets(
    connection: sqlite3.Connection,
    viewer: Viewer,
    wanted: TicketFilter,
    sort: str,
    request: PageRequest,
) -> Page[TicketSummary]:
    """Return one page of the tickets that the viewer may see and that fit the filter."""
    where = filters.conditions(viewer, wanted)
    public = not access.may_see_notes(viewer)
    total = sql.scalar(connection, f"SELECT count(*) FROM tickets AS t WHERE {where}", where.values)  # noqa: S608
    query = page_query(where, sort, public=public)
    values = {**where.values, "limit": request.per_page, "offset": request.offset}
    found = [rows.summary(row, public=public) for row in sql.rows(connection, query, values)]
    return Page(found, request.page, request.per_page, total)


def view_counts(
    connection: sqlite3.Connection, viewer: Viewer, views: Mapping[str, TicketFilter]
) -> dict[str, int]:
    """Return how many tickets fit each view, in one query."""
    if not views:
        return {}
    wheres = [
        filters.conditions(viewer, wanted, prefix=f"v{number}_")
        for number, wanted in enumerate(views.values())
    ]
    values = {name: value for where in wheres for name, value in where.values.items()}
    counts = ", ".join(f"(SELECT count(*) FROM tickets AS t WHERE {where})" for where in wheres)  # noqa: S608
    (found,) = connection.execute(f"SELECT {counts}", values)
    return dict(zip(views, found, strict=True))


def page_query(where: Where, sort: str, *, public: bool) -> str:
    """Return the query for a page; ``public`` sorts by the changes that submitters know of."""
    descending = sort.startswith("-")
    columns = SORTS.get(sort.removeprefix("-"))
    if columns is None:
        names = ", ".join(SORTS)
        raise Invalid("sort", repr(sort), f"one of {names}, with - in front to turn it round")
    direction = "DESC" if descending else "ASC"
    if public:
        columns = tuple(_PUBLIC.get(column, column) for column in columns)
    order = ", ".join(f"t.{column} {direction}" for column in columns)
    ids = (
        f"SELECT t.id FROM tickets AS t WHERE {where} ORDER BY {order} LIMIT :limit OFFSET :offset"  # noqa: S608
    )
    return (
        f"SELECT {rows.SUMMARY_COLUMNS} FROM tickets AS t {rows.JOINS}"  # noqa: S608
        f" WHERE t.id IN ({ids}) ORDER BY {order}"
    )

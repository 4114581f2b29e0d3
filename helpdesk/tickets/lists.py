"""Lists of tickets: sorting, paging, counting.

Owns the queries behind every list. One finds the ids of a page through an index; only these few
rows are then read and joined to their names. What is listed at all is for ``filters`` to say.
"""

import sqlite3
from collections.abc import Mapping, Sequence

from helpdesk import access
from helpdesk.access import Viewer
from helpdesk.errors import Invalid
from helpdesk.paging import Page, PageRequest
from helpdesk.storage import sql
from helpdesk.tickets import filters, rows, tags
from helpdesk.tickets.conditions import Where
from helpdesk.tickets.model import TicketFilter, TicketSummary

SORTS = {
    "updated_at": ("revision",),
    "created_at": ("id",),
    "priority": ("priority", "revision"),
    "status": ("status", "revision"),
    "subject": ("subject COLLATE NOCASE", "id"),
}
"""Names of sort orders to columns. ``-`` in front turns one round.

Tickets sort as they were created and changed, which ids and revisions tell: a clock steps back.
"""
_PUBLIC = {"revision": "public_revision"}


def tickets(
    connection: sqlite3.Connection,
    viewer: Viewer,
    wanted: TicketFilter,
    sort: str,
    request: PageRequest,
) -> Page[TicketSummary]:
    """Return one page of the tickets that the viewer may see and that fit the filter."""
    where = filters.conditions(connection, viewer, wanted)
    public = not access.may_see_notes(viewer)
    query = page_query(where, sort, public=public, searched=bool(wanted.text.strip()))
    values = {**where.values, "limit": request.per_page, "offset": request.offset}
    found = [ticket_id for (ticket_id,) in connection.execute(query, values)]
    page = summaries(connection, found, public=public)
    return Page(page, request.page, request.per_page, _count(connection, where))


def _count(connection: sqlite3.Connection, where: Where) -> int:
    query = f"SELECT count(*) FROM tickets AS t WHERE {where.sql()}"  # noqa: S608
    return int(sql.scalar(connection, query, where.values))


def summaries(
    connection: sqlite3.Connection, ids: Sequence[str], *, public: bool
) -> list[TicketSummary]:
    """Return these tickets in this order."""
    marks = ", ".join("?" * len(ids))
    query = f"SELECT {rows.SUMMARY_COLUMNS} FROM tickets AS t {rows.JOINS} WHERE t.id IN ({marks})"  # noqa: S608
    found = {row["id"]: row for row in sql.rows(connection, query, ids)}
    numbers = [row["number"] for row in found.values()]
    worn = {} if public else tags.names(connection, numbers)
    return [
        rows.summary(found[one], worn.get(found[one]["number"], ()), public=public) for one in ids
    ]


def view_counts(
    connection: sqlite3.Connection, viewer: Viewer, views: Mapping[str, TicketFilter]
) -> dict[str, int]:
    """Return how many tickets fit each view, in one query."""
    if not views:
        return {}
    wheres = [
        filters.conditions(connection, viewer, wanted, prefix=f"v{number}_")
        for number, wanted in enumerate(views.values())
    ]
    values = {name: value for where in wheres for name, value in where.values.items()}
    selects = (f"(SELECT count(*) FROM tickets AS t WHERE {where.sql()})" for where in wheres)  # noqa: S608
    counts = ", ".join(selects)
    (found,) = connection.execute(f"SELECT {counts}", values)
    return dict(zip(views, found, strict=True))


def columns(sort: str, *, public: bool) -> tuple[str, ...]:
    """Return what a list is sorted by, the id last. Raises ``Invalid`` for an unknown order."""
    found = SORTS.get(sort.removeprefix("-"))
    if found is None:
        names = ", ".join(SORTS)
        raise Invalid("sort", repr(sort), f"one of {names}, with a leading - to reverse it")
    return tuple(_PUBLIC.get(column, column) for column in found) if public else found


def page_query(
    where: Where, sort: str, *, public: bool, searched: bool = False, after: bool = False
) -> str:
    """Return the query for the ids of a page.

    ``public`` sorts by the changes that submitters know of. ``searched``: a word that many tickets
    contain must not lead, since walking the list finds a full page of them soon. ``after``: the
    page begins behind the place that the values ``at0``, ``at1``, … are.
    """
    by = columns(sort, public=public)
    direction = "DESC" if sort.startswith("-") else "ASC"
    order = ", ".join(f"t.{column} {direction}" for column in by)
    # Filtered lists are walked in the order of their last change, of which an index holds all that
    # filters ask; in another order they are sorted, rather than looked up ticket by ticket.
    walked = where.is_empty or where.is_led or by[0] == "revision"
    plus = "" if walked else "+"
    begin = ""
    if after:
        # Where a person's index leads, or the tickets found, the order's own must not.
        kept = "" if walked and not where.is_led else "+"
        place = ", ".join(f"{kept}t.{column}" for column in by)
        marks = ", ".join(f":at{number}" for number in range(len(by)))
        begin = f"({place}) {'<' if direction == 'DESC' else '>'} ({marks}) AND "
    return (
        f"SELECT t.id FROM tickets AS t WHERE {begin}"  # noqa: S608
        f"{where.sql(alone=walked and not searched)}"
        f" ORDER BY {plus}{order} LIMIT :limit OFFSET :offset"
    )

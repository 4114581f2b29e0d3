"""Lists of tickets: sorting, paging, counting.

Owns the queries behind every list. One finds the ids of a page through an index; only these few
rows are then read and joined to their names. What is listed at all is for ``filters`` to say.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
MOST_COUNTED = 1_000
"""Tickets that a search for common words counts and lists."""
WALKED = 2_000
"""Tickets at the beginning of a list that are looked through for a first page."""
_FILTERED = (
    "id, number, status, priority, category_id, type_id, item_id, submitter_id, assignee_user_id,"
    " assignee_group_id, revision, subject"
)
"""What conditions ask of a ticket; all of it in the index of the usual order."""
_TIMES = ("created_at", "updated_at", "public_updated_at")
"""What few conditions ask, and no index of lists has."""


def tickets(
    connection: sqlite3.Connection,
    viewer: Viewer,
    wanted: TicketFilter,
    sort: str,
    request: PageRequest,
) -> Page[TicketSummary]:
    """Return one page of the tickets that the viewer may see and that fit the filter."""
    part = Part(request.per_page, request.offset)
    rows_, total, is_more = some(connection, viewer, wanted, sort, part)
    return Page(rows_, request.page, request.per_page, total, is_more)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a list."""

    limit: int
    offset: int


def some(
    connection: sqlite3.Connection,
    viewer: Viewer,
    wanted: TicketFilter,
    sort: str,
    part: Part,
    *,
    without: Sequence[str] = (),
) -> tuple[list[TicketSummary], int, bool]:
    """Return a part of a list, how many tickets are in all of it, and whether in truth more.

    ``without``: ids of tickets that are left out.
    """
    where = filters.conditions(connection, viewer, wanted)
    if without:
        where.add(f"{{t}}.id NOT IN ({', '.join('?' * len(without))})", *without)
    public = not access.may_see_notes(viewer)
    searched = bool(wanted.text.strip())
    found = _ids(connection, where, sort, part, public=public, searched=searched)
    total, is_more = _count(connection, where)
    return summaries(connection, found, public=public), total, is_more


def _ids(
    connection: sqlite3.Connection,
    where: Where,
    sort: str,
    part: Part,
    *,
    public: bool,
    searched: bool,
) -> list[str]:
    """Return the ids of a page.

    Unless an index leads, the beginning of the list is looked through first: all tickets of the
    first page stand in it, where many fit.
    """
    by = columns(sort, public=public)
    values = {**where.values, "limit": part.limit, "offset": part.offset}
    if where.streams and part.offset >= MOST_COUNTED:
        return []
    in_order = where.is_empty or by[0] == "revision"
    if not where.is_led and (where.is_long or not in_order):
        query = _beginning_query(where, by, sort)
        found = [one for (one,) in connection.execute(query, values)]
        if len(found) == part.limit:
            return found
    query = page_query(where, sort, public=public, searched=searched)
    return [ticket_id for (ticket_id,) in connection.execute(query, values)]


def _beginning_query(where: Where, by: Sequence[str], sort: str) -> str:
    walked = WALKED * 5 if where.is_narrow else WALKED
    conditions = where.sql(alone=False, seeking=True)
    asked = [_FILTERED, *(column for column in _TIMES if f".{column} " in conditions)]
    return (
        f"SELECT t.id FROM (SELECT {', '.join(asked)} FROM tickets AS t ORDER BY {_order(by, sort)}"  # noqa: S608
        f" LIMIT {walked}) AS t WHERE {conditions}"
        " LIMIT :limit OFFSET :offset"
    )


def _count(connection: sqlite3.Connection, where: Where) -> tuple[int, bool]:
    """Return how many tickets fit, and whether there are more: common words are not counted out."""
    if where.streams:
        found, is_whole = connection.execute(where.stream(MOST_COUNTED), where.values).fetchone()
        return min(found, MOST_COUNTED), found > MOST_COUNTED or not is_whole
    return int(sql.scalar(connection, _count_query(where), where.values)), False


def _count_query(where: Where) -> str:
    return f"SELECT count(*) FROM tickets AS t WHERE {where.sql(seeking=where.seeks_few)}"  # noqa: S608


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
    counts = ", ".join(
        f"(SELECT min(found, {MOST_COUNTED}) FROM ({where.stream(MOST_COUNTED)}))"  # noqa: S608
        if where.streams
        else f"({_count_query(where)})"
        for where in wheres
    )
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
    order = _order(by, sort)
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
        begin = f"({place}) {'<' if sort.startswith('-') else '>'} ({marks}) AND "
    return (
        f"SELECT t.id FROM tickets AS t WHERE {begin}"  # noqa: S608
        f"{where.sql(alone=walked and not searched, seeking=where.seeks_few)}"
        f" ORDER BY {plus}{order} LIMIT :limit OFFSET :offset"
    )


def _order(by: Sequence[str], sort: str) -> str:
    direction = "DESC" if sort.startswith("-") else "ASC"
    return ", ".join(f"t.{column} {direction}" for column in by)

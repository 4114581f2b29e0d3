"""Neighbours of a place in a list of tickets.

A place is what the list sorts by, as it was when its reader came by: who answers a ticket moves it
in the list, and goes on from where it stood. Finding a neighbour reads one row of the index that
the list is read from.
"""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from helpdesk import access
from helpdesk.access import Viewer
from helpdesk.errors import Invalid
from helpdesk.tickets import filters, lists, rows
from helpdesk.tickets.model import TicketFilter, TicketSummary

_BETWEEN = "~"
_LONGEST = 1_000
_NUMBERS = frozenset({"revision", "public_revision", "priority"})
_NUMBER = re.compile("[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What lies around a place; None at either end of the list."""

    previous: TicketSummary | None
    next: TicketSummary | None


def place(ticket: TicketSummary, sort: str) -> str:
    """Return where a ticket stands now in a list that is sorted like that, fit for an address."""
    values = {
        "revision": str(ticket.revision),
        "priority": str(rows.rank(ticket.priority)),
        "status": ticket.status,
        "subject": ticket.subject,
        "id": ticket.id,
    }
    columns = lists.columns(sort, public=False)
    return _BETWEEN.join(values[column.partition(" ")[0]] for column in columns)


def neighbours(
    connection: sqlite3.Connection, viewer: Viewer, wanted: TicketFilter, sort: str, at: str
) -> Neighbours:
    """Return the tickets around a place, whether or not a ticket stands there still."""
    public = not access.may_see_notes(viewer)
    values = _values(at, lists.columns(sort, public=public))
    turned = sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"
    found = [_first(connection, viewer, wanted, order, values) for order in (turned, sort)]
    summaries = lists.summaries(connection, [one for one in found if one], public=public)
    by_id = {summary.id: summary for summary in summaries}
    before, after = (by_id.get(one) if one else None for one in found)
    return Neighbours(before, after)


def _values(at: str, columns: Sequence[str]) -> list[str | int]:
    """Take a place apart; a subject, which comes first, may hold what stands between."""
    found = at.rsplit(_BETWEEN, len(columns) - 1)
    fits = len(found) == len(columns) and len(at) <= _LONGEST and at.isprintable()
    numbers = [column in _NUMBERS for column in columns]
    if not fits or not all(
        _NUMBER.fullmatch(value) for value, number in zip(found, numbers, strict=True) if number
    ):
        raise Invalid("at", repr(at[:80]), "a place in a list, as the list's links have it")
    return [int(value) if number else value for value, number in zip(found, numbers, strict=True)]


def _first(
    connection: sqlite3.Connection,
    viewer: Viewer,
    wanted: TicketFilter,
    sort: str,
    at: Sequence[str | int],
) -> str | None:
    public = not access.may_see_notes(viewer)
    where = filters.conditions(connection, viewer, wanted)
    query = lists.page_query(
        where, sort, public=public, searched=bool(wanted.text.strip()), after=True
    )
    values = {f"at{number}": value for number, value in enumerate(at)}
    row = connection.execute(query, {**where.values, **values, "limit": 1, "offset": 0}).fetchone()
    return None if row is None else str(row[0])

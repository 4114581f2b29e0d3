"""Which tickets a list shows, as conditions in SQL.

Owns the translation of a ``TicketFilter``, and puts in front of it what the viewer may see: every
list, count and search is built here, so that none can leave it out. Must not know of sorting.
"""

from typing import Any

from helpdesk import access
from helpdesk.access import Viewer
from helpdesk.errors import NotAllowed
from helpdesk.tickets import rows, search
from helpdesk.tickets.model import TicketFilter


class Where:
    """Conditions joined by *and*, with their values."""

    def __init__(self, prefix: str = "v") -> None:
        self._prefix = prefix
        self._conditions: list[str] = []
        self.values: dict[str, Any] = {}

    def add(self, condition: str, *values: Any) -> None:
        """Add a condition; each ``?`` in it stands for one of ``values``."""
        for value in values:
            name = f"{self._prefix}{len(self.values)}"
            self.values[name] = value
            condition = condition.replace("?", f":{name}", 1)
        self._conditions.append(f"({condition})")

    def __str__(self) -> str:
        return " AND ".join(self._conditions) or "1"


def conditions(viewer: Viewer, wanted: TicketFilter, *, prefix: str = "v") -> Where:
    """Return what a ticket must fulfil; ``prefix`` begins the names of the query's values."""
    where = Where(prefix)
    _add_sight(where, viewer)
    _add_people(where, viewer, wanted)
    _add_state(where, wanted)
    _add_catalogue(where, wanted)
    _add_text(where, viewer, wanted.text)
    return where


def _add_sight(where: Where, viewer: Viewer) -> None:
    if viewer.is_plugin:
        raise NotAllowed("list tickets", "plugins are told of tickets by events")
    if not viewer.is_staff:
        where.add("t.submitter_id = ?", viewer.actor.id)


def _add_people(where: Where, viewer: Viewer, wanted: TicketFilter) -> None:
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


def _add_scope(where: Where, viewer: Viewer) -> None:
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


def _add_state(where: Where, wanted: TicketFilter) -> None:
    if wanted.status:
        marks = ", ".join("?" * len(wanted.status))
        where.add(f"t.status IN ({marks})", *wanted.status)
    if wanted.priority:
        marks = ", ".join("?" * len(wanted.priority))
        where.add(f"t.priority IN ({marks})", *map(rows.rank, wanted.priority))
    if wanted.open_only:
        where.add("t.status NOT IN ('Resolved', 'Closed')")


def _add_catalogue(where: Where, wanted: TicketFilter) -> None:
    for column, table, value in (
        ("category_id", "categories", wanted.category),
        ("type_id", "types", wanted.type),
        ("item_id", "items", wanted.item),
    ):
        if value:
            named = f"SELECT id FROM {table} WHERE id = ? OR name = ?"  # noqa: S608
            where.add(f"t.{column} IN ({named})", value, value)


def _add_text(where: Where, viewer: Viewer, text: str) -> None:
    if not text.strip():
        return
    found = search.matches(text, with_notes=access.may_see_notes(viewer))
    # The plus keeps SQLite from driving the list by the matches: it would read and sort them all,
    # where walking the list's own index stops at a full page.
    each = " AND ".join(f"+t.number IN ({search.MATCHING_TICKETS})" for _ in found or ()) or "0"
    if typed_id := search.ticket_id(text):
        where.add(f"t.id = ? OR ({each})", typed_id, *(found or ()))
    else:
        where.add(each, *(found or ()))

"""Filters of ticket lists, as conditions in SQL.

Owns the translation of a ``TicketFilter``, and puts in front of it what the viewer may see: every
list, count and search is built here, so that none can leave it out. Must not know of sorting.
"""

import sqlite3

from helpdesk import access
from helpdesk.access import Viewer
from helpdesk.errors import NotAllowed
from helpdesk.tickets import rows, search, sight, tags
from helpdesk.tickets.conditions import Lead, Numbers, Where
from helpdesk.tickets.filter_values import (
    ME,
    NAMED,
    NOBODY,
    OPEN,
    bounds,
    group_id,
    statuses,
    submitter_id,
)
from helpdesk.tickets.model import TicketFilter


def conditions(
    connection: sqlite3.Connection, viewer: Viewer, wanted: TicketFilter, *, prefix: str = "v"
) -> Where:
    """Return what a ticket must fulfil; ``prefix`` begins the names of the query's values."""
    where = Where(prefix)
    _add_sight(where, viewer)
    _add_people(connection, where, viewer, wanted)
    _add_state(connection, where, wanted)
    _add_catalogue(where, wanted)
    _add_times(connection, where, viewer, wanted)
    if wanted.field:
        _add_field(connection, where, wanted)
    for tag in wanted.tags:
        _add_tag(connection, where, viewer, tag)
    if wanted.text.strip():
        _add_text(connection, where, viewer, wanted.text)
    return where


def _add_sight(where: Where, viewer: Viewer) -> None:
    if viewer.is_plugin:
        raise NotAllowed("list tickets", "plugins receive tickets in events")
    if not viewer.is_staff:
        condition, value = sight.submitters(viewer)
        where.add(f"{{t}}.submitter_id {condition}", value, lead=Lead.PERSON)


def _add_people(
    connection: sqlite3.Connection, where: Where, viewer: Viewer, wanted: TicketFilter
) -> None:
    if wanted.mine:
        column = "assignee_user_id" if viewer.is_staff else "submitter_id"
        where.add(f"{{t}}.{column} = ?", viewer.actor.id, lead=Lead.PERSON)
    if wanted.followed and viewer.is_staff:
        followed = "SELECT number FROM ticket_followers WHERE user_id = ?"
        where.add(f"{{t}}.number IN ({followed})", viewer.actor.id, lead=Lead.FEW)
    if wanted.unassigned:
        where.add("{t}.assignee_user_id IS NULL AND {t}.assignee_group_id IS NULL")
    if wanted.assignee_id == NOBODY:
        where.add("{t}.assignee_user_id IS NULL AND {t}.assignee_group_id IS NULL")
    elif wanted.assignee_id:
        assignee = viewer.actor.id if wanted.assignee_id == ME else wanted.assignee_id
        where.add("{t}.assignee_user_id = ?", assignee, lead=Lead.PERSON)
    if wanted.group_id:
        group = group_id(connection, wanted.group_id)
        where.add("{t}.assignee_group_id = ?", group, lead=Lead.PERSON)
    _add_requester(connection, where, viewer, wanted)
    if wanted.workable and not viewer.is_admin:
        _add_scope(where, viewer)


def _add_requester(
    connection: sqlite3.Connection, where: Where, viewer: Viewer, wanted: TicketFilter
) -> None:
    if wanted.submitter_id:
        submitter = submitter_id(connection, wanted.submitter_id)
        where.add("{t}.submitter_id = ?", submitter, lead=Lead.PERSON)
    if wanted.rating and viewer.is_staff:
        rated = "SELECT number FROM ticket_ratings WHERE score = ?"
        where.add(f"{{t}}.number IN ({rated})", wanted.rating)
    if wanted.organization and viewer.is_staff:
        members = (
            "SELECT user_id FROM organization_members JOIN organizations AS o"
            " ON o.id = organization_id WHERE o.id = ? OR o.name = ?"
        )
        named = wanted.organization
        where.add(f"{{t}}.submitter_id IN ({members})", named, named, lead=Lead.PERSON)


def _add_scope(where: Where, viewer: Viewer) -> None:
    """Say ``access.may_work_on`` in SQL; a test holds the two together."""
    if not viewer.is_staff:
        where.add("0")
        return
    mine = "SELECT group_id FROM group_members WHERE user_id = ?"
    owned = f"SELECT category_id FROM group_categories WHERE group_id IN ({mine})"  # noqa: S608
    me = viewer.actor.id
    where.add(
        "{t}.assignee_user_id = ?"  # noqa: S608
        f" OR {{t}}.assignee_group_id IN ({mine})"
        f" OR {{t}}.category_id IN ({owned})"
        " OR ({t}.assignee_group_id IS NULL AND ({t}.category_id IS NULL"
        " OR {t}.category_id NOT IN (SELECT category_id FROM group_categories)))",
        me,
        me,
        me,
    )


def _add_state(connection: sqlite3.Connection, where: Where, wanted: TicketFilter) -> None:
    all_open = wanted.open_only or tuple(wanted.status) == (OPEN,)
    if wanted.status and tuple(wanted.status) != (OPEN,):
        named = statuses(connection, wanted.status).values()
        names = [name for several in named for name in several]
        marks = ", ".join("?" * len(names))
        where.add(f"{{t}}.status IN ({marks})", *names, lead=Lead.ALONE)
    if wanted.priority:
        marks = ", ".join("?" * len(wanted.priority))
        ranks = map(rows.rank, wanted.priority)
        where.add(f"{{t}}.priority IN ({marks})", *ranks, lead=Lead.ALONE)
    if all_open:
        # Word for word the condition of the index of open tickets.
        where.add("t.status NOT IN ('Resolved', 'Closed')")


def _add_catalogue(where: Where, wanted: TicketFilter) -> None:
    for column, table, value, lead in (
        ("category_id", "categories", wanted.category, Lead.ALONE),
        ("type_id", "types", wanted.type, Lead.NEVER),
        ("item_id", "items", wanted.item, Lead.NEVER),
    ):
        if value:
            named = f"SELECT id FROM {table} WHERE {NAMED}"  # noqa: S608 - our own names
            where.add(f"{{t}}.{column} IN ({named})", value, value, lead=lead)


def _add_times(
    connection: sqlite3.Connection, where: Where, viewer: Viewer, wanted: TicketFilter
) -> None:
    # What a submitter may know of changes the public time alone.
    updated = "updated_at" if access.may_see_notes(viewer) else "public_updated_at"
    for name, column, first, last in (
        ("created", "created_at", wanted.created_from, wanted.created_to),
        ("updated", updated, wanted.updated_from, wanted.updated_to),
    ):
        if not first and not last:
            continue
        begin, end = bounds(name, first, last)
        inside = f"{column} >= ? AND {column} < ?"
        if updated == column and updated != "updated_at":
            where.add("{t}." + inside.replace(f" AND {column}", f" AND {{t}}.{column}"), begin, end)
            continue
        select = f"SELECT number FROM tickets WHERE {inside}"  # noqa: S608 - our own names
        size = search.counted(connection, select, (begin, end))
        seek = f"{{t}}.{column} >= ? AND {{t}}.{column} < ?"
        numbers = Numbers(select, seek, size, is_counted=True)
        where.add_numbers(numbers, begin, end, lead=_lead(size))


def _add_field(connection: sqlite3.Connection, where: Where, wanted: TicketFilter) -> None:
    select, values = "SELECT ticket_id FROM custom_fields WHERE key = ?", [wanted.field]
    if wanted.field_value is not None:
        select += " AND value = ? COLLATE NOCASE"
        values.append(wanted.field_value)
    size = search.counted(connection, select, values)
    where.add(f"{{t}}.id IN ({select})", *values, lead=_lead(size))


def _lead(size: int) -> Lead:
    return Lead.FEW if size <= search.RARE else Lead.NEVER


def _add_tag(
    connection: sqlite3.Connection,
    where: Where,
    viewer: Viewer,
    tag: str,
    *,
    unwanted: bool = False,
) -> None:
    """Add that a ticket has a tag; those who may not see tags find none by them."""
    tag_id, few = tags.ids(connection, tag) if access.may_see_notes(viewer) else (None, True)
    having = "SELECT number FROM ticket_tags WHERE tag_id = ?"
    if unwanted:
        where.add(f"{{t}}.number NOT IN ({having})", tag_id)
    elif tag_id is None:
        where.add("0")
    else:
        where.add(f"{{t}}.number IN ({having})", tag_id, lead=Lead.FEW if few else Lead.NEVER)


def _add_text(connection: sqlite3.Connection, where: Where, viewer: Viewer, text: str) -> None:
    typed_id = search.ticket_id(text)
    found = search.words_of(text, with_notes=access.may_see_notes(viewer))
    if typed_id is not None:
        each = " AND ".join(f"{{t}}.number IN ({search.MATCHING})" for _ in found) or "0"
        where.add(f"{{t}}.id = ? OR ({each})", typed_id, *(word.match for word in found))
        return
    if not found:
        where.add("0")
        return
    for word in found:
        if word.is_tag:
            _add_tag(connection, where, viewer, word.text, unwanted=word.unwanted)
        else:
            _add_word(connection, where, viewer, word)


def _add_word(
    connection: sqlite3.Connection, where: Where, viewer: Viewer, word: search.Word
) -> None:
    if word.is_reference:
        where.add(f"{{t}}.number {'!=' if word.unwanted else '='} ?", word.number, lead=Lead.FEW)
        return
    seekable = search.seekable(connection, word)
    match = seekable or word.match
    size = search.pieces(connection, match)
    select, seek = search.MATCHING, search.SEEKING if seekable else None
    if word.unwanted:
        where.add_numbers(Numbers(select, seek, size), match, unwanted=True)
        return
    values: list[str] = [match]
    own = None if viewer.is_staff else sight.submitters(viewer)
    named = search.by_id_part(connection, word.text, own)
    if word.number is not None:
        named.append(word.number)
    if named:
        listed = ", ".join(map(str, named))
        select = f"{select} UNION ALL SELECT number FROM tickets WHERE number IN ({listed})"  # noqa: S608
        seek = seek and f"{seek} OR {{t}}.number IN ({listed})"
    if people := search.requesters(connection, word.text):
        marks = ", ".join("?" * len(people))
        theirs = f"SELECT number FROM tickets WHERE submitter_id IN ({marks})"  # noqa: S608
        select = f"{select} UNION ALL {theirs}"
        seek = seek and f"{seek} OR {{t}}.submitter_id IN ({marks})"
        values += people
        size += search.counted(connection, theirs, people)
    lead = Lead.FEW if size <= search.RARE else Lead.ALONE
    where.add_numbers(Numbers(select, seek, size), *values, lead=lead)

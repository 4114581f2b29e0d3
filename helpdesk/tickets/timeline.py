"""Timeline of a ticket: replies and status changes in order.

Replies, steps of status history and changes of fields all have ULIDs, so that sorting by id is
sorting by time, also within a second. Reads a bounded part from the end of a story however long it
is.
"""

import sqlite3
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from helpdesk.clock import parse_rfc3339
from helpdesk.errors import Invalid
from helpdesk.paging import Page, PageRequest
from helpdesk.storage import sql
from helpdesk.tickets.model import Author, FieldChange, Reply, StatusChange, Timeline

MOST = 200
"""Entries that are read at once."""
MOST_CHARACTERS = 1024 * 1024
"""Characters of the entries that are read at once; one entry is read whatever its length."""

_LAST = "~"
"""Sorts behind every ULID."""
_QUERY = """
    SELECT id, body AS text, is_internal, NULL AS from_status, NULL AS to_status,
        author_id, author_name, author_role, created_at AS at, 0 AS is_field
    FROM replies WHERE ticket_id = :ticket AND id < :before {sight}
    UNION ALL
    SELECT id, note, NULL, from_status, to_status, author_id, author_name, author_role, at, 0
    FROM status_history WHERE ticket_id = :ticket AND id < :before
    UNION ALL
    SELECT id, field, NULL, from_value, to_value, author_id, author_name, author_role, at, 1
    FROM ticket_changes WHERE ticket_id = :ticket AND id < :before {fields}
    ORDER BY id DESC LIMIT :limit
"""
_PUBLIC = "AND NOT is_internal"
_PUBLIC_FIELDS = "AND field <> 'tags'"


def timeline(
    connection: sqlite3.Connection,
    ticket_id: str,
    *,
    with_notes: bool,
    before: str | None,
    limit: int,
) -> Timeline:
    """Return the ``limit`` newest entries before the entry ``before``, or of all.

    Fewer where they are long (``MOST_CHARACTERS``).
    """
    if not 1 <= limit <= MOST:
        raise Invalid("limit", str(limit), f"a number from 1 to {MOST}")
    sight = "" if with_notes else _PUBLIC
    values = {"ticket": ticket_id, "before": before or _LAST, "limit": limit + 1}
    fields = "" if with_notes else _PUBLIC_FIELDS
    found = sql.rows(connection, _QUERY.format(sight=sight, fields=fields), values)
    shown = found[: min(limit, _fitting(found))]
    entries = tuple(_entry(row, ticket_id) for row in reversed(shown))
    earlier = entries[0].id if len(found) > len(shown) else None
    return Timeline(entries, earlier, _count(connection, ticket_id, sight, fields))


def _fitting(rows: Sequence[sqlite3.Row]) -> int:
    """Count the first rows that fit into ``MOST_CHARACTERS``, at least one."""
    lengths = accumulate(len(row["text"]) for row in rows)
    return max(1, sum(length <= MOST_CHARACTERS for length in lengths))


def replies(
    connection: sqlite3.Connection, ticket_id: str, request: PageRequest, *, with_notes: bool
) -> Page[Reply]:
    """Return a page of the conversation, oldest first."""
    sight = "" if with_notes else _PUBLIC
    found = sql.rows(
        connection,
        f"SELECT * FROM replies WHERE ticket_id = ? {sight} ORDER BY id LIMIT ? OFFSET ?",  # noqa: S608
        (ticket_id, request.per_page, request.offset),
    )
    count = f"SELECT count(*) FROM replies WHERE ticket_id = ? {sight}"  # noqa: S608
    total = sql.scalar(connection, count, (ticket_id,))
    said = [_reply(row, ticket_id, row["body"], row["created_at"]) for row in found]
    return Page(said, request.page, request.per_page, total)


def _count(connection: sqlite3.Connection, ticket_id: str, sight: str, fields: str) -> int:
    query = (
        f"SELECT (SELECT count(*) FROM replies WHERE ticket_id = :ticket {sight})"  # noqa: S608
        " + (SELECT count(*) FROM status_history WHERE ticket_id = :ticket)"
        f" + (SELECT count(*) FROM ticket_changes WHERE ticket_id = :ticket {fields})"
    )
    return int(sql.scalar(connection, query, {"ticket": ticket_id}))


def _entry(row: Any, ticket_id: str) -> Reply | StatusChange | FieldChange:
    if row["is_field"]:
        before, after = row["from_status"], row["to_status"]
        at = parse_rfc3339(row["at"])
        return FieldChange(row["text"], before, after, at, _author(row), row["id"])
    if row["is_internal"] is not None:
        return _reply(row, ticket_id, row["text"], row["at"])
    return StatusChange(
        row["from_status"],
        row["to_status"],
        parse_rfc3339(row["at"]),
        _author(row),
        row["text"],
        row["id"],
    )


def _reply(row: Any, ticket_id: str, body: str, at: str) -> Reply:
    return Reply(
        row["id"], ticket_id, body, bool(row["is_internal"]), _author(row), parse_rfc3339(at)
    )


def _author(row: Any) -> Author:
    return Author(row["author_id"], row["author_name"], row["author_role"])

"""Full-text search: the index over what tickets say, and the language of the search box.

The index (FTS5, https://www.sqlite.org/fts5.html) is written in the transaction of each change. It
keeps no text of its own, so whoever changes a text must name the old one. A search is words joined
by *and*, each of which must begin a word in one of the ticket's texts. Notes are searched only for
those who may read them.
"""

import re
import sqlite3

from helpdesk.checks import cleaned
from helpdesk.storage import sql

MAX_WORDS = 10
"""Words of a search that are looked at."""
_LONGEST_WORD = 64
_SHORTEST_PREFIX = 2
"""A single letter begins too many words: it is looked for as a word of its own."""

_SPOKEN = re.compile(r"[^\W_]")
_TICKET_ID = re.compile(r"[0-9A-Za-z]{26}")

RARE = 2_000
"""A word in at most so many pieces leads the query: its tickets are sorted in no time."""

MATCHING = "SELECT rowid >> 20 FROM search WHERE search MATCH ?"
"""Numbers of the tickets of which a piece matches; see the migration for what a row id means."""


def matches(text: str, *, with_notes: bool) -> list[str] | None:
    """Return one FTS5 query for each word; None where there is no word to look for."""
    words = [word[:_LONGEST_WORD] for word in cleaned(text).split() if _SPOKEN.search(word)]
    if not words:
        return None
    return [_match(word, with_notes=with_notes) for word in words[:MAX_WORDS]]


def is_rare(connection: sqlite3.Connection, match: str) -> bool:
    """Tell whether few pieces match; looks at no more of them than it must."""
    query = "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)"
    return bool(sql.scalar(connection, query, (match, RARE + 1)) <= RARE)


def ticket_id(text: str) -> str | None:
    """Return the ticket id that was typed, if it may be one."""
    stripped = text.strip()
    return stripped.upper() if _TICKET_ID.fullmatch(stripped) else None


def _match(word: str, *, with_notes: bool) -> str:
    # Quoted, so that nothing in it is a command of the query language.
    phrase = '"' + word.replace('"', '""') + '"'
    begins = "*" if len(word) >= _SHORTEST_PREFIX else ""
    columns = "" if with_notes else "{subject description reply} : "
    return f"{columns}{phrase}{begins}"


def add_ticket(connection: sqlite3.Connection, number: int, subject: str, description: str) -> None:
    """Index a new ticket."""
    connection.execute(
        "INSERT INTO search (rowid, subject, description) VALUES (? << 20, ?, ?)",
        (number, subject, description),
    )


def replace_ticket(
    connection: sqlite3.Connection, wanted_id: str, old: tuple[str, str], new: tuple[str, str]
) -> None:
    """Index a ticket anew; ``old`` and ``new`` are subject and description."""
    number = sql.scalar(connection, "SELECT number FROM tickets WHERE id = ?", (wanted_id,))
    connection.execute(
        "INSERT INTO search (search, rowid, subject, description) VALUES ('delete', ? << 20, ?, ?)",
        (number, *old),
    )
    add_ticket(connection, number, *new)


def add_reply(connection: sqlite3.Connection, reply_id: str) -> None:
    """Index a reply or a note that has just been written, and number it within its ticket."""
    connection.execute(
        "UPDATE replies SET piece = 1 + ("
        " SELECT coalesce(max(said.piece), 0) FROM replies AS said"
        " WHERE said.ticket_id = replies.ticket_id) WHERE id = ?",
        (reply_id,),
    )
    connection.execute(
        "INSERT INTO search (rowid, reply, note)"
        " SELECT (t.number << 20) + r.piece, iif(r.is_internal, NULL, r.body),"
        " iif(r.is_internal, r.body, NULL)"
        " FROM replies AS r JOIN tickets AS t ON t.id = r.ticket_id WHERE r.id = ?",
        (reply_id,),
    )

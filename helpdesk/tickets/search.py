"""Full-text search: the index over what tickets say, and the language of the search box.

The index (FTS5, https://www.sqlite.org/fts5.html) is written in the transaction of each change. It
keeps no text of its own, so whoever changes a text must name the old one. A search is words joined
by *and*, each of which must begin a word in one of the ticket's texts. Notes are searched only for
those who may read them.
"""

import re
import sqlite3
from dataclasses import dataclass

from helpdesk.checks import cleaned
from helpdesk.storage import sql
from helpdesk.text import search_text

MOST_REQUESTERS = 50
MAX_WORDS = 10
"""Words of a search that are looked at."""
_LONGEST_WORD = 64
_SHORTEST_PREFIX = 2
"""A single letter begins too many words: it is looked for as a word of its own."""

_SPOKEN = re.compile(r"[^\W_]")
_WORDS = re.compile(r'(?<!\S)(-?)(tag:)?(?:"([^"]*)"|(\S+))')
_ID_PART = re.compile(r"(?=.*[0-9])[0-9a-hjkmnp-tv-z]{6,26}")
"""Of Crockford's base 32, with a digit in it: most words are none."""
_TICKET_ID = re.compile(r"[0-9A-Za-z]{26}")
_NUMBER = re.compile(r"(#?)([0-9]{1,15})", re.ASCII)

RARE = 2_000
"""A word in at most so many pieces leads the query: its tickets are sorted in no time."""

MATCHING = "SELECT rowid >> 20 FROM search WHERE search MATCH ?"
"""Numbers of the tickets of which a piece matches; see the migration for what a row id means."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a search."""

    text: str
    """Folded as the index is."""
    match: str
    """The FTS5 query for it."""
    unwanted: bool = False
    """Whether tickets that have it are left out: it was typed after a minus."""
    number: int | None = None
    """The number of a ticket that it may be."""
    is_tag: bool = False
    """Whether it names a tag: ``tag:vip``, ``tag:"two words"``."""
    is_reference: bool = False
    """Whether it can be nothing but that number: ``#1042``, where ``1042`` may stand in a text."""


def words_of(text: str, *, with_notes: bool) -> list[Word]:
    """Return the words to look for, each once; text between double quotes is one of them."""
    found: dict[tuple[str, bool, bool], Word] = {}
    for minus, tag, phrase, single in _WORDS.findall(cleaned(text)):
        is_tag = bool(tag) and with_notes
        if is_tag:
            name = (phrase or single)[:_LONGEST_WORD]
            found.setdefault((name, bool(minus), True), Word(name, "", bool(minus), is_tag=True))
            continue
        folded = " ".join(search_text((phrase or single)[:_LONGEST_WORD]).split())
        if not _SPOKEN.search(folded):
            continue
        key = (folded, bool(minus), False)
        match = _match(folded, with_notes=with_notes, whole=bool(phrase))
        number = None if phrase else _NUMBER.fullmatch(folded)
        found.setdefault(
            key,
            Word(
                folded,
                match,
                unwanted=bool(minus),
                number=int(number[2]) if number else None,
                is_reference=bool(number and number[1]),
            ),
        )
    return list(found.values())[:MAX_WORDS]


def is_rare(connection: sqlite3.Connection, match: str) -> bool:
    """Tell whether few pieces match; looks at no more of them than it must."""
    query = "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)"
    return bool(sql.scalar(connection, query, (match, RARE + 1)) <= RARE)


def requesters(connection: sqlite3.Connection, word: str) -> list[str]:
    """Return the ids of the people whose name or address has ``word``; of many, the first."""
    query = "SELECT id FROM users WHERE instr(search_text, ?) LIMIT ?"
    return [user_id for (user_id,) in connection.execute(query, (word, MOST_REQUESTERS))]


def id_part(word: str) -> str | None:
    """Return the part of a ticket's id that a word may be, in the letters of ids."""
    return word.upper() if _ID_PART.fullmatch(word) else None


def ticket_id(text: str) -> str | None:
    """Return the ticket id that was typed, if it may be one."""
    stripped = text.strip()
    return stripped.upper() if _TICKET_ID.fullmatch(stripped) else None


def number(reference: str) -> int | None:
    """Return the number that a ticket is called by in addresses, None where it is no number."""
    found = _NUMBER.fullmatch(reference)
    return int(found[2]) if found and not found[1] else None


def _match(word: str, *, with_notes: bool, whole: bool) -> str:
    # Quoted, so that nothing in it is a command of the query language.
    phrase = '"' + word.replace('"', '""') + '"'
    begins = "*" if len(word) >= _SHORTEST_PREFIX and not whole else ""
    columns = "" if with_notes else "{subject description reply} : "
    return f"{columns}{phrase}{begins}"


def add_ticket(connection: sqlite3.Connection, number: int, subject: str, description: str) -> None:
    """Index a new ticket."""
    connection.execute(
        "INSERT INTO search (rowid, subject, description)"
        " VALUES (? << 20, search_text(?), search_text(?))",
        (number, subject, description),
    )


def replace_ticket(
    connection: sqlite3.Connection, wanted_id: str, old: tuple[str, str], new: tuple[str, str]
) -> None:
    """Index a ticket again; ``old`` and ``new`` are subject and description."""
    number = sql.scalar(connection, "SELECT number FROM tickets WHERE id = ?", (wanted_id,))
    connection.execute(
        "INSERT INTO search (search, rowid, subject, description)"
        " VALUES ('delete', ? << 20, search_text(?), search_text(?))",
        (number, *old),
    )
    add_ticket(connection, number, *new)


def remove_reply(connection: sqlite3.Connection, reply_id: str) -> None:
    """Take a reply or a note out of the index, before it changes its place."""
    connection.execute(
        "INSERT INTO search (search, rowid, reply, note)"
        " SELECT 'delete', (t.number << 20) + r.piece,"
        " iif(r.is_internal, NULL, search_text(r.body)),"
        " iif(r.is_internal, search_text(r.body), NULL)"
        " FROM replies AS r JOIN tickets AS t ON t.id = r.ticket_id WHERE r.id = ?",
        (reply_id,),
    )


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
        " SELECT (t.number << 20) + r.piece, iif(r.is_internal, NULL, search_text(r.body)),"
        " iif(r.is_internal, search_text(r.body), NULL)"
        " FROM replies AS r JOIN tickets AS t ON t.id = r.ticket_id WHERE r.id = ?",
        (reply_id,),
    )

"""Full-text search: the index over what tickets say, and the language of the search box.

The index (FTS5, https://www.sqlite.org/fts5.html) is written in the transaction of each change. It
keeps no text of its own, so whoever changes a text must name the old one. A search is words joined
by *and*, each of which must begin a word in one of the ticket's texts. Notes are searched only for
those who may read them.
"""

import itertools
import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk.checks import cleaned
from helpdesk.storage import sql
from helpdesk.text import search_text
from helpdesk.tickets import spelling

MOST_REQUESTERS = 50
MOST_BY_ID = 50
"""Tickets that a part of an id may name."""
MAX_WORDS = 10
"""Words of a search that are looked at."""
_LONGEST_WORD = 64
_SHORTEST_PREFIX = 2
"""A single letter begins too many words: it is looked for as a word of its own."""

_SPOKEN = re.compile(r"[^\W_]")
_WORDS = re.compile(r'(?<!\S)(-?)(tag:)?(?:"([^"]*)"|(\S+))')
_ID_PART = re.compile(r"(?=.*[0-9])[0-9a-hjkmnp-tv-z]{6,26}")
"""Of Crockford's base 32, with a digit in it: most words are none."""
_PUBLIC_COLUMNS = "{subject description reply} : "
_TICKET_ID = re.compile(r"[0-9A-Za-z]{26}")
_NUMBER = re.compile(r"(#?)([0-9]{1,15})", re.ASCII)

RARE = 2_000
"""A word in at most so many pieces leads the query: its tickets are sorted in no time."""

MATCHING = "SELECT rowid >> 20 AS number FROM search WHERE search MATCH ?"
"""Numbers of the tickets of which a piece matches; see the migration for what a row id means."""
SEEKING = (
    "EXISTS (SELECT 1 FROM search WHERE search MATCH ?"
    " AND rowid BETWEEN {t}.number << 20 AND ({t}.number << 20) + 1048575)"
)
"""The same asked of one ticket: FTS5 seeks it, where the query has no prefix that it must read."""
MOST_TERMS = 16
"""Words of the index that a prefix is spelt out as."""
_MOST_PIECES = 31_000
"""Pieces that are counted: what is in more is as common as can be."""
_INDEXED_PREFIXES = (2, 3)
"""Characters of the prefixes that the index has lists of (``storage.search_step``)."""
_TOKENS = re.compile(r"[^\W_]+")

SEARCH_MIGRATIONS = Migrations("search")


@SEARCH_MIGRATIONS()
def m001_terms(db: sqlite_utils.Database) -> None:
    """Open the index's list of its words (https://www.sqlite.org/fts5.html#the_fts5vocab_virtual_table_module)."""
    db.execute("CREATE VIRTUAL TABLE search_terms USING fts5vocab (search, instance)")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a search."""

    text: str
    """Folded as the index is."""
    match: str
    """The FTS5 query for it."""
    columns: str = ""
    """The part of that query which names where it is looked for."""
    begins: bool = False
    """Whether it need only begin a word of the text."""
    unwanted: bool = False
    """Whether tickets that have it are left out: it was typed after a minus."""
    number: int | None = None
    """The number of a ticket that it may be."""
    is_tag: bool = False
    """Whether it names a tag: ``tag:vip``, ``tag:"two words"``."""
    is_reference: bool = False
    """Whether it can be nothing but that number: ``#1042``, where ``1042`` may stand in a text."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A word of a search as it was typed, and where."""

    typed: str
    folded: str
    start: int
    end: int


class Rewriting:
    """A search of which words are replaced."""

    def __init__(self, text: str) -> None:
        self._text = cleaned(text)
        self._new: list[tuple[Typed, str]] = []

    def plain_words(self) -> list[Typed]:
        """Return the words that may be mistyped: no phrase, number, tag, nor one left out."""
        found = []
        for match in itertools.islice(_WORDS.finditer(self._text), MAX_WORDS):
            minus, tag, _, single = match.groups()
            folded = " ".join(search_text((single or "")[:_LONGEST_WORD]).split())
            if minus or tag or not _SPOKEN.search(folded) or _NUMBER.fullmatch(folded):
                continue
            found.append(Typed(single, folded, *match.span()))
        return found

    def replace(self, word: Typed, used: str) -> None:
        """Put ``used`` in the place of a word."""
        self._new.append((word, used))

    @property
    def text(self) -> str:
        """The search with its new words."""
        text = self._text
        for word, used in sorted(self._new, key=lambda pair: pair[0].start, reverse=True):
            text = text[: word.start] + used + text[word.end :]
        return text


def words_of(text: str, *, with_notes: bool) -> list[Word]:
    """Return the words to look for, each once; text between double quotes is one of them."""
    found: dict[tuple[str, bool, bool], Word] = {}
    for minus, tag, phrase, single in _WORDS.findall(cleaned(text)):
        is_tag = bool(tag) and with_notes
        if is_tag:
            name = (phrase or single)[:_LONGEST_WORD]
            found.setdefault(
                (name, bool(minus), True), Word(name, "", unwanted=bool(minus), is_tag=True)
            )
            continue
        folded = " ".join(search_text((phrase or single)[:_LONGEST_WORD]).split())
        if not _SPOKEN.search(folded):
            continue
        key = (folded, bool(minus), False)
        columns = "" if with_notes else _PUBLIC_COLUMNS
        # A single letter begins too many words.
        begins = not phrase and len(folded) >= _SHORTEST_PREFIX
        number = None if phrase else _NUMBER.fullmatch(folded)
        found.setdefault(
            key,
            Word(
                folded,
                f"{columns}{_quoted(folded)}{'*' if begins else ''}",
                columns,
                begins=begins,
                unwanted=bool(minus),
                number=int(number[2]) if number else None,
                is_reference=bool(number and number[1]),
            ),
        )
    return list(found.values())[:MAX_WORDS]


def counted(connection: sqlite3.Connection, select: str, values: Sequence[str | None]) -> int:
    """Return how many rows a query has, at most ``_MOST_PIECES``."""
    query = f"SELECT count(*) FROM ({select} LIMIT {_MOST_PIECES})"  # noqa: S608 - our own query
    return int(sql.scalar(connection, query, values))


def pieces(connection: sqlite3.Connection, match: str, most: int = _MOST_PIECES) -> int:
    """Return how many pieces match, at most ``most``; looks at no more of them."""
    query = "SELECT count(*) FROM (SELECT 1 FROM search WHERE search MATCH ? LIMIT ?)"
    return int(sql.scalar(connection, query, (match, most)))


def seekable(connection: sqlite3.Connection, word: Word) -> str | None:
    """Return a query that matches what the word's does and that FTS5 can seek with, None for none.

    A prefix that has no list of its own is read whole before the first match is known, so it is
    replaced by the words that begin with it, unless they are many.
    """
    tokens = _TOKENS.findall(word.text)
    if not word.begins or not tokens:
        return word.match
    if len(tokens) == 1 and len(tokens[0]) in _INDEXED_PREFIXES:
        return word.match
    terms = _terms(connection, tokens[-1])
    if len(terms) > MOST_TERMS:
        return None
    phrases = [" ".join((*tokens[:-1], term)) for term in terms]
    # None begins with it: then nothing matches, which FTS5 knows at once.
    return f"{word.columns}({' OR '.join(map(_quoted, phrases))})" if phrases else word.match


def _terms(connection: sqlite3.Connection, prefix: str) -> list[str]:
    """Return the words of the index that begin with ``prefix``; one too many where they are many.

    Goes from one to the next: each has a row for every place where it stands.
    """
    found: list[str] = []
    query, begin = "SELECT term FROM search_terms WHERE term >= ? LIMIT 1", prefix
    while len(found) <= MOST_TERMS:
        term: str | None = sql.scalar(connection, query, (begin,))
        if term is None or not term.startswith(prefix):
            break
        found.append(term)
        begin = f"{term}\x01"  # The least that a longer word can be: a control ends each word.
    return found


def requesters(connection: sqlite3.Connection, word: str) -> list[str]:
    """Return the ids of the people whose name or address has ``word``; of many, the first."""
    query = "SELECT id FROM users WHERE instr(search_text, ?) LIMIT ?"
    return [user_id for (user_id,) in connection.execute(query, (word, MOST_REQUESTERS))]


def by_id_part(
    connection: sqlite3.Connection, word: str, sight: tuple[str, str] | None
) -> list[int]:
    """Return the numbers of tickets whose id has the word in it; of many, the newest.

    ``sight``: whose tickets alone (``sight.submitters``); None for everybody's.
    """
    if not _ID_PART.fullmatch(word):
        return []
    condition, *whose = sight or ("IS NOT NULL",)
    query = (
        f"SELECT number FROM tickets WHERE instr(id, ?) AND submitter_id {condition}"  # noqa: S608
        " ORDER BY id DESC LIMIT ?"
    )
    values = (word.upper(), *whose, MOST_BY_ID)
    return [found for (found,) in connection.execute(query, values)]


def ticket_id(text: str) -> str | None:
    """Return the ticket id that was typed, if it may be one."""
    stripped = text.strip()
    return stripped.upper() if _TICKET_ID.fullmatch(stripped) else None


def number(reference: str) -> int | None:
    """Return the number that a ticket is called by in addresses, None where it is no number."""
    found = _NUMBER.fullmatch(reference)
    return int(found[2]) if found and not found[1] else None


def phrase(folded: str, *, begins: bool) -> str:
    """Return the query for words that stand in a row, the last of which may only begin one."""
    return _quoted(folded) + ("*" if begins else "")


def _quoted(phrase: str) -> str:
    """Write a phrase so that nothing in it is a command of the query language."""
    return '"' + phrase.replace('"', '""') + '"'


def add_ticket(connection: sqlite3.Connection, number: int, subject: str, description: str) -> None:
    """Index a new ticket."""
    connection.execute(
        "INSERT INTO search (rowid, subject, description)"
        " VALUES (? << 20, search_text(?), search_text(?))",
        (number, subject, description),
    )
    spelling.learn(connection, subject, description)


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
    body = sql.scalar(connection, "SELECT body FROM replies WHERE id = ?", (reply_id,))
    spelling.learn(connection, body)

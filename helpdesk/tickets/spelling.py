"""Spelling: the words that tickets have, and which of them are near a mistyped one.

Owns the ``spelling_words`` and ``spelling_keys`` tables, written in the transaction of each change.
Every word is found by keys: its first letters, and the same with each letter left out in turn. Two
words of which one was mistyped have a key in common, whichever letter was left out, added, changed
or swapped with the next; so a few looks into an index find the near ones, however many words there
are. Scripts without spaces are kept as runs of three letters.

The tables know words of internal notes and of everybody's tickets. What a submitter is told comes
from the submitter's own tickets alone (``corrections``).
"""

import itertools
import re
import sqlite3
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import sqlite_utils
from rapidfuzz.distance import OSA
from sqlite_utils.migrations import Migrations

from helpdesk.storage import sql
from helpdesk.text import normalized, search_text

MOST_WORDS = 1_000_000
"""Words that are kept; later ones are not learnt."""
MOST_AT_ONCE = 2_000
"""Words that are learnt from one text."""
MOST_CHARACTERS = 100_000
"""Characters of a text that are looked at."""
SHORTEST, LONGEST = 3, 40
"""Letters of a word that is learnt."""
RUN = 3
"""Letters of a run of a script without spaces."""
_FRONT = 6
_BACK = 4
_BACK_FROM = 7
_TWO_ERRORS_FROM = 7
"""Letters of a word in which two mistakes are forgiven; in shorter ones, one is."""
_ENDING = 3
"""Letters by which a word may go on behind what was typed."""
_MOST_OF_A_KEY = 60
_FILL = 50_000
"""Words that are written at once when all are learnt."""

SPELLING_MIGRATIONS = Migrations("spelling")


@SPELLING_MIGRATIONS()
def m001_words(db: sqlite_utils.Database) -> None:
    """Create the tables, and learn what is there."""
    for statement in (
        """CREATE TABLE spelling_words (
            id INTEGER PRIMARY KEY,
            word TEXT NOT NULL UNIQUE,
            shown TEXT NOT NULL
        ) STRICT""",
        """CREATE TABLE spelling_keys (
            key TEXT NOT NULL,
            length INTEGER NOT NULL,
            word_id INTEGER NOT NULL,
            PRIMARY KEY (key, length, word_id)
        ) STRICT, WITHOUT ROWID""",
    ):
        db.execute(statement)
    if db["search"].exists():
        learn_all(db.conn)


@dataclass(frozen=True, slots=True)
class Near:
    """A word near another."""

    word: str
    """Folded as the search index is."""
    shown: str
    distance: int
    """How many mistakes lie between."""
    goes_on: bool
    """Whether it only begins like the other one."""


def _marks() -> str:
    """Return the marks that belong to a letter, and the joiners, for a class of characters."""
    marks = (chr(n) for n in range(0x300, 0x1E00) if unicodedata.category(chr(n))[0] == "M")
    return "".join(map(re.escape, marks)) + "\u00ad\u200c\u200d"


_MARKS = _marks()
_TYPED = re.compile(rf"[^\W\d_](?:[^\W_]|[{_MARKS}])*")
"""A word as it stands in a text."""
_FOLDED = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}])*")
_NUMERAL = re.compile(r"\d")
_ALONE = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
    "\uf900-\ufaff\U00020000-\U0003134f]"
)
"""A letter that ``search_text`` lets stand alone."""


def parts(folded: str) -> list[str]:
    """Return the words of a folded text; letters that stand alone are joined to runs."""
    found: list[str] = []
    run = ""
    for piece in folded.split():
        if len(piece) == 1 and _ALONE.match(piece):
            run += piece
            continue
        if run:
            found.append(run)
            run = ""
        found += _FOLDED.findall(piece)
    return [*found, run] if run else found


def is_run(word: str) -> bool:
    """Tell whether a word is of a script without spaces."""
    return _ALONE.match(word) is not None


def written(word: str) -> str:
    """Return a word as the search index has it: letters without spaces apart."""
    return " ".join(word) if is_run(word) else word


def words_in(text: str) -> dict[str, str]:
    """Return the words of a text to be learnt, each with its spelling there."""
    found: dict[str, str] = {}
    for typed in dict.fromkeys(_TYPED.findall(text[:MOST_CHARACTERS])):
        if len(found) >= MOST_AT_ONCE:
            break
        if _NUMERAL.search(typed):
            continue
        if typed.isascii():
            if SHORTEST <= len(typed) <= LONGEST:
                found.setdefault(typed.lower(), typed.lower())
            continue
        shown = normalized("NFC", typed).lower()
        for word in parts(search_text(typed)):
            if is_run(word):
                found |= {run: run for run in _runs(word)}
            elif SHORTEST <= len(word) <= LONGEST:
                found.setdefault(word, shown)
    return found


def _runs(letters: str) -> Iterator[str]:
    return (letters[at : at + RUN] for at in range(max(1, len(letters) - RUN + 1)))


def learn(connection: sqlite3.Connection, *texts: str) -> None:
    """Learn the words of texts that were just written."""
    for text in texts:
        _learn(connection, words_in(text))


def _learn(connection: sqlite3.Connection, words: dict[str, str]) -> None:
    query = "SELECT 1 FROM spelling_words WHERE word = ?"
    fresh = [word for word in words if connection.execute(query, (word,)).fetchone() is None]
    if not fresh:
        return
    last = sql.scalar(connection, "SELECT coalesce(max(id), 0) FROM spelling_words")
    for word_id, word in enumerate(fresh[: max(0, MOST_WORDS - last)], last + 1):
        connection.execute(
            "INSERT INTO spelling_words (id, word, shown) VALUES (?, ?, ?)",
            (word_id, word, words[word]),
        )
        connection.executemany(
            "INSERT INTO spelling_keys (key, length, word_id) VALUES (?, ?, ?)",
            [(key, len(word), word_id) for key in _keys(word)],
        )


def learn_all(connection: sqlite3.Connection) -> None:
    """Learn every word of the search index, and the spelling of those beyond ASCII."""
    connection.execute("DELETE FROM spelling_keys")
    connection.execute("DELETE FROM spelling_words")
    known: dict[str, str] = {}
    for text in _texts(connection):
        if not text.isascii() and len(known) < MOST_WORDS:
            known = words_in(text) | known
    connection.execute(
        "CREATE VIRTUAL TABLE temp.spelling_terms USING fts5vocab (main, search, row)"
    )
    for (term,) in connection.execute("SELECT term FROM temp.spelling_terms"):
        if len(known) >= MOST_WORDS:
            break
        if SHORTEST <= len(term) <= LONGEST and _FOLDED.fullmatch(term) and not is_run(term):
            known.setdefault(term, term)
    connection.execute("DROP TABLE temp.spelling_terms")
    rows = enumerate(itertools.islice(known.items(), MOST_WORDS), 1)
    while chunk := list(itertools.islice(rows, _FILL)):
        connection.executemany(
            "INSERT INTO spelling_words (id, word, shown) VALUES (?, ?, ?)",
            ((word_id, word, shown) for word_id, (word, shown) in chunk),
        )
        # In the order of the table, so that few of its pages are written twice.
        connection.executemany(
            "INSERT INTO spelling_keys (key, length, word_id) VALUES (?, ?, ?)",
            sorted(
                (key, len(word), word_id) for word_id, (word, _) in chunk for key in _keys(word)
            ),
        )


def _texts(connection: sqlite3.Connection) -> Iterator[str]:
    for query in ("SELECT subject, description FROM tickets", "SELECT body FROM replies"):
        for row in connection.execute(query):
            yield from row


def _keys(word: str) -> set[str]:
    front = word[:_FRONT]
    found = {front[:at] + front[at + 1 :] for at in range(len(front))} | {front}
    if len(word) >= _BACK_FROM:
        # Two mistakes in its first half leave the end as it was.
        found.add(f"{word[0]}-{word[-_BACK:]}")
    return found


def near(connection: sqlite3.Connection, word: str, most: int) -> list[Near]:
    """Return words that one may have meant with ``word``, the nearest first."""
    if len(word) > LONGEST + _ENDING:
        return []
    reach = _reach(word)
    query = (
        "SELECT word, shown FROM spelling_keys JOIN spelling_words ON id = word_id"
        " WHERE key = ? AND length = ? LIMIT ?"
    )
    lengths = range(max(2, len(word) - reach), len(word) + reach + _ENDING + 1)
    found = {
        known: shown
        for key in _keys(word)
        for length in lengths
        for known, shown in connection.execute(query, (key, length, _MOST_OF_A_KEY))
    }
    return nearest(word, found.items(), most)


def nearest(word: str, known: Iterable[tuple[str, str]], most: int) -> list[Near]:
    """Return those of the known words, with their spelling, that are near ``word``."""
    reach = _reach(word)
    found: list[tuple[tuple[object, ...], Near]] = []
    for other, shown in known:
        if other.startswith(word):
            continue
        distance = OSA.distance(word, other, score_cutoff=reach)
        goes_on = distance > reach and not is_run(word)
        if goes_on:
            ends = range(len(word) - 1, min(len(word) + 2, len(other)))
            beginnings = (OSA.distance(word, other[:end], score_cutoff=reach) for end in ends)
            distance = min(beginnings, default=reach + 1)
        if distance <= reach and len(other) <= len(word) + reach + _ENDING:
            rank = (distance, goes_on, other[0] != word[0], abs(len(other) - len(word)), other)
            found.append((rank, Near(other, shown, distance, goes_on)))
    return [one for _, one in sorted(found, key=lambda pair: pair[0])[:most]]


def _reach(word: str) -> int:
    return 2 if len(word) >= _TWO_ERRORS_FROM and not is_run(word) else 1

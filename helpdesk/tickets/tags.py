"""Tags: words that staff put on tickets, to find them again. Submitters never see them.

Owns the ``tags`` and ``ticket_tags`` tables. Two spellings that differ in case alone are one tag,
spelt as it was first; a tag that no ticket has any more is gone. Tagging is no event for plugins.
"""

import dataclasses
import sqlite3
from collections.abc import Iterable, Mapping, Sequence

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk import checks
from helpdesk.errors import Invalid, LimitReached
from helpdesk.storage import sql
from helpdesk.text import name_key
from helpdesk.tickets.model import Tag, Ticket

MOST = 20
"""Tags on one ticket."""
MOST_KNOWN = 5_000
"""Tags of the whole help desk."""
LONGEST = 50
RARE = 2_000
"""A tag on at most so many tickets leads the query of a list."""

TAG_MIGRATIONS = Migrations("tags")


@TAG_MIGRATIONS()
def m001_tags(db: sqlite_utils.Database) -> None:
    """Create the tables. A ticket's number is what lists have at hand (``list_step``)."""
    for statement in (
        """CREATE TABLE tags (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            key TEXT NOT NULL UNIQUE
        ) STRICT""",
        """CREATE TABLE ticket_tags (
            tag_id INTEGER NOT NULL REFERENCES tags (id) ON DELETE CASCADE,
            number INTEGER NOT NULL REFERENCES tickets (number) ON DELETE CASCADE,
            PRIMARY KEY (tag_id, number)
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX ticket_tags_by_ticket ON ticket_tags (number, tag_id)",
    ):
        db.execute(statement)


def known(connection: sqlite3.Connection) -> tuple[Tag, ...]:
    """Return every tag by name, with how many tickets have it."""
    query = (
        "SELECT name, (SELECT count(*) FROM ticket_tags WHERE tag_id = id) FROM tags ORDER BY key"
    )
    return tuple(Tag(name, count) for name, count in connection.execute(query))


def names(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the tags of tickets by number, each ticket's by name."""
    marks = ", ".join("?" * len(numbers))
    query = (
        "SELECT number, name FROM ticket_tags JOIN tags ON tags.id = tag_id"  # noqa: S608
        f" WHERE number IN ({marks}) ORDER BY key"
    )
    found: dict[int, tuple[str, ...]] = dict.fromkeys(numbers, ())
    for number, name in connection.execute(query, numbers):
        found[number] += (name,)
    return found


def ids(connection: sqlite3.Connection, name: str) -> tuple[int | None, bool]:
    """Return the id of a tag, None where there is none, and whether few tickets have it."""
    tag_id = sql.scalar(connection, "SELECT id FROM tags WHERE key = ?", (name_key(name),))
    query = "SELECT count(*) FROM (SELECT 1 FROM ticket_tags WHERE tag_id = ? LIMIT ?)"
    few = tag_id is None or sql.scalar(connection, query, (tag_id, RARE + 1)) <= RARE
    return tag_id, few


def alter(
    connection: sqlite3.Connection, ticket: Ticket, add: Iterable[str], remove: Iterable[str]
) -> Ticket:
    """Put tags on a ticket and take tags off it; return it as it is then.

    Raises ``Invalid`` for a tag that is none, ``LimitReached``.
    """
    gone = {name_key(name) for name in remove}
    kept = {name_key(name): name for name in ticket.tags if name_key(name) not in gone}
    fresh = {name_key(name): name for name in map(_checked, add)}
    fresh = {key: name for key, name in fresh.items() if key not in kept}
    if len(kept) + len(fresh) > MOST:
        raise LimitReached("the tags of this ticket", MOST)
    for key, name in fresh.items():
        _put(connection, ticket.number, key, name)
    for key in {name_key(name) for name in ticket.tags} - set(kept) - set(fresh):
        _take(connection, ticket.number, key)
    return dataclasses.replace(ticket, tags=names(connection, [ticket.number])[ticket.number])


def split(text: str) -> tuple[str, ...]:
    """Return the tags that a field holds, between commas."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def difference(before: Iterable[str], after: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Return what to add and to remove so that ``before`` becomes ``after``, as changes name it."""
    old, new = ({name_key(name): name for name in some} for some in (before, after))
    return {
        "add_tags": tuple(name for key, name in new.items() if key not in old),
        "remove_tags": tuple(name for key, name in old.items() if key not in new),
    }


def _checked(name: str) -> str:
    tag = checks.name("tags", name, most=LONGEST)
    if "," in tag or '"' in tag:
        raise Invalid("tags", repr(tag), "tags without commas and quotation marks")
    return tag


def _put(connection: sqlite3.Connection, number: int, key: str, name: str) -> None:
    tag_id = sql.scalar(connection, "SELECT id FROM tags WHERE key = ?", (key,))
    if tag_id is None:
        if sql.scalar(connection, "SELECT count(*) FROM tags") >= MOST_KNOWN:
            raise LimitReached("another tag", MOST_KNOWN)
        made = connection.execute("INSERT INTO tags (name, key) VALUES (?, ?)", (name, key))
        tag_id = made.lastrowid
    connection.execute("INSERT INTO ticket_tags (tag_id, number) VALUES (?, ?)", (tag_id, number))


def _take(connection: sqlite3.Connection, number: int, key: str) -> None:
    tag_id = sql.scalar(connection, "SELECT id FROM tags WHERE key = ?", (key,))
    connection.execute("DELETE FROM ticket_tags WHERE tag_id = ? AND number = ?", (tag_id, number))
    connection.execute(
        "DELETE FROM tags WHERE id = ?1 AND NOT EXISTS"
        " (SELECT 1 FROM ticket_tags WHERE tag_id = ?1)",
        (tag_id,),
    )

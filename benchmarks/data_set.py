"""Fills a help desk with many tickets, quickly: rows written by SQL, with indexes and search whole.

The words follow Zipf's law, as those of real tickets do, so that a search meets rare and common
ones. The same seed gives the same help desk. Use::

    python -m benchmarks.data_set help.sqlite3 --tickets 100000 --replies 500000
"""

import argparse
import itertools
import random
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trio
from ulid import ULID

from helpdesk.accounts import User
from helpdesk.actors import SYSTEM, Role
from helpdesk.clock import rfc3339
from helpdesk.service import HelpDesk
from helpdesk.storage.revision_step import NUMBER_CHANGES
from helpdesk.tickets import spelling

SEED = 20260405
NOW = datetime(2026, 4, 5, 14, 0, tzinfo=UTC)
YEARS = 3
VOCABULARY = 20_000
USERS = 2_000
STAFF = 40
GROUPS = 8
CHUNK = 5_000
STATUSES = ("New", "In Progress", "Waiting", "Resolved", "Closed")
STATUS_WEIGHTS = (4, 6, 3, 7, 80)
PRIORITY_WEIGHTS = (20, 60, 15, 5)


@dataclass(frozen=True)
class People:
    """Who the tickets belong to, and what they are about; all by id."""

    admin: User
    staff: list[User]
    users: list[User]
    groups: list[str]
    places: list[tuple[str, str | None, str | None]]


class Words:
    """Text that looks like text to an index."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self.known = list(dict.fromkeys(_word(dice) for _ in range(VOCABULARY)))
        weights = (1 / (rank + 3) for rank in range(len(self.known)))
        self._weights = list(itertools.accumulate(weights))

    def some(self, least: int, most: int) -> str:
        """Return a few words."""
        count = self._dice.randint(least, most)
        return " ".join(self._dice.choices(self.known, cum_weights=self._weights, k=count))


def _word(dice: random.Random) -> str:
    count = dice.choices((1, 2, 3, 4), weights=(1, 6, 8, 4))[0]
    return "".join(dice.choice("bdfgklmnprstvz") + dice.choice("aeiou") for _ in range(count))


async def fill(path: Path, *, tickets: int, replies: int) -> People:
    """Make a help desk at ``path`` with this many tickets and replies; return who is in it."""
    async with HelpDesk.open(path) as helpdesk:
        people = await _people(helpdesk)
    await trio.to_thread.run_sync(_write, path, people, tickets, replies)
    return people


async def _people(helpdesk: HelpDesk) -> People:
    async def person(kind: str, number: int, role: Role) -> User:
        email = f"{kind}{number}@example.com"
        return await helpdesk.users.create(SYSTEM, email=email, name=f"{kind} {number}", role=role)

    for status in STATUSES[1:3]:
        await helpdesk.statuses.add(SYSTEM, status)
    places: list[tuple[str, str | None, str | None]] = []
    categories = []
    for number in range(12):
        category = await helpdesk.catalogue.add_category(SYSTEM, f"Category {number}")
        categories.append(category.id)
        for below in range(4):
            kind = await helpdesk.catalogue.add_type(SYSTEM, category.id, f"Type {below}")
            item = await helpdesk.catalogue.add_item(SYSTEM, kind.id, "Item")
            places += [
                (category.id, None, None),
                (category.id, kind.id, None),
                (category.id, kind.id, item.id),
            ]
    staff = [await person("staff", number, Role.STAFF) for number in range(STAFF)]
    groups = [
        await helpdesk.groups.create(
            SYSTEM,
            name=f"Group {number}",
            member_ids=[one.id for one in staff[number::GROUPS]],
            category_ids=[categories[number]],
        )
        for number in range(GROUPS)
    ]
    return People(
        await person("admin", 0, Role.ADMIN),
        staff,
        [await person("user", number, Role.USER) for number in range(USERS)],
        [group.id for group in groups],
        places,
    )


def _write(path: Path, people: People, tickets: int, replies: int) -> None:
    dice = random.Random(SEED)
    words = Words(dice)
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous=OFF")
        connection.execute("PRAGMA cache_size=-200000")
        for _ in _chunks(connection, people, words, dice, tickets, replies):
            print(".", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        connection.execute("INSERT INTO search (search) VALUES ('optimize')")
        connection.execute("BEGIN")
        spelling.learn_all(connection)
        for statement in NUMBER_CHANGES:
            connection.execute(statement)
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
    finally:
        connection.close()


def _chunks(
    connection: sqlite3.Connection,
    people: People,
    words: Words,
    dice: random.Random,
    tickets: int,
    replies: int,
) -> Iterator[int]:
    step = timedelta(days=365 * YEARS) / tickets
    for first in range(0, tickets, CHUNK):
        connection.execute("BEGIN")
        for number in range(first, min(first + CHUNK, tickets)):
            at = NOW - step * (tickets - number)
            said = (number + 1) * replies // tickets - number * replies // tickets
            _ticket(connection, people, words, dice, number + 1, at, said)
        connection.execute("COMMIT")
        yield first


def _ticket(
    connection: sqlite3.Connection,
    people: People,
    words: Words,
    dice: random.Random,
    number: int,
    at: datetime,
    said: int,
) -> None:
    ticket_id, submitter = _id(at), dice.choice(people.users)
    times = sorted(at + timedelta(minutes=dice.randint(1, 20_000)) for _ in range(said))
    changed = rfc3339(times[-1] if times else at)
    subject, description = words.some(3, 9), words.some(20, 80)
    status = dice.choices(STATUSES, weights=STATUS_WEIGHTS)[0]
    user_id, group_id = _assignee(people, dice)
    settled = changed if status in {"Resolved", "Closed"} else None
    connection.execute(
        "INSERT INTO tickets (id, number, subject, description, status, priority, category_id,"
        " type_id, item_id, submitter_id, assignee_user_id, assignee_group_id, created_at,"
        " updated_at, public_updated_at, resolved_at, closed_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(ticket_id, number, subject, description, status),
            dice.choices(range(4), weights=PRIORITY_WEIGHTS)[0],
            *(dice.choice(people.places) if dice.random() < 0.9 else (None, None, None)),
            *(submitter.id, user_id, group_id, rfc3339(at), changed, changed),
            *(settled, settled if status == "Closed" else None),
        ),
    )
    connection.execute(
        "INSERT INTO search (rowid, subject, description) VALUES (? << 20, ?, ?)",
        (number, subject, description),
    )
    _step(connection, ticket_id, at, None, "New", submitter)
    for piece, when in enumerate(times, 1):
        author = dice.choice((submitter, dice.choice(people.staff)))
        internal = author is not submitter and dice.random() < 0.3
        _reply(connection, ticket_id, number, piece, when, words.some(10, 60), author, internal)
    if status != "New":
        _step(connection, ticket_id, times[-1] if times else at, "New", status, people.staff[0])


def _assignee(people: People, dice: random.Random) -> tuple[str | None, str | None]:
    chance = dice.random()
    if chance < 0.75:
        return dice.choice(people.staff).id, None
    return (None, dice.choice(people.groups)) if chance < 0.95 else (None, None)


def _step(
    connection: sqlite3.Connection,
    ticket_id: str,
    at: datetime,
    found: str | None,
    wanted: str,
    author: User,
) -> None:
    connection.execute(
        "INSERT INTO status_history (id, ticket_id, from_status, to_status, at, author_id,"
        " author_name, author_role) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(_id(at), ticket_id, found, wanted, rfc3339(at)),
            *(author.id, author.name, author.role.value),
        ),
    )


def _reply(
    connection: sqlite3.Connection,
    ticket_id: str,
    number: int,
    piece: int,
    at: datetime,
    body: str,
    author: User,
    internal: bool,
) -> None:
    connection.execute(
        "INSERT INTO replies (id, ticket_id, piece, body, is_internal, author_id, author_name,"
        " author_role, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(_id(at), ticket_id, piece, body, internal),
            *(author.id, author.name, author.role.value, rfc3339(at)),
        ),
    )
    column = "note" if internal else "reply"
    connection.execute(
        f"INSERT INTO search (rowid, {column}) VALUES ((? << 20) + ?, ?)", (number, piece, body)
    )


def _id(at: datetime) -> str:
    return str(ULID.from_datetime(at))


def main() -> None:
    """Fill the help desk that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--tickets", type=int, default=100_000)
    parser.add_argument("--replies", type=int, default=500_000)
    wanted = parser.parse_args()

    async def go() -> None:
        await fill(wanted.path, tickets=wanted.tickets, replies=wanted.replies)

    trio.run(go)


if __name__ == "__main__":
    main()

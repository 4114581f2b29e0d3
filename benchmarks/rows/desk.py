"""What people wait for in a large help desk: the list, a filtered list, a search, a ticket.

The peer is SQLite alone: the very statements that the help desk ran, run again on a connection of
their own, with nothing around them.
"""

import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import trio

from benchmarks import data_set
from benchmarks.bench import Bench
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from helpdesk.actors import Actor
from helpdesk.service import HelpDesk
from helpdesk.tickets.model import TicketFilter

_TICKETS, _REPLIES = 100_000, 500_000
_LOOKS = 15
_PEER = "SQLite alone"
_REACH_MS = 50.0
_RARE, _COMMON = 2_000, 30
"""Ranks in the vocabulary: a word in a few tickets of a thousand, and one in about a third."""

_LONG = 8
"""Letters of a word that is mistyped: two of them change places."""

Statements = list[tuple[str, Any]]


async def measure(bench: Bench) -> list[Row]:
    """Fill a help desk, then look at it in seven ways."""
    with tempfile.TemporaryDirectory(prefix="ohd-bench-") as folder:
        path = Path(folder) / "desk.sqlite3"
        people = await data_set.fill(
            path, tickets=bench.count(_TICKETS), replies=bench.count(_REPLIES)
        )
        async with HelpDesk.open(path) as helpdesk:
            known = await looks(helpdesk, people.admin.actor)
            return [await _row(bench, helpdesk, path, name, look) for name, look in known.items()]


async def looks(helpdesk: HelpDesk, actor: Actor) -> dict[str, Callable[[], Awaitable[object]]]:
    """Return what people look at, by name."""
    tickets = helpdesk.tickets
    newest = (await tickets.list(actor, TicketFilter(), page=1, per_page=1)).rows[0]
    words = data_set.Words(random.Random(data_set.SEED)).known
    long = next(word for word in words[_COMMON:] if len(word) == _LONG)
    mistyped = long[:2] + long[3] + long[2] + long[4:]
    return {
        "ticket list": lambda: tickets.list(actor, TicketFilter()),
        "filtered list": lambda: tickets.list(
            actor, TicketFilter(status=("Waiting",), priority=("High",))
        ),
        "search, a rare word": lambda: tickets.list(actor, TicketFilter(text=words[_RARE])),
        "search, a common word": lambda: tickets.list(actor, TicketFilter(text=words[_COMMON])),
        "search, two common words": lambda: tickets.list(
            actor, TicketFilter(text=f"{words[_COMMON]} {words[_COMMON - 10]}")
        ),
        "search, a mistyped word": lambda: tickets.list(actor, TicketFilter(text=mistyped)),
        "ticket page": lambda: tickets.detail(actor, newest.id),
    }


async def _row(
    bench: Bench,
    helpdesk: HelpDesk,
    path: Path,
    name: str,
    look: Callable[[], Awaitable[object]],
) -> Row:
    statements = await _statements(helpdesk, look)
    samples = await interleave(
        {
            "ours": partial(_timed, look),
            _PEER: partial(trio.to_thread.run_sync, _replayed, path, statements),
        },
        rounds=bench.rounds,
    )
    note = f"medians of {_LOOKS} looks, {bench.count(_TICKETS):,} tickets"
    return Row.of(f"{name}", "ms", samples, limits=[Limit(_REACH_MS)], note=note)


async def _statements(helpdesk: HelpDesk, look: Callable[[], Awaitable[object]]) -> Statements:
    """Return what one look asks of SQLite."""
    heard: Statements = []
    database = helpdesk.database
    plain = database.read

    async def listening(job: Callable[[sqlite3.Connection], Any]) -> Any:
        return await plain(lambda connection: job(_Listening(connection, heard)))  # type: ignore[arg-type]

    database.read = listening  # type: ignore[method-assign]
    try:
        await look()
    finally:
        database.read = plain  # type: ignore[method-assign]
    return heard


class _Listening:
    """Stands in front of a reading connection and notes what is asked."""

    def __init__(self, connection: sqlite3.Connection, heard: Statements) -> None:
        self._connection = connection
        self._heard = heard

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Run and note one statement."""
        self._heard.append((sql, parameters))
        return self._connection.execute(sql, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def _timed(look: Callable[[], Awaitable[object]]) -> float:
    taken = []
    for _ in range(_LOOKS):
        began = time.perf_counter()
        await look()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def _replayed(path: Path, statements: Statements) -> float:
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)
    try:
        taken = []
        for _ in range(_LOOKS):
            began = time.perf_counter()
            connection.execute("BEGIN")
            for sql, parameters in statements:
                connection.execute(sql, parameters).fetchall()
            connection.rollback()
            taken.append(time.perf_counter() - began)
        return statistics.median(taken) * 1000
    finally:
        connection.close()

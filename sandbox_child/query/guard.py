"""Guard of a connection, by SQLite itself as it compiles: not by the statement's text.

SQLite asks the authorizer for each table, column and function that a statement would use, and the
limits and the progress handler bound what it may cost (sqlite.org: set_authorizer, limit,
progress_handler).
"""

import sqlite3
import time
from collections.abc import Callable

from sandbox_child.query import views
from sandbox_child.query.functions import ALLOWED
from sandbox_child.wire.queries import TABLES

Authorizer = Callable[[int, str | None, str | None, str | None, str | None], int]

_STEPS_BETWEEN_LOOKS = 20_000
"""Of SQLite's virtual machine, between two looks at the clock: about a millisecond."""

_OF_VIEWS = views.FIXED_NAMES | {views.AUDIENCE}
"""Tables of the connection's own that views alone read."""

MOST_COLUMNS = 300
MOST_IN_COMPOUND = 200
MOST_DEPTH = 400
"""Of one expression."""
MOST_STEPS = 100_000
"""Instructions of a compiled statement."""
LONGEST_PATTERN = 1000
"""Bytes of a pattern of LIKE: matching takes the product of both lengths."""


def limit(connection: sqlite3.Connection, *, sql: int, arguments: int, value: int) -> None:
    """Bound what a statement may be; sizes in bytes."""
    limits = {
        # A translation is longer than what it was made of.
        sqlite3.SQLITE_LIMIT_SQL_LENGTH: 4 * sql,
        sqlite3.SQLITE_LIMIT_LENGTH: max(value, 4 * sql),
        sqlite3.SQLITE_LIMIT_COLUMN: MOST_COLUMNS,
        sqlite3.SQLITE_LIMIT_EXPR_DEPTH: MOST_DEPTH,
        sqlite3.SQLITE_LIMIT_COMPOUND_SELECT: MOST_IN_COMPOUND,
        sqlite3.SQLITE_LIMIT_VDBE_OP: MOST_STEPS,
        sqlite3.SQLITE_LIMIT_FUNCTION_ARG: 100,
        sqlite3.SQLITE_LIMIT_ATTACHED: 0,
        sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH: LONGEST_PATTERN,
        sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER: arguments,
        sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 2,
        sqlite3.SQLITE_LIMIT_WORKER_THREADS: 0,
    }
    for category, most in limits.items():
        connection.setlimit(category, most)


class Deadline:
    """Interrupts the statement that runs when its time is up."""

    def __init__(self) -> None:
        self._until = 0.0

    def set(self, seconds: float) -> None:
        """Give the next statement so long."""
        self._until = time.monotonic() + seconds

    @property
    def passed(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._until

    def watch(self, connection: sqlite3.Connection) -> None:
        """Look at the clock while statements of this connection run."""
        connection.set_progress_handler(lambda: self.passed, _STEPS_BETWEEN_LOOKS)


class ShapeGuard:
    """For a connection whose tables are empty: lets only queries pass, and notes what they read."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        """Tables that the statement compiled last would read."""
        self.own_names: frozenset[str] = frozenset()
        """Names that it gives to queries of its own, in lower case."""

    def __call__(self, action: int, one: str | None, two: str | None, *_: str | None) -> int:
        """Answer SQLite."""
        if _harmless(action, two):
            return sqlite3.SQLITE_OK
        if action == sqlite3.SQLITE_READ and one is not None:
            if one in TABLES:
                self.read.add(one)
                return sqlite3.SQLITE_OK
            if not two and one.lower() in self.own_names:
                return sqlite3.SQLITE_OK
        return sqlite3.SQLITE_DENY


class ViewGuard:
    """For a connection to the help desk's database: our views, and what they read.

    SQLite names the view from which a table is read. The name of a WITH clause stands there as
    well, which is why a statement is compiled against empty tables first.
    """

    def __init__(self) -> None:
        self.own_names: frozenset[str] = frozenset()
        """As the other guard has it."""

    def __call__(
        self,
        action: int,
        one: str | None,
        two: str | None,
        database: str | None,
        within: str | None,
    ) -> int:
        """Answer SQLite."""
        if _harmless(action, two):
            return sqlite3.SQLITE_OK
        if action != sqlite3.SQLITE_READ or one is None:
            return sqlite3.SQLITE_DENY
        if not two:
            # Rows are counted, no column is read; of which view, SQLite does not say.
            known = one in TABLES or one in views.READABLE or one in _OF_VIEWS
            allowed = known or one.lower() in self.own_names
        elif database == "temp":
            allowed = one in TABLES or (one in _OF_VIEWS and within in TABLES)
        else:
            allowed = database == "main" and within in TABLES and _read_by_views(one, two)
        return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _harmless(action: int, function: str | None) -> bool:
    if action == sqlite3.SQLITE_FUNCTION:
        return function in ALLOWED
    return action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE)


def _read_by_views(table: str, column: str) -> bool:
    columns = views.READABLE.get(table, frozenset())
    return columns is None or column in columns

"""A plugin's own database: what may be done in it, and how it is done whole or not at all."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox_child.query.clock import Clock
from sandbox_child.query.errors import Refused
from sandbox_child.query.functions import ALLOWED, give
from sandbox_child.query.guard import Deadline, limit
from sandbox_child.query.opening import open_own
from sandbox_child.query.rows import Caps, to_json
from sandbox_child.wire.queries import Because, Value
from sandbox_child.wire.spec import QuerySpec

_READING = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_RECURSIVE})
_CHANGING = frozenset({sqlite3.SQLITE_INSERT, sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE})
_DEFINING = frozenset(
    {
        *(sqlite3.SQLITE_CREATE_TABLE, sqlite3.SQLITE_DROP_TABLE, sqlite3.SQLITE_ALTER_TABLE),
        *(sqlite3.SQLITE_CREATE_INDEX, sqlite3.SQLITE_DROP_INDEX, sqlite3.SQLITE_REINDEX),
        *(sqlite3.SQLITE_CREATE_TRIGGER, sqlite3.SQLITE_DROP_TRIGGER),
    }
)
_INTERNAL = "sqlite_"


class OwnGuard:
    """What a connection to a plugin's own database may do; see ``guard``."""

    def __init__(self) -> None:
        self.may_change = False
        self.may_define = False
        """Tables, indexes and the triggers of ours: never in the words of a plugin."""

    def __call__(
        self,
        action: int,
        one: str | None,
        two: str | None,
        database: str | None,
        _within: str | None,
    ) -> int:
        """Answer SQLite."""
        return (
            sqlite3.SQLITE_OK if self._allows(action, one, two, database) else (sqlite3.SQLITE_DENY)
        )

    def _allows(self, action: int, one: str | None, two: str | None, database: str | None) -> bool:
        if action in _READING:
            return True
        if action == sqlite3.SQLITE_FUNCTION:
            # Those that ALTER TABLE itself calls.
            return two in ALLOWED or (self.may_define and bool(two))
        if one is None or (database not in ("main", None) and not self.may_define):
            return False
        internal = one.lower().startswith((_INTERNAL, "pragma_"))
        if action == sqlite3.SQLITE_READ:
            return not internal or self.may_define
        if action in _CHANGING:
            return (self.may_change and not internal) or self.may_define
        return self.may_define and action in _DEFINING


class OwnDatabase:
    """The connection; made before the lockdown, used behind it."""

    def __init__(self, spec: QuerySpec, clock: Clock, deadline: Deadline) -> None:
        """Raises ``sqlite3.Error`` or ``OSError`` where it cannot be opened."""
        self.path = spec.own
        self._caps = Caps(spec.max_rows, spec.max_result_bytes)
        self._guard = OwnGuard()
        self._connection = open_own(Path(spec.own), spec.own_bytes)
        give(self._connection, clock)
        deadline.watch(self._connection)
        limit(self._connection, sql=spec.max_sql_bytes, arguments=spec.max_arguments,
              value=spec.max_value_bytes)  # fmt: skip
        self._connection.set_authorizer(self._guard)

    def query(self, sql: str, arguments: Sequence[Value]) -> bytes:
        """Run one translated SELECT. Raises Refused, or ``sqlite3.Error``."""
        cursor = self._connection.execute(sql, arguments)
        try:
            return to_json(cursor, self._caps)
        finally:
            cursor.close()

    def change(self, sql: str, arguments: Sequence[Value]) -> int:
        """Run one translated change; return how many rows it changed. Raises ``sqlite3.Error``."""
        self._guard.may_change = True
        try:
            return max(0, self._connection.execute(sql, arguments).rowcount)
        except sqlite3.Error:
            self._fold_log()
            raise
        finally:
            self._guard.may_change = False

    def change_together(self, changes: Sequence[tuple[str, Sequence[Value], int | None]]) -> int:
        """Run translated changes, all or none; return how many rows they changed.

        Each is a statement, its arguments, and how many rows it has to change; None: any number.
        Raises ``sqlite3.Error``, or Refused where one changed another number.
        """
        changed = 0
        with self._transaction():
            self._guard.may_change = True
            for at, (sql, arguments, expected) in enumerate(changes, 1):
                rows = max(0, self._connection.execute(sql, arguments).rowcount)
                if expected is not None and rows != expected:
                    raise Refused(
                        Because.MOVED,
                        f"statement {at} changed {rows} rows and expects {expected}: nothing was"
                        " changed",
                    )
                changed += rows
        return changed

    def define(self, unless: str, statements: Sequence[str]) -> None:
        """Run the statements of one definition, all or none. Raises ``sqlite3.Error``.

        ``unless``: the name of a table; where there is one, nothing is done.
        """
        if unless and self._has_table(unless):
            return
        with self._transaction():
            self._guard.may_define = True
            for statement in statements:
                self._connection.execute(statement)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """Keep what the block does, all or none; what it gave itself is taken back."""
        self._connection.set_authorizer(None)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.set_authorizer(self._guard)
            yield
            self._connection.set_authorizer(None)
            self._connection.execute("COMMIT")
        except BaseException:
            self._connection.set_authorizer(None)
            self._connection.rollback()
            self._fold_log()
            raise
        finally:
            self._guard.may_change = self._guard.may_define = False
            self._connection.set_authorizer(self._guard)

    def _fold_log(self) -> None:
        """Make room in the log, which a change that failed has filled for nothing."""
        self._connection.set_authorizer(None)
        with suppress(sqlite3.Error):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        self._connection.set_authorizer(self._guard)

    def _has_table(self, name: str) -> bool:
        query = "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = ? COLLATE NOCASE"
        self._connection.set_authorizer(None)
        try:
            return self._connection.execute(query, (name,)).fetchone() is not None
        finally:
            self._connection.set_authorizer(self._guard)

"""Queries over the help desk's data: its database, opened for reading, behind views.

A statement is compiled twice. First against empty tables in memory that have the views' names and
columns, on a connection from which nothing else can be reached: what compiles there speaks of
nothing but the views, by SQLite's own reading of it. Then for real, under an authorizer that allows
the views and what they read.
"""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

from sandbox_child.query import views
from sandbox_child.query.clock import Clock
from sandbox_child.query.errors import Refused
from sandbox_child.query.functions import give
from sandbox_child.query.guard import Deadline, ShapeGuard, ViewGuard, limit
from sandbox_child.query.opening import open_read_only
from sandbox_child.query.rows import Caps, to_json
from sandbox_child.wire.queries import TABLES, Because, For, Question, Value
from sandbox_child.wire.spec import QuerySpec

_UTC = "{}"
_LOCAL = "datetime({}, 'localtime')"


class HelpDesk:
    """The connections; made before the lockdown, used behind it."""

    def __init__(self, spec: QuerySpec, clock: Clock, deadline: Deadline) -> None:
        """Raises ``sqlite3.Error`` where the database cannot be opened."""
        local = _LOCAL if spec.zone_file else _UTC
        self._caps = Caps(spec.max_rows, spec.max_result_bytes)
        self._shape_guard = ShapeGuard()
        self._guard = ViewGuard()
        self._shape = _empty_tables()
        self._staff = open_read_only(Path(spec.helpdesk))
        self._submitter = open_read_only(Path(spec.helpdesk))
        self._submitter.execute(views.MAKE_AUDIENCE)
        self._submitter.execute("INSERT INTO temp.audience VALUES (0)")
        _make_views(self._staff, views.for_staff(local))
        _make_views(self._submitter, views.for_submitters(local))
        for connection in (self._shape, self._staff, self._submitter):
            give(connection, clock)
            deadline.watch(connection)
            limit(connection, sql=spec.max_sql_bytes, arguments=spec.max_arguments,
                  value=spec.max_value_bytes)  # fmt: skip
        self._shape.set_authorizer(self._shape_guard)
        self._staff.set_authorizer(self._guard)
        self._submitter.set_authorizer(self._guard)

    def query(self, sql: str, own_names: frozenset[str], question: Question) -> bytes:
        """Run one translated statement. Raises Refused, or ``sqlite3.Error``.

        ``own_names``: those that it gives to queries of its own, in lower case.
        """
        self._shape_guard.own_names = self._guard.own_names = own_names
        self._look_at(sql, question.arguments, frozenset(question.tables))
        connection = self._connection_for(question)
        cursor = connection.execute(sql, question.arguments)
        try:
            return to_json(cursor, self._caps)
        finally:
            # Ends the read: an open one would keep the server's log from being folded in.
            cursor.close()

    def bound_memory(self, size: int) -> None:
        """Let all of SQLite in this process have at most so many bytes; called at start."""
        self._shape.set_authorizer(None)
        self._shape.execute(f"PRAGMA hard_heap_limit={size}").fetchall()
        self._shape.set_authorizer(self._shape_guard)

    def close(self) -> None:
        """Close the connections."""
        for connection in (self._shape, self._staff, self._submitter):
            connection.close()

    def _look_at(self, sql: str, arguments: Sequence[Value], granted: frozenset[str]) -> None:
        """Refuse a statement that speaks of more than the views, or of views not granted."""
        self._shape_guard.read.clear()
        self._shape.execute(f"EXPLAIN {sql}", arguments).close()
        for table in sorted(self._shape_guard.read - granted):
            raise Refused(Because.PERMISSION, f"no permission db:read on table {table}", table)

    def _connection_for(self, question: Question) -> sqlite3.Connection:
        if question.asked_for is For.EVERYTHING:
            return self._staff
        number = 0
        if question.asked_for is For.PERSON:
            found = self._account(question.person)
            if found is not None:
                role, number = found
                if role in ("admin", "staff"):
                    return self._staff
        self._submitter.set_authorizer(None)
        self._submitter.execute("UPDATE temp.audience SET number = ?", (number,))
        self._submitter.set_authorizer(self._guard)
        return self._submitter

    def _account(self, person: str) -> tuple[str, int] | None:
        """Return role and number of an account as it stands now; None for none, or a disabled."""
        self._submitter.set_authorizer(None)
        found: tuple[str, int] | None = self._submitter.execute(
            "SELECT u.role, n.number FROM main.users AS u"
            " JOIN main.numbers AS n ON n.kind = 'user' AND n.id = u.id"
            " WHERE u.id = ? AND NOT u.disabled",
            (person,),
        ).fetchone()
        self._submitter.set_authorizer(self._guard)
        return found


def _make_views(connection: sqlite3.Connection, queries: dict[str, str]) -> None:
    views.make_fixed(connection)
    for name, query in queries.items():
        connection.execute(f'CREATE TEMP VIEW "{name}" AS {query}')


def _empty_tables() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    for name, columns in TABLES.items():
        names = ", ".join(f'"{column}"' for column in columns)
        connection.execute(f'CREATE TABLE "{name}" ({names})')
    return connection

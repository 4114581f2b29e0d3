"""A statement from its text to its answer: bounded, translated, sent where its tables are."""

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, cast

from sqlglot.errors import SqlglotError

from sandbox_child.query.changes import CHANGES, change
from sandbox_child.query.clock import Clock
from sandbox_child.query.definitions import DEFINITIONS, define
from sandbox_child.query.dialect import write
from sandbox_child.query.errors import Refused
from sandbox_child.query.guard import Deadline
from sandbox_child.query.helpdesk import HelpDesk
from sandbox_child.query.own import OwnDatabase
from sandbox_child.query.parse import parse
from sandbox_child.query.translate import QUERIES, names_of_its_own, table_names, translate
from sandbox_child.wire.queries import TABLES, Because, Change, Changes, Question
from sandbox_child.wire.spec import QuerySpec

K = TypeVar("K", bound="_Query | _Change | _Definition")

_KEPT = 200
"""Translations, the latest used: a plugin asks the same again and again."""
_ALMOST_EVERYTHING = """
    SELECT t.id, CONCAT(UPPER(t.title), 'x'), DATE_FORMAT(t.create_time, '%W %M %Y'), NOW(),
        UNIX_TIMESTAMP(t.create_time), DATE_SUB(NOW(), INTERVAL ? MONTH),
        t.title REGEXP '[[:alpha:]]', MD5(t.title), UUID(), STR_TO_DATE('1.1.2026', '%e.%c.%Y'),
        (SELECT GROUP_CONCAT(id ORDER BY id) FROM ticket_state)
    FROM ticket t JOIN queue q ON q.id = t.queue_id
    WHERE t.title LIKE '%a%' ORDER BY 1 LIMIT 3
"""
_REHEARSED = (_ALMOST_EVERYTHING, "SELECT nothing FROM ticket", "SELECT FROM WHERE")


@dataclass(frozen=True, slots=True)
class _Query:
    """A SELECT as SQLite reads it."""

    sql: str
    own_names: frozenset[str]
    """Of its WITH clauses, in lower case."""
    in_helpdesk: bool
    """Whether it is about the help desk's tables, else about the plugin's own."""


@dataclass(frozen=True, slots=True)
class _Change:
    """An INSERT, UPDATE or DELETE as SQLite reads it."""

    sql: str


@dataclass(frozen=True, slots=True)
class _Definition:
    """Statements that make or change tables."""

    unless: str
    """A table: where there is one, nothing is done."""
    statements: list[str]


class Desk:
    """Answers questions, one at a time."""

    def __init__(self, spec: QuerySpec) -> None:
        """Open the databases; raises ``sqlite3.Error`` or ``OSError``."""
        self._spec = spec
        self._clock = Clock()
        self._deadline = Deadline()
        self._helpdesk = HelpDesk(spec, self._clock, self._deadline)
        self._own: OwnDatabase | None = None
        self._own_missing = "this plugin has no database of its own"
        if spec.own:
            try:
                self._own = OwnDatabase(spec, self._clock, self._deadline)
            except (sqlite3.Error, OSError) as exc:
                # The help desk's tables are served all the same.
                self._own_missing = f"this plugin's own database cannot be opened: {exc}"
        self._known: OrderedDict[tuple[str, bool], _Query | _Change | _Definition] = OrderedDict()

    @property
    def own_path(self) -> str:
        """Of the plugin's own database, where it is open; else empty."""
        return self._own.path if self._own else ""

    def bound_memory(self) -> None:
        """Bound what SQLite takes in this process, for good: SQLite lowers that limit only."""
        self._helpdesk.bound_memory(self._spec.working_bytes)

    def rehearse(self) -> None:
        """Do everything once that is made at first use."""
        for sql in _REHEARSED:
            for tables in (("ticket", "queue"), ()):
                try:
                    self.query(Question(sql, (1,) if "?" in sql else (), 30.0, tables=tables))
                except Refused:
                    continue

    def close(self) -> None:
        """Close the databases."""
        self._helpdesk.close()
        if self._own is not None:
            self._own.close()

    def query(self, question: Question) -> bytes:
        """Return the rows as JSON. Raises Refused."""
        self._begin(question)
        with self._understanding():
            query = self._known_as(question.sql, _query, execute=False)
            if query.in_helpdesk or self._own is None:
                return self._helpdesk.query(query.sql, query.own_names, question)
            return self._own.query(query.sql, question.arguments)

    def execute(self, question: Question) -> int:
        """Return how many rows were changed. Raises Refused."""
        self._begin(question)
        if self._own is None:
            raise Refused(Because.FAILED, self._own_missing)
        with self._understanding():
            wanted = self._known_as(question.sql, _change, execute=True)
            if isinstance(wanted, _Change):
                return self._own.change(wanted.sql, question.arguments)
            self._own.define(wanted.unless, wanted.statements)
            return 0

    def change_together(self, asked: Changes) -> int:
        """Make all changes or none; return how many rows they changed. Raises Refused."""
        self._deadline.set(asked.seconds)
        self._clock.set()
        if self._own is None:
            raise Refused(Because.FAILED, self._own_missing)
        wanted = []
        with self._understanding():
            for each in asked.changes:
                self._check(each)
                known = self._known_as(each.sql, _change, execute=True)
                if not isinstance(known, _Change):
                    raise Refused(
                        Because.SQL, "tables are defined by one statement, not by one of several"
                    )
                wanted.append((known.sql, each.arguments, each.expect))
            return self._own.change_together(wanted)

    def _begin(self, question: Question) -> None:
        self._deadline.set(question.seconds)
        self._clock.set()
        self._check(question)

    def _check(self, asked: Question | Change) -> None:
        size, most = len(asked.sql.encode("utf-8", "replace")), self._spec.max_sql_bytes
        if size > most:
            raise Refused(Because.LIMIT, f"the statement has {size} bytes; at most {most} are read")
        if len(asked.arguments) > self._spec.max_arguments:
            raise Refused(
                Because.LIMIT,
                f"{len(asked.arguments)} arguments; at most {self._spec.max_arguments} are taken",
            )

    def _known_as(self, sql: str, make: Callable[[str], K], *, execute: bool) -> K:
        """Return a translation, made now unless it has been made before."""
        key = (sql, execute)
        if key in self._known:
            self._known.move_to_end(key)
            return cast("K", self._known[key])
        made = make(sql)
        self._known[key] = made
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return made

    @contextmanager
    def _understanding(self) -> Iterator[None]:
        """Make of errors what they mean to the author of a statement. Raises Refused."""
        try:
            yield
        except RecursionError:
            raise Refused(Because.LIMIT, "the statement is nested too deeply") from None
        except SqlglotError as exc:
            raise Refused(Because.SQL, f"the statement cannot be translated: {exc}") from None
        except OverflowError:
            raise Refused(
                Because.SQL, "a number among the arguments needs more than 64 bits"
            ) from None
        except sqlite3.Error as exc:
            raise self._refusal(exc) from None

    def _refusal(self, error: sqlite3.Error) -> Refused:
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_INTERRUPT or self._deadline.passed:
            return Refused(Because.TIMEOUT, "the statement took longer than the call may")
        if code == sqlite3.SQLITE_FULL or (code or 0) & 0xFF == sqlite3.SQLITE_IOERR:
            return Refused(
                Because.LIMIT,
                f"the plugin's own database would become larger than {self._spec.own_bytes} bytes",
            )
        if code in (sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_TOOBIG):
            return Refused(Because.LIMIT, f"the statement asks for too much: {error}")
        what, _, table = str(error).partition("no such table: ")
        if table and not what:
            return Refused(
                Because.SQL,
                f"there is no table {table}: the plugin has made none, and those of the help desk"
                f" are {', '.join(TABLES)}",
            )
        return Refused(Because.SQL, f"SQLite refuses the statement: {error}")


def _query(sql: str) -> _Query:
    tree = parse(sql)
    if not isinstance(tree, QUERIES):
        raise Refused(Because.SQL, "db_query takes a SELECT; use db_exec to change something")
    tables, own_names = table_names(tree), names_of_its_own(tree)
    ours = tables & set(TABLES)
    if ours and tables - ours:
        own, theirs = min(tables - ours), min(ours)
        raise Refused(
            Because.SQL,
            f"{own} and {theirs} in one statement: it reads either tables of the help desk or the"
            " plugin's own; read one first, then the other",
        )
    return _Query(write(translate(tree)), own_names, in_helpdesk=bool(ours))


def _change(sql: str) -> _Change | _Definition:
    tree = parse(sql)
    if isinstance(tree, CHANGES):
        return _Change(write(change(tree)))
    if isinstance(tree, DEFINITIONS):
        return _Definition(*define(tree))
    if isinstance(tree, QUERIES):
        raise Refused(Because.SQL, "db_exec changes something; use db_query for a SELECT")
    raise Refused(
        Because.SQL,
        "db_exec takes INSERT, REPLACE, UPDATE, DELETE, TRUNCATE, CREATE, ALTER and DROP",
    )

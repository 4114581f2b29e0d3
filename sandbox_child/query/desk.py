"""A statement from its text to its answer: bounded, translated, sent where its tables are."""

import sqlite3
from collections import OrderedDict
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import SqlglotError

from sandbox_child.query.clock import Clock
from sandbox_child.query.dialect import write
from sandbox_child.query.errors import Refused
from sandbox_child.query.guard import Deadline
from sandbox_child.query.helpdesk import HelpDesk
from sandbox_child.query.parse import parse
from sandbox_child.query.translate import QUERIES, names_of_its_own, translate
from sandbox_child.wire.queries import Because, Question
from sandbox_child.wire.spec import QuerySpec

_KEPT = 200
"""Translations, the latest used: a plugin asks the same again and again."""
_ALMOST_EVERYTHING = """
    SELECT t.id, CONCAT(UPPER(t.title), 'x'), DATE_FORMAT(t.create_time, '%W %M %Y'), NOW(),
        UNIX_TIMESTAMP(t.create_time), DATE_SUB(NOW(), INTERVAL ? MONTH)
    FROM ticket t JOIN queue q ON q.id = t.queue_id
    WHERE t.title LIKE '%a%' ORDER BY 1 LIMIT 3
"""
_REHEARSED = (_ALMOST_EVERYTHING, "SELECT nothing FROM ticket", "SELECT FROM WHERE")


@dataclass(frozen=True, slots=True)
class Translated:
    """A statement as SQLite reads it."""

    sql: str
    own_names: frozenset[str]
    """Names of its WITH clauses, in lower case."""


class Desk:
    """Answers questions, one at a time."""

    own_path = ""
    """Of the plugin's own database, as it was opened; empty where there is none."""

    def __init__(self, spec: QuerySpec) -> None:
        """Open the databases; raises ``sqlite3.Error``."""
        self._spec = spec
        self._clock = Clock()
        self._deadline = Deadline()
        self._helpdesk = HelpDesk(spec, self._clock, self._deadline)
        self._known: OrderedDict[str, Translated] = OrderedDict()

    def rehearse(self) -> None:
        """Do everything once."""
        for sql in _REHEARSED:
            for tables in (("ticket", "queue"), ()):
                try:
                    self.query(Question(sql, (1,) if "?" in sql else (), 30.0, tables=tables))
                except Refused:
                    continue

    def query(self, question: Question) -> bytes:
        """Return the rows as JSON. Raises Refused."""
        self._begin(question)
        try:
            statement = self._translated(question.sql)
            return self._helpdesk.query(statement.sql, statement.own_names, question)
        except (sqlite3.Error, OverflowError) as exc:
            raise self._understood(exc) from None

    def execute(self, question: Question) -> int:
        """Return how many rows were changed. Raises Refused."""
        self._begin(question)
        raise Refused(Because.SQL, "this plugin has no database of its own")

    def _begin(self, question: Question) -> None:
        self._deadline.set(question.seconds)
        self._clock.set()
        size, most = len(question.sql.encode("utf-8", "replace")), self._spec.max_sql_bytes
        if size > most:
            raise Refused(Because.LIMIT, f"the statement has {size} bytes; at most {most} are read")
        if len(question.arguments) > self._spec.max_arguments:
            raise Refused(
                Because.LIMIT,
                f"{len(question.arguments)} arguments; at most {self._spec.max_arguments} are"
                " taken",
            )

    def _translated(self, sql: str) -> Translated:
        known = self._known.get(sql)
        if known is not None:
            self._known.move_to_end(sql)
            return known
        tree = parse(sql)
        if not isinstance(tree, QUERIES):
            raise Refused(Because.SQL, "db_query takes a SELECT; use db_exec to change something")
        own_names = names_of_its_own(tree)
        made = Translated(_written(translate(tree)), own_names)
        self._known[sql] = made
        if len(self._known) > _KEPT:
            self._known.popitem(last=False)
        return made

    def _understood(self, error: Exception) -> Refused:
        """Return what SQLite's error means to the author of a statement."""
        if isinstance(error, OverflowError):
            return Refused(Because.SQL, "a number among the arguments needs more than 64 bits")
        code = getattr(error, "sqlite_errorcode", None)
        if code == sqlite3.SQLITE_INTERRUPT or self._deadline.passed:
            return Refused(Because.TIMEOUT, "the statement took longer than the call may")
        if code in (sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_TOOBIG):
            return Refused(Because.LIMIT, f"the statement asks for too much: {error}")
        return Refused(Because.SQL, f"SQLite refuses the statement: {error}")


def _written(tree: exp.Expr) -> str:
    try:
        return write(tree)
    except SqlglotError as exc:
        raise Refused(Because.SQL, f"the statement cannot be translated: {exc}") from None
    except RecursionError:
        raise Refused(Because.LIMIT, "the statement is nested too deeply") from None

"""The SQL that plugins write, as the parser is to read it, and SQLite's as it is to be written.

Plugins write MySQL's. The parser knows hundreds of functions and would turn many into something
that only resembles them, so it is left those whose arguments are no plain list; every other call
keeps its name, and ``translate`` decides what happens to it.
"""

from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.mysql import MySQL
from sqlglot.dialects.sqlite import SQLite
from sqlglot.generators.sqlite import SQLiteGenerator
from sqlglot.parsers.mysql import MySQLParser
from sqlglot.tokenizer_core import TokenType

_FUNCTIONS = ("COALESCE", "COUNT", "SUM", "AVG", "MIN", "MAX", "DATE_ADD", "DATE_SUB")
_SYNTAX = (
    *("CAST", "CONVERT", "EXTRACT", "GROUP_CONCAT", "POSITION", "SUBSTRING", "SUBSTR", "TRIM"),
    "VALUES",
)


class _Parser(MySQLParser):
    """Keeps function calls as they were written, and where each parameter stood."""

    FUNCTIONS: ClassVar = {name: MySQLParser.FUNCTIONS[name] for name in _FUNCTIONS}
    FUNCTION_PARSERS: ClassVar = {name: MySQLParser.FUNCTION_PARSERS[name] for name in _SYNTAX}
    PLACEHOLDER_PARSERS: ClassVar = {
        **MySQLParser.PLACEHOLDER_PARSERS,
        TokenType.PLACEHOLDER: lambda self: exp.Placeholder(this=str(self._prev.start)),
    }
    STATEMENT_PARSERS: ClassVar = {
        **MySQLParser.STATEMENT_PARSERS,
        TokenType.REPLACE: lambda self: self._parse_replace_statement(),
    }

    def _parse_replace_statement(self) -> exp.Expr:
        inserted = self._parse_insert()
        inserted.set("alternative", "REPLACE")
        return inserted


class Read(MySQL):
    """MySQL, with the names of functions left as they are."""

    class Tokenizer(MySQL.Tokenizer):
        """Reads what follows REPLACE."""

        COMMANDS: ClassVar = MySQL.Tokenizer.COMMANDS - {TokenType.REPLACE}

    Parser = _Parser


class _Generator(SQLiteGenerator):
    """Writes parameters by their number: a translation may change their order."""

    NAMED_PLACEHOLDER_TOKEN = "?"  # noqa: S105 - no password
    TYPE_MAPPING: ClassVar = {
        **SQLiteGenerator.TYPE_MAPPING,
        exp.DType.UBIGINT: "INTEGER",
    }


class Write(SQLite):
    """SQLite, with names in backticks: unlike one in ``"``, an unknown name is never a text."""

    class Tokenizer(SQLite.Tokenizer):
        """The first pair is what names are written with."""

        IDENTIFIERS: ClassVar = ["`"]

    Generator = _Generator


def write(tree: exp.Expr) -> str:
    """Return the statement as SQLite reads it; raises sqlglot's errors for what it cannot say."""
    return tree.sql(Write, identify=True, comments=False)

"""Reading and writing rows by the names of their columns."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

Values = Sequence[Any] | Mapping[str, Any]


def rows(db: sqlite3.Connection, query: str, values: Values = ()) -> list[sqlite3.Row]:
    """Run a query and return all rows, which know their columns by name."""
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(query, values).fetchall()


def row(db: sqlite3.Connection, query: str, values: Values = ()) -> sqlite3.Row | None:
    """Run a query and return its first row, None where there is none."""
    cursor = db.cursor()
    cursor.row_factory = sqlite3.Row
    found: sqlite3.Row | None = cursor.execute(query, values).fetchone()
    return found


def scalar(db: sqlite3.Connection, query: str, values: Values = ()) -> Any:
    """Run a query and return the first column of its first row, None where there is none."""
    found = db.execute(query, values).fetchone()
    return None if found is None else found[0]


def insertion(table: str, columns: Sequence[str], *, replace: bool = False) -> str:
    """Return the statement that inserts values of these columns, in their order."""
    verb = "INSERT OR REPLACE" if replace else "INSERT"
    marks = ", ".join("?" * len(columns))
    return f"{verb} INTO {table} ({', '.join(columns)}) VALUES ({marks})"

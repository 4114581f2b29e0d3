"""Small helpers for reading rows by column name."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

Parameters = Sequence[Any] | Mapping[str, Any]


def rows(connection: sqlite3.Connection, sql: str, parameters: Parameters = ()) -> list[Any]:
    """Run a query and return all rows, which know their columns by name."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, parameters).fetchall()


def row(connection: sqlite3.Connection, sql: str, parameters: Parameters = ()) -> Any | None:
    """Run a query and return its first row, or None."""
    cursor = connection.cursor()
    cursor.row_factory = sqlite3.Row
    return cursor.execute(sql, parameters).fetchone()


def scalar(connection: sqlite3.Connection, sql: str, parameters: Parameters = ()) -> Any:
    """Run a query and return the first column of its first row, or None."""
    found = connection.execute(sql, parameters).fetchone()
    return None if found is None else found[0]

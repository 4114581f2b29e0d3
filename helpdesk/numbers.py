"""The integers that stand for ids where only integers will do; see ``storage.numbers_step``.

Owns the way from one to the other. It must not know who wants integers.
"""

import sqlite3
from typing import Literal

from helpdesk.storage import sql

Kind = Literal["ticket", "user", "group", "category", "type", "status"]
"""What is numbered. A status has its name in the place of an id."""


def number_of(connection: sqlite3.Connection, kind: Kind, thing_id: str) -> int | None:
    """Return the number of what has this id; None where there is no such thing."""
    if kind == "ticket":
        found = sql.row(connection, "SELECT number FROM tickets WHERE id = ?", (thing_id,))
    else:
        query = "SELECT number FROM numbers WHERE kind = ? AND id = ?"
        found = sql.row(connection, query, (kind, thing_id))
    return None if found is None else int(found["number"])


def id_of(connection: sqlite3.Connection, kind: Kind, number: int) -> str | None:
    """Return the id of what has this number; None where there is no such thing."""
    if kind == "ticket":
        found = sql.row(connection, "SELECT id FROM tickets WHERE number = ?", (number,))
    else:
        query = "SELECT id FROM numbers WHERE kind = ? AND number = ?"
        found = sql.row(connection, query, (kind, number))
    return None if found is None else str(found["id"])

"""A ticket's files as events tell of them: what they are, and never what is in them.

Public files alone: an event may go to a plugin that was not granted to read notes. Must not know
how files are stored; ``helpdesk.files`` owns the table.
"""

import sqlite3
from typing import Any

from helpdesk.storage import sql


def documents(connection: sqlite3.Connection, number: int) -> list[dict[str, Any]]:
    """Return the public files of a ticket, oldest first, as payloads show them."""
    query = (
        "SELECT id, name, size, kind FROM files"
        " WHERE number = ? AND is_internal = 0 AND state != 'infected' ORDER BY id"
    )
    return [
        {"id": row["id"], "name": row["name"], "size": row["size"], "type": row["kind"]}
        for row in sql.rows(connection, query, (number,))
    ]

"""The help desk's second step: full-text search, one line of time, and what a submitter may see.

A module of its own because a step is never edited once released. ``migrations`` runs it.
"""

import sqlite3
from datetime import UTC, datetime

from ulid import ULID

_NUMBERS = (
    # Full-text search wants integers that never change; SQLite's own rowids may, on VACUUM.
    "ALTER TABLE tickets ADD COLUMN number INTEGER",
    "UPDATE tickets SET number = rowid",
    "CREATE UNIQUE INDEX tickets_by_number ON tickets (number)",
    "ALTER TABLE replies ADD COLUMN piece INTEGER",
    """UPDATE replies SET piece = (
        SELECT count(*) FROM replies AS r
        WHERE r.ticket_id = replies.ticket_id AND r.id <= replies.id
    )""",
    "CREATE UNIQUE INDEX replies_by_piece ON replies (ticket_id, piece)",
)

_SEARCH = (
    # A ticket's texts are pieces of it: piece 0 its subject and description, the others what was
    # said. The row of a piece is number * 2^20 + piece, so that a match tells its ticket by itself.
    # ``tickets.search`` keeps it: triggers may not touch it while the schema is not trusted.
    """CREATE VIRTUAL TABLE search USING fts5 (
        subject, description, reply, note,
        content = '', prefix = '2 3', tokenize = 'unicode61 remove_diacritics 2'
    )""",
    """INSERT INTO search (rowid, subject, description)
        SELECT number << 20, subject, description FROM tickets ORDER BY number""",
    """INSERT INTO search (rowid, reply, note)
        SELECT (t.number << 20) + r.piece, iif(r.is_internal, NULL, r.body),
            iif(r.is_internal, r.body, NULL)
        FROM tickets AS t JOIN replies AS r ON r.ticket_id = t.id ORDER BY 1""",
)

_SIGHT = (
    # When something last changed that the submitter may know of: internal notes leave it alone.
    "ALTER TABLE tickets ADD COLUMN public_updated_at TEXT NOT NULL DEFAULT ''",
    "UPDATE tickets SET public_updated_at = updated_at",
    """CREATE INDEX tickets_by_submitter_public
        ON tickets (submitter_id, public_updated_at, id, number)""",
)

_TIMELINE = (
    "ALTER TABLE status_history ADD COLUMN id TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX status_history_by_id ON status_history (ticket_id, id)",
    "DROP INDEX status_history_by_ticket",
    "DROP INDEX replies_by_ticket",
    "CREATE INDEX replies_by_ticket ON replies (ticket_id, id, is_internal)",
)

STATEMENTS = (*_NUMBERS, *_SEARCH, *_SIGHT, *_TIMELINE)


def name_old_steps(connection: sqlite3.Connection) -> None:
    """Give each step of status history that was written before an id that sorts by its time."""
    found = connection.execute("SELECT seq, at FROM status_history WHERE id = ''").fetchall()
    connection.executemany(
        "UPDATE status_history SET id = ? WHERE seq = ?",
        [(_ulid(at), seq) for seq, at in found],
    )


def _ulid(at: str) -> str:
    return str(ULID.from_datetime(datetime.fromisoformat(at).astimezone(UTC)))

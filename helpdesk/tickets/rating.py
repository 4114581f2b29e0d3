"""The question how it went, once a ticket is resolved: when it is asked, and what was answered.

Owns the ``ticket_ratings`` table. A ticket has one rating, of its last resolution; earlier ones are
in its trace. Asked are requesters alone: not for tickets of staff, for merged ones, for those with
the tag ``spam``, or for what was closed without being resolved.
"""

import hmac
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk import checks
from helpdesk.actors import Role
from helpdesk.clock import parse_rfc3339, rfc3339
from helpdesk.errors import Invalid
from helpdesk.mail import marks
from helpdesk.settings import SettingValues
from helpdesk.storage import sql
from helpdesk.tickets import rows
from helpdesk.tickets.model import Ticket

SCORES = ("good", "ok", "bad")
OPEN_FOR = timedelta(days=14)
"""Since the resolution; a rating can be changed as long."""
MAX_COMMENT = 2_000
"""Characters."""
SPAM = "spam"

RATING_MIGRATIONS = Migrations("ticket_ratings")


@RATING_MIGRATIONS()
def m001_ratings(db: sqlite_utils.Database) -> None:
    """Create the table."""
    for statement in (
        """CREATE TABLE ticket_ratings (
            number INTEGER PRIMARY KEY REFERENCES tickets (number) ON DELETE CASCADE,
            resolved_at TEXT NOT NULL,
            score TEXT NOT NULL CHECK (score IN ('good', 'ok', 'bad')),
            comment TEXT NOT NULL,
            at TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX ticket_ratings_by_time ON ticket_ratings (at, score)",
        "CREATE INDEX ticket_ratings_by_score ON ticket_ratings (score, number)",
    ):
        db.execute(statement)


@dataclass(frozen=True, slots=True)
class Rating:
    """What a requester answered."""

    score: str
    """One of ``SCORES``."""
    comment: str
    at: datetime
    resolved_at: datetime
    """Of which resolution."""


def is_asked(connection: sqlite3.Connection, settings: SettingValues, ticket: Ticket) -> bool:
    """Tell whether a requester is asked about a ticket as it stands, whenever it was resolved."""
    if settings.ask_rating != "yes" or ticket.resolved_at is None:
        return False
    query = "SELECT role, disabled FROM users WHERE id = ?"
    person = sql.row(connection, query, (ticket.submitter.id,))
    if person is None or person["role"] != Role.USER or person["disabled"]:
        return False
    if rows.merged_into(connection, ticket.number) is not None:
        return False
    tagged = (
        "SELECT 1 FROM ticket_tags AS worn JOIN tags ON tags.id = worn.tag_id"
        " WHERE worn.number = ? AND tags.key = ?"
    )
    return sql.row(connection, tagged, (ticket.number, SPAM)) is None


def is_open(
    connection: sqlite3.Connection, settings: SettingValues, ticket: Ticket, now: datetime
) -> bool:
    """Tell whether the requester can answer now."""
    resolved = ticket.resolved_at
    in_time = resolved is not None and now < resolved + OPEN_FOR
    return in_time and is_asked(connection, settings, ticket)


def find(connection: sqlite3.Connection, number: int) -> Rating | None:
    """Return the rating of a ticket."""
    row = sql.row(connection, "SELECT * FROM ticket_ratings WHERE number = ?", (number,))
    if row is None:
        return None
    times = (parse_rfc3339(row["at"]), parse_rfc3339(row["resolved_at"]))
    return Rating(row["score"], row["comment"], *times)


def store(
    connection: sqlite3.Connection, ticket: Ticket, score: str, comment: str, now: datetime
) -> Rating:
    """Write what was answered, in the place of an earlier answer. Raises ``Invalid``."""
    if ticket.resolved_at is None:
        raise Invalid("ticket", f"#{ticket.number}", "a resolved ticket")
    if score not in SCORES:
        raise Invalid("score", repr(score[:40]), ", ".join(SCORES))
    text = checks.body("comment", comment, least=0)
    if len(text) > MAX_COMMENT:
        found = f"{len(text):,} characters"
        raise Invalid("comment", found, f"at most {MAX_COMMENT:,} characters")
    rating = Rating(score, text, now, ticket.resolved_at)
    connection.execute(
        "INSERT OR REPLACE INTO ticket_ratings (number, resolved_at, score, comment, at)"
        " VALUES (?, ?, ?, ?, ?)",
        (ticket.number, rfc3339(rating.resolved_at), score, text, rfc3339(now)),
    )
    return rating


def code(connection: sqlite3.Connection, ticket: Ticket) -> str:
    """Return the code of a resolution, which only its requester's letter has."""
    resolved = "" if ticket.resolved_at is None else rfc3339(ticket.resolved_at)
    key = marks.key_of(connection)
    return marks.rating_code(key, ticket.number, ticket.submitter.id, resolved)


def is_code(connection: sqlite3.Connection, ticket: Ticket, given: str) -> bool:
    """Tell whether a code is that of the ticket's resolution; another resolution has another."""
    expected = code(connection, ticket).encode()
    return ticket.resolved_at is not None and hmac.compare_digest(
        given.encode(errors="replace"), expected
    )

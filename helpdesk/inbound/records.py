"""What came in and what became of it, for admins; and the originals of a ticket, for staff."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.clock import parse_rfc3339
from helpdesk.storage import sql

PRUNE_CHUNK = 500


@dataclass(frozen=True, slots=True)
class MailRecord:
    """One message that came in."""

    seq: int
    id: str
    sha256: str
    sender: str
    sender_name: str
    subject: str
    outcome: str
    reason: str
    number: int | None
    received_at: datetime


def newest(connection: sqlite3.Connection, before: int | None, most: int) -> Sequence[MailRecord]:
    """Return records, newest first, those before a ``seq`` where it is given."""
    query = "SELECT * FROM mail_incoming WHERE seq < ? ORDER BY seq DESC LIMIT ?"
    return [_record(row) for row in sql.rows(connection, query, (before or 1 << 62, most))]


def find(connection: sqlite3.Connection, record_id: str) -> MailRecord | None:
    """Return one record."""
    row = sql.row(connection, "SELECT * FROM mail_incoming WHERE id = ?", (record_id,))
    return None if row is None else _record(row)


@dataclass(frozen=True, slots=True)
class Original:
    """What a message of a ticket came with, beside its text."""

    id: str
    """Of the record."""
    quoted: str
    """Quoted text that was folded away; empty for none."""


def of_ticket(connection: sqlite3.Connection, number: int) -> Mapping[str, Original]:
    """Return the originals of a ticket's messages: by reply, and ``""`` for its description."""
    query = (
        "SELECT id, reply_id, quoted FROM mail_incoming WHERE number = ?"
        " AND outcome IN ('ticket', 'reply') ORDER BY seq DESC LIMIT 1000"
    )
    found = connection.execute(query, (number,))
    return {reply_id or "": Original(mail_id, quoted) for mail_id, reply_id, quoted in found}


def older_than(connection: sqlite3.Connection, moment: str) -> Sequence[tuple[str, bool]]:
    """Return hashes of messages before a time, and whether a newer one is the same."""
    query = (
        "SELECT sha256, EXISTS (SELECT 1 FROM mail_incoming AS m WHERE m.sha256 = old.sha256"
        " AND m.received_at >= ?1) FROM mail_incoming AS old WHERE received_at < ?1"
        " AND outcome != 'held' ORDER BY seq LIMIT ?2"
    )
    return [(sha, bool(kept)) for sha, kept in connection.execute(query, (moment, PRUNE_CHUNK))]


def _record(row: Any) -> MailRecord:
    return MailRecord(
        row["seq"],
        row["id"],
        row["sha256"],
        row["sender"],
        row["sender_name"],
        row["subject"],
        row["outcome"],
        row["reason"],
        row["number"],
        parse_rfc3339(row["received_at"]),
    )

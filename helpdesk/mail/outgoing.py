"""The durable queue of letters: written in the transaction of the change that they tell of.

::

    queued ──claim──▶ sending ──▶ sent        taken by the mail server
      ▲                  │  └───▶ failed      refused for good, or given up
      └──── try again ───┘        bounced     came back later
                                  shown       kept for the page, where nothing is sent

A letter is marked as *sending* before the first byte leaves, and as *sent* when the mail server has
taken it. Where the server stops in between, it is sent again with the same Message-ID: better the
same letter twice, which mail servers and readers recognise, than none.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk.clock import parse_optional, parse_rfc3339, rfc3339
from helpdesk.ids import new_id
from helpdesk.mail import letters, marks, settings
from helpdesk.mail.letters import Letter
from helpdesk.storage import sql

GIVE_UP_AFTER = timedelta(days=3)
KEPT = timedelta(days=30)
"""Texts of letters that have ended; who got one, and its Message-ID, are kept."""
PRUNE_CHUNK = 1_000
_DELAYS_S = (60, 300, 900, 1800, 3600, 7200, 14_400)
"""Seconds until the next attempt, by how many there were; then always the last."""
MAX_PROBLEM = 500
_PASSWORD_KINDS = frozenset({"password", "invitation", "signup"})
"""Their texts hold a link that lets somebody in: forgotten as soon as they are sent."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A letter in the queue, or one that has left it."""

    seq: int
    id: str
    message_id: str
    letter: Letter | None
    """None where its text has been forgotten."""
    address: str
    subject: str
    kind: str
    number: int | None
    state: str
    attempts: int
    due_at: datetime
    created_at: datetime
    ended_at: datetime | None
    problem: str


def is_on(connection: sqlite3.Connection) -> bool:
    """Tell whether letters are sent, or shown: whether it makes sense to write one."""
    return settings.read(connection).outgoing != settings.OFF


def enqueue(connection: sqlite3.Connection, letter: Letter, now: datetime) -> str | None:
    """Put a letter into the queue, within the caller's transaction; return its id.

    Return None, and keep nothing, where this help desk sends no mail.
    """
    values = settings.read(connection)
    if values.outgoing == settings.OFF:
        return None
    letter_id = new_id()
    key = marks.key_of(connection)
    connection.execute(
        "INSERT INTO mail_outgoing (id, message_id, kind, address, subject, letter, user_id,"
        " number, state, due_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'queued', ?, ?)",
        (
            letter_id,
            marks.message_id(key, letter_id, values.domain),
            letter.kind,
            letter.to,
            letters.one_line(letter.subject, 250),
            letters.pack(letter),
            letter.user_id,
            letter.number,
            rfc3339(now),
            rfc3339(now),
        ),
    )
    return letter_id


def recover(connection: sqlite3.Connection) -> int:
    """Queue again what a server was sending when it stopped; return how many."""
    query = "UPDATE mail_outgoing SET state = 'queued' WHERE state = 'sending'"
    return connection.execute(query).rowcount


def claim(connection: sqlite3.Connection, now: datetime, most: int) -> Sequence[Queued]:
    """Take the next letters that are due, oldest first, and mark them as being sent."""
    found = sql.rows(
        connection,
        "SELECT * FROM mail_outgoing WHERE state = 'queued' AND due_at <= ?"
        " ORDER BY due_at, seq LIMIT ?",
        (rfc3339(now), most),
    )
    taken = [queued(row) for row in found]
    connection.executemany(
        "UPDATE mail_outgoing SET state = 'sending', attempts = attempts + 1 WHERE seq = ?",
        [(each.seq,) for each in taken],
    )
    return taken


def next_due(connection: sqlite3.Connection) -> datetime | None:
    """Return when the next letter is due, None where none waits."""
    query = "SELECT min(due_at) FROM mail_outgoing WHERE state IN ('queued', 'sending')"
    return parse_optional(sql.scalar(connection, query))


def give_back(connection: sqlite3.Connection, seqs: Sequence[int]) -> None:
    """Queue again what was claimed and not begun: it does not count as an attempt."""
    connection.executemany(
        "UPDATE mail_outgoing SET state = 'queued', attempts = attempts - 1"
        " WHERE seq = ? AND state = 'sending'",
        [(seq,) for seq in seqs],
    )


def done(connection: sqlite3.Connection, letter: Queued, now: datetime, *, shown: bool) -> None:
    """The mail server has taken a letter, or it stands on the page."""
    state = "shown" if shown else "sent"
    _end(connection, letter.seq, state, "", now)
    if letter.kind in _PASSWORD_KINDS and not shown:
        connection.execute("UPDATE mail_outgoing SET letter = '' WHERE seq = ?", (letter.seq,))


def try_again(
    connection: sqlite3.Connection, letter: Queued, problem: str, now: datetime
) -> datetime | None:
    """Put a letter off; return until when, or None where it was given up."""
    if now - letter.created_at > GIVE_UP_AFTER:
        fail(connection, letter, f"given up after {letter.attempts + 1} attempts: {problem}", now)
        return None
    due = now + timedelta(seconds=_DELAYS_S[min(letter.attempts, len(_DELAYS_S) - 1)])
    connection.execute(
        "UPDATE mail_outgoing SET state = 'queued', due_at = ?, problem = ? WHERE seq = ?",
        (rfc3339(due), problem[:MAX_PROBLEM], letter.seq),
    )
    return due


def fail(connection: sqlite3.Connection, letter: Queued, problem: str, now: datetime) -> None:
    """A letter was refused for good."""
    _end(connection, letter.seq, "failed", problem, now)


def bounced(connection: sqlite3.Connection, message_id: str, problem: str, now: datetime) -> bool:
    """A letter came back; return whether there is one of this Message-ID that was not back yet."""
    query = "SELECT seq FROM mail_outgoing WHERE message_id = ? AND state IN ('sent', 'sending')"
    seq = sql.scalar(connection, query, (message_id,))
    if seq is None:
        return False
    _end(connection, seq, "bounced", problem, now)
    return True


def send_now(connection: sqlite3.Connection, letter_id: str, now: datetime) -> bool:
    """Queue a letter again that failed, or make one due that waits; return whether there is one."""
    query = (
        "UPDATE mail_outgoing SET state = 'queued', due_at = ?, attempts = 0, created_at = ?,"
        " ended_at = NULL WHERE id = ? AND state IN ('queued', 'failed', 'bounced')"
        " AND letter != ''"
    )
    return connection.execute(query, (rfc3339(now), rfc3339(now), letter_id)).rowcount > 0


def newest(connection: sqlite3.Connection, before: int | None, most: int) -> Sequence[Queued]:
    """Return letters, newest first, those before a ``seq`` where it is given."""
    found = sql.rows(
        connection,
        "SELECT * FROM mail_outgoing WHERE seq < ? ORDER BY seq DESC LIMIT ?",
        (before or 1 << 62, most),
    )
    return [queued(row) for row in found]


def find(connection: sqlite3.Connection, letter_id: str) -> Queued | None:
    """Return a letter by its id."""
    row = sql.row(connection, "SELECT * FROM mail_outgoing WHERE id = ?", (letter_id,))
    return None if row is None else queued(row)


def sent_since(connection: sqlite3.Connection, address: str, kind: str, since: datetime) -> int:
    """Return how many letters of a kind an address was written since then."""
    query = "SELECT count(*) FROM mail_outgoing WHERE address = ? AND created_at >= ? AND kind = ?"
    return int(sql.scalar(connection, query, (address, rfc3339(since), kind)))


def prune(connection: sqlite3.Connection, now: datetime) -> int:
    """Forget the texts of letters that ended long ago; return how many."""
    query = (
        "UPDATE mail_outgoing SET letter = '' WHERE seq IN (SELECT seq FROM mail_outgoing"
        " WHERE letter != '' AND state NOT IN ('queued', 'sending') AND created_at < ? LIMIT ?)"
    )
    return connection.execute(query, (rfc3339(now - KEPT), PRUNE_CHUNK)).rowcount


def _end(connection: sqlite3.Connection, seq: int, state: str, problem: str, now: datetime) -> None:
    connection.execute(
        "UPDATE mail_outgoing SET state = ?, problem = ?, ended_at = ? WHERE seq = ?",
        (state, problem[:MAX_PROBLEM], rfc3339(now), seq),
    )


def queued(row: Any) -> Queued:
    """Make a ``Queued`` of a row with all columns."""
    return Queued(
        row["seq"],
        row["id"],
        row["message_id"],
        letters.unpack(row["letter"]) if row["letter"] else None,
        row["address"],
        row["subject"],
        row["kind"],
        row["number"],
        row["state"],
        row["attempts"],
        parse_rfc3339(row["due_at"]),
        parse_rfc3339(row["created_at"]),
        parse_optional(row["ended_at"]),
        row["problem"],
    )

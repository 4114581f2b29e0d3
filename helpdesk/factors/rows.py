"""What the factors share inside a transaction: fresh proof, and the first and last one."""

import sqlite3
from datetime import datetime, timedelta
from typing import Protocol

from helpdesk import accounts, tokens
from helpdesk.accounts import User
from helpdesk.audit import AuditPen
from helpdesk.clock import parse_rfc3339
from helpdesk.errors import Conflict, NotAllowed
from helpdesk.factors import enrolment
from helpdesk.storage import sql

FRESH_FOR = timedelta(minutes=15)
"""How long after showing their password somebody may change their second factors."""


class Sealer(Protocol):
    """Encrypts secrets at rest."""

    def seal(self, secret: str, place: str, field: str, /) -> bytes:
        """Encrypt a secret for one place and field."""
        ...

    def open(self, sealed: bytes, place: str, field: str, /) -> str:
        """Decrypt what ``seal`` returned for that place and field."""
        ...


def require_fresh(connection: sqlite3.Connection, session_token: str, now: datetime) -> User:
    """Return whose session this is, where the password was shown in it a short time ago.

    A session that was stolen, or left open, is not enough to change how somebody logs in.
    Raises ``NotAllowed``.
    """
    row = sql.row(
        connection,
        "SELECT user_id, coalesce(proved_at, created_at) AS proved FROM sessions"
        " WHERE token_hash = ?",
        (tokens.digest(session_token),),
    )
    if row is None or parse_rfc3339(row["proved"]) <= now - FRESH_FOR:
        raise NotAllowed("change your second factor", "confirm your password first")
    return accounts.find(connection, row["user_id"])


def added(
    connection: sqlite3.Connection, user: User, kind: str, session_token: str, record: AuditPen
) -> None:
    """Finish adding a factor, which is written already.

    All other sessions end: one of them may have been begun with a stolen password alone. So do
    log-ins that wait for a second factor.
    """
    connection.execute(
        "DELETE FROM sessions WHERE user_id = ? AND token_hash <> ?",
        (user.id, tokens.digest(session_token)),
    )
    connection.execute("DELETE FROM login_steps WHERE user_id = ?", (user.id,))
    record(connection, "user.second_factor_added", user.email, {"kind": kind})


def removed(
    connection: sqlite3.Connection, user: User, facts: dict[str, object], record: AuditPen
) -> None:
    """Finish removing a factor, which is gone already. Raises ``Conflict`` where one is needed."""
    if not enrolment.has_factor(connection, user.id):
        if enrolment.role_requires(connection, user.role):
            raise Conflict("your role requires a second factor", "add another one first")
        connection.execute("DELETE FROM recovery_codes WHERE user_id = ?", (user.id,))
    connection.execute("DELETE FROM login_steps WHERE user_id = ?", (user.id,))
    record(connection, "user.second_factor_removed", user.email, facts)

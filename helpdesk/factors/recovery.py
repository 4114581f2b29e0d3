"""Recovery codes, for whoever has lost their phone. Each is good once; its hash alone is kept."""

import secrets
import sqlite3

from helpdesk import tokens
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock
from helpdesk.errors import Conflict
from helpdesk.factors import enrolment, rows
from helpdesk.storage import sql
from helpdesk.storage.database import Database

HOW_MANY = 10
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_LENGTH = 16
"""80 bits: nobody can try them all, so that the hash need not be slow."""


class RecoveryCodes:
    """Makes new ones."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def renew(self, user_id: str, session_token: str) -> tuple[str, ...]:
        """Return new codes, to be shown once; the old ones stop working.

        Raises ``NotAllowed`` unless the password was shown lately, ``Conflict`` without a factor.
        """
        now, record = self._clock.now(), self._audit.pen(user_id)

        def job(connection: sqlite3.Connection) -> tuple[str, ...]:
            user = rows.require_fresh(connection, session_token, now)
            if not enrolment.has_factor(connection, user.id):
                raise Conflict("you have no second factor", "set one up first")
            record(connection, "user.recovery_codes_created", user.email, {"codes": HOW_MANY})
            return replace(connection, user.id)

        return await self._database.write(job)


def replace(connection: sqlite3.Connection, user_id: str) -> tuple[str, ...]:
    """Write new codes in place of the old ones and return them as they are shown."""
    made = tuple(
        "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH)) for _ in range(HOW_MANY)
    )
    connection.execute("DELETE FROM recovery_codes WHERE user_id = ?", (user_id,))
    connection.executemany(
        "INSERT INTO recovery_codes (user_id, code_hash) VALUES (?, ?)",
        [(user_id, tokens.digest(code)) for code in made],
    )
    return tuple("-".join(code[at : at + 4] for at in range(0, _LENGTH, 4)) for code in made)


def first_ones(connection: sqlite3.Connection, user_id: str) -> tuple[str, ...]:
    """Return new codes for somebody who has none; nothing for others."""
    return () if left(connection, user_id) else replace(connection, user_id)


def use(connection: sqlite3.Connection, user_id: str, text: str) -> bool:
    """Use a code up; tell whether it was one."""
    code = text.replace("-", "").upper()
    if len(code) != _LENGTH:
        return False
    query = "DELETE FROM recovery_codes WHERE user_id = ? AND code_hash = ?"
    return connection.execute(query, (user_id, tokens.digest(code))).rowcount == 1


def left(connection: sqlite3.Connection, user_id: str) -> int:
    """Return how many codes somebody has left."""
    query = "SELECT count(*) FROM recovery_codes WHERE user_id = ?"
    return int(sql.scalar(connection, query, (user_id,)))

"""Passkeys (WebAuthn): adding, checking and removing them.

A challenge belongs to one session, or one log-in that waits. It is good for two minutes, and
deleted before an answer to it is looked at: no answer counts twice.
"""

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk import checks, tokens
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock, parse_optional, parse_rfc3339, rfc3339
from helpdesk.errors import LimitReached, NotFound
from helpdesk.factors import ceremony, recovery, rows
from helpdesk.factors.ceremony import Site
from helpdesk.ids import new_id
from helpdesk.storage import sql
from helpdesk.storage.database import Database

KIND = "passkey"
MOST = 20
"""Passkeys of one person."""
CHALLENGE_GOOD_FOR = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None


class Passkeys:
    """Adds passkeys and removes them."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def begin(self, session_token: str, site: Site, issuer: str) -> str:
        """Return the options with which a browser makes a passkey, as JSON.

        Raises ``NotAllowed`` unless the password was shown lately, ``LimitReached``.
        """
        now, challenge = self._clock.now(), new_challenge()

        def job(connection: sqlite3.Connection) -> tuple[tuple[str, str, str], list[bytes]]:
            user = rows.require_fresh(connection, session_token, now)
            known = known_ids(connection, user.id)
            _require_room(known)
            keep_challenge(connection, session_token, challenge, now)
            return (user.id, user.email, user.name), known

        person, known = await self._database.write(job)
        return ceremony.options_to_add(site, issuer, person, challenge, known)

    async def add(
        self, user_id: str, session_token: str, site: Site, *, name: str, credential: str
    ) -> tuple[str, ...]:
        """Add the passkey that a browser has made; return recovery codes for who has none yet.

        Raises ``Invalid`` where it does not fit, ``NotAllowed``, ``LimitReached``, ``Conflict``.
        """
        named = checks.name("name", name)
        now, record = self._clock.now(), self._audit.pen(user_id)
        challenge = await self._database.write(lambda c: take_challenge(c, session_token, now))
        if challenge is None:
            raise ceremony.refusal()
        found = await ceremony.registered(site, credential, challenge)

        def job(connection: sqlite3.Connection) -> tuple[str, ...]:
            user = rows.require_fresh(connection, session_token, now)
            _require_room(known_ids(connection, user.id))
            connection.execute(
                "INSERT INTO passkeys"
                " (id, user_id, credential_id, public_key, sign_count, name, created_at)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    new_id(),
                    user.id,
                    found.credential_id,
                    found.public_key,
                    found.sign_count,
                    named,
                    rfc3339(now),
                ),
            )
            rows.added(connection, user, KIND, session_token, record)
            return recovery.first_ones(connection, user.id)

        return await self._database.write(job)

    async def remove(self, user_id: str, session_token: str, passkey_id: str) -> None:
        """Remove one of one's own. Raises ``NotFound``, ``NotAllowed``, ``Conflict``."""
        now, record = self._clock.now(), self._audit.pen(user_id)

        def job(connection: sqlite3.Connection) -> None:
            user = rows.require_fresh(connection, session_token, now)
            query = "SELECT name FROM passkeys WHERE id = ? AND user_id = ?"
            name = sql.scalar(connection, query, (passkey_id, user.id))
            if name is None:
                raise NotFound("passkey", passkey_id)
            connection.execute("DELETE FROM passkeys WHERE id = ?", (passkey_id,))
            rows.removed(connection, user, {"kind": KIND, "name": name}, record)

        await self._database.write(job)


def of_person(connection: sqlite3.Connection, user_id: str) -> tuple[Passkey, ...]:
    """Return somebody's passkeys, oldest first."""
    query = "SELECT * FROM passkeys WHERE user_id = ? ORDER BY id"
    return tuple(
        Passkey(
            row["id"],
            row["name"],
            parse_rfc3339(row["created_at"]),
            parse_optional(row["last_used_at"]),
        )
        for row in sql.rows(connection, query, (user_id,))
    )


def known_ids(connection: sqlite3.Connection, user_id: str) -> list[bytes]:
    """Return by what IDs browsers know somebody's passkeys."""
    query = "SELECT credential_id FROM passkeys WHERE user_id = ? ORDER BY id"
    return [found for (found,) in connection.execute(query, (user_id,))]


def new_challenge() -> bytes:
    """Return 256 random bits for a browser to sign."""
    return secrets.token_bytes(32)


def keep_challenge(
    connection: sqlite3.Connection, holder: str, challenge: bytes, now: datetime
) -> None:
    """Remember what the holder of a token is to sign, in place of what it was before."""
    connection.execute(
        "INSERT OR REPLACE INTO passkey_challenges (holder_hash, challenge, expires_at)"
        " VALUES (?, ?, ?)",
        (tokens.digest(holder), challenge, rfc3339(now + CHALLENGE_GOOD_FOR)),
    )


def take_challenge(connection: sqlite3.Connection, holder: str, now: datetime) -> bytes | None:
    """Delete and return what the holder of a token is to sign; None where it is nothing or old."""
    query = "DELETE FROM passkey_challenges WHERE holder_hash = ? RETURNING challenge, expires_at"
    row = sql.row(connection, query, (tokens.digest(holder),))
    return row["challenge"] if row is not None and row["expires_at"] > rfc3339(now) else None


def _require_room(known: list[bytes]) -> None:
    if len(known) >= MOST:
        raise LimitReached("another passkey", MOST, "passkeys")

"""An authenticator app: a secret that a phone and the help desk share, and the codes made of it.

The secret is sealed at rest. A person has one app; setting up another replaces it only once the
new one has shown a code.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from helpdesk.audit import AuditLog
from helpdesk.clock import Clock, rfc3339
from helpdesk.errors import Conflict, Invalid
from helpdesk.factors import codes, recovery, rows
from helpdesk.factors.rows import Sealer
from helpdesk.storage import sql
from helpdesk.storage.database import Database

PLACE = "second factor"
KIND = "authenticator app"
_PENDING = "SELECT sealed FROM authenticator_apps WHERE user_id = ? AND confirmed_at IS NULL"
_CONFIRMED = (
    "SELECT sealed, last_step FROM authenticator_apps"
    " WHERE user_id = ? AND confirmed_at IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A secret that has just been made: shown until a code confirms it, and never again."""

    text: str
    address: str
    """What the QR code says."""


class AuthenticatorApps:
    """Sets apps up and takes them away."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self.sealer: Sealer | None = None
        """Given by whoever has the key; without it no app can be set up or used."""

    async def begin(self, session_token: str, issuer: str) -> NewSecret:
        """Make a secret. Raises ``NotAllowed`` (the password was shown long ago), ``Conflict``."""
        now, secret, sealer = self._clock.now(), codes.new_secret(), self.require_sealer()

        def job(connection: sqlite3.Connection) -> NewSecret:
            user = rows.require_fresh(connection, session_token, now)
            if sql.row(connection, _CONFIRMED, (user.id,)) is not None:
                raise Conflict("you already have an authenticator app", "remove it first")
            connection.execute(
                "INSERT OR REPLACE INTO authenticator_apps (user_id, sealed) VALUES (?, ?)",
                (user.id, sealer.seal(secret, PLACE, user.id)),
            )
            return NewSecret(secret, codes.address(secret, user.email, issuer))

        return await self._database.write(job)

    async def pending(self, session_token: str, issuer: str) -> NewSecret | None:
        """Return the secret that waits for its first code, under the conditions of ``begin``."""
        now, sealer = self._clock.now(), self.require_sealer()

        def job(connection: sqlite3.Connection) -> NewSecret | None:
            user = rows.require_fresh(connection, session_token, now)
            sealed = sql.scalar(connection, _PENDING, (user.id,))
            if sealed is None:
                return None
            secret = sealer.open(sealed, PLACE, user.id)
            return NewSecret(secret, codes.address(secret, user.email, issuer))

        return await self._database.read(job)

    async def confirm(self, user_id: str, session_token: str, code: str) -> tuple[str, ...]:
        """Finish setting up with a first code; return recovery codes for who has none yet.

        Raises ``Invalid`` for a wrong code, ``Conflict`` where nothing waits for one.
        """
        now, record, sealer = self._clock.now(), self._audit.pen(user_id), self.require_sealer()

        def job(connection: sqlite3.Connection) -> tuple[str, ...]:
            user = rows.require_fresh(connection, session_token, now)
            sealed = sql.scalar(connection, _PENDING, (user.id,))
            if sealed is None:
                raise Conflict("no authenticator app is being set up", "start again")
            secret = sealer.open(sealed, PLACE, user.id)
            step = codes.matching_step(secret, plain(code), now, after=0)
            if step is None:
                raise Invalid("code", "another", "the code that your app shows now", WRONG)
            connection.execute(
                "UPDATE authenticator_apps SET confirmed_at = ?, last_step = ? WHERE user_id = ?",
                (rfc3339(now), step, user.id),
            )
            rows.added(connection, user, KIND, session_token, record)
            return recovery.first_ones(connection, user.id)

        return await self._database.write(job)

    async def remove(self, user_id: str, session_token: str) -> None:
        """Take the app away. Raises ``NotAllowed``, ``Conflict``."""
        now, record = self._clock.now(), self._audit.pen(user_id)

        def job(connection: sqlite3.Connection) -> None:
            user = rows.require_fresh(connection, session_token, now)
            query = "DELETE FROM authenticator_apps WHERE user_id = ?"
            if connection.execute(query, (user.id,)).rowcount:
                rows.removed(connection, user, {"kind": KIND}, record)

        await self._database.write(job)

    async def reseal(self) -> tuple[int, tuple[str, ...]]:
        """Seal every secret with the key that seals now; return how many, and the unreadable."""
        sealer = self.require_sealer()

        def job(connection: sqlite3.Connection) -> tuple[int, tuple[str, ...]]:
            done, unreadable = 0, list[str]()
            found = sql.rows(
                connection,
                "SELECT user_id, sealed, email FROM authenticator_apps"
                " JOIN users ON users.id = user_id",
            )
            for row in found:
                try:
                    secret = sealer.open(row["sealed"], PLACE, row["user_id"])
                except Exception:
                    unreadable.append(f"the authenticator app of {row['email']}")
                    continue
                connection.execute(
                    "UPDATE authenticator_apps SET sealed = ? WHERE user_id = ?",
                    (sealer.seal(secret, PLACE, row["user_id"]), row["user_id"]),
                )
                done += 1
            return done, tuple(unreadable)

        return await self._database.write(job)

    def require_sealer(self) -> Sealer:
        """Return what opens secrets. Raises ``Conflict`` where there is none."""
        if self.sealer is None:
            raise Conflict("the key for secrets is not loaded", "start the server")
        return self.sealer


WRONG = "Incorrect code. Enter the code that your app shows now."


def plain(code: str) -> str:
    """Return what was typed as a code, without the blanks that apps show in it."""
    return "".join(code[:64].split())


def use(
    connection: sqlite3.Connection, sealer: Sealer, user_id: str, code: str, now: datetime
) -> bool:
    """Use a code up; tell whether it was good. Its step, and those before it, count no more."""
    row = sql.row(connection, _CONFIRMED, (user_id,))
    if row is None:
        return False
    secret = sealer.open(row["sealed"], PLACE, user_id)
    step = codes.matching_step(secret, code, now, after=row["last_step"])
    if step is None:
        return False
    query = "UPDATE authenticator_apps SET last_step = ? WHERE user_id = ?"
    connection.execute(query, (step, user_id))
    return True

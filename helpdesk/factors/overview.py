"""What second factors somebody has; and taking them all away, for who has lost them."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from helpdesk import access, accounts
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock, parse_optional, rfc3339
from helpdesk.errors import NotAllowed
from helpdesk.factors import enrolment, passkeys, recovery, rows
from helpdesk.factors.passkeys import Passkey
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.viewers import load_viewer


@dataclass(frozen=True, slots=True)
class FactorsOf:
    """What somebody has, and what they need."""

    app_since: datetime | None
    """When the authenticator app was set up; None: there is none."""
    passkeys: tuple[Passkey, ...]
    recovery_codes: int
    """How many are left."""
    required: bool
    """Whether their role needs a second factor."""

    @property
    def any(self) -> bool:
        """Whether there is one."""
        return self.app_since is not None or bool(self.passkeys)


class Factors:
    """Shows and resets second factors."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def of(self, actor: Actor, user_id: str) -> FactorsOf:
        """Return what one has oneself, or anybody for admins."""

        def job(connection: sqlite3.Connection) -> FactorsOf:
            viewer = load_viewer(connection, actor)
            access.require_self_or_admin(viewer, user_id, "view second factors")
            return found(connection, user_id)

        return await self._database.read(job)

    async def is_fresh(self, session_token: str) -> bool:
        """Tell whether the password was shown in a session a short time ago."""

        def job(connection: sqlite3.Connection) -> bool:
            try:
                rows.require_fresh(connection, session_token, self._clock.now())
            except NotAllowed:
                return False
            return True

        return await self._database.read(job)

    async def reset(self, actor: Actor, user_id: str) -> None:
        """Take all of somebody's second factors away, and end their sessions (admins)."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> None:
            access.require_admin(load_viewer(connection, actor), "reset second factors")
            user = accounts.find(connection, user_id)
            had = found(connection, user_id)
            for clear in _CLEAR:
                connection.execute(clear, (user_id,))
            facts: dict[str, object] = {
                "authenticator_app": had.app_since is not None,
                "passkeys": len(had.passkeys),
            }
            record(connection, "user.second_factor_reset", user.email, facts)

        await self._database.write(job)

    def purge(self) -> Callable[[sqlite3.Connection], int]:
        """Return the job that deletes log-ins and challenges that nobody can finish any more."""
        now = rfc3339(self._clock.now())

        def job(connection: sqlite3.Connection) -> int:
            return sum(
                connection.execute(f"DELETE FROM {table} WHERE expires_at <= ?", (now,)).rowcount  # noqa: S608
                for table in ("login_steps", "passkey_challenges")
            )

        return job


_CLEAR = (
    "DELETE FROM authenticator_apps WHERE user_id = ?",
    "DELETE FROM passkeys WHERE user_id = ?",
    "DELETE FROM recovery_codes WHERE user_id = ?",
    "DELETE FROM login_steps WHERE user_id = ?",
    "DELETE FROM sessions WHERE user_id = ?",
)


def found(connection: sqlite3.Connection, user_id: str) -> FactorsOf:
    """Return what somebody has, inside a transaction."""
    user = accounts.find(connection, user_id)
    query = "SELECT confirmed_at FROM authenticator_apps WHERE user_id = ?"
    return FactorsOf(
        parse_optional(sql.scalar(connection, query, (user_id,))),
        passkeys.of_person(connection, user_id),
        recovery.left(connection, user_id),
        enrolment.role_requires(connection, user.role),
    )

"""Logins: an opaque random token per browser, of which only the SHA-256 is stored.

Owns the ``sessions`` and ``login_devices`` tables. A session ends at its expiry, at log-out, when
the account is disabled, and when the password changes. Logging in always makes a new token and
revokes the one before, so that a token planted in somebody's browser is worth nothing. Must not
know of cookies.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk import access, accounts, tokens
from helpdesk.accounts import User
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock, parse_rfc3339, rfc3339
from helpdesk.errors import LoginFailed
from helpdesk.settings import Settings
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.users import Users
from helpdesk.viewers import load_viewer

MOST_DEVICES = 20
"""Browsers of one person that are remembered; the oldest give way."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login that holds."""

    user: User
    csrf_token: str
    """Belongs to this session alone; every form and state-changing call carries it back."""
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewSession:
    """A login that was just made."""

    token: str
    """For the cookie, and nowhere else: it cannot be shown again."""
    session: Session
    device: str | None = None
    """For another cookie: a browser that has logged in once is not slowed down by others' guesses.
    None where it has one."""


class Sessions:
    """Makes, finds and ends logins."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        users: Users,
        settings: Settings,
        audit: AuditLog,
    ) -> None:
        self._database = database
        self._clock = clock
        self._users = users
        self._settings = settings
        self._audit = audit

    async def log_in(
        self, email: str, password: str, *, replaces: str | None = None, device: str = ""
    ) -> NewSession:
        """Log somebody in. Raises ``LoginFailed``. ``replaces`` is the token held until now."""
        user = await self._users.verify(email, password)
        return await self.start(user.id, replaces=replaces, device=device)

    async def start(
        self, user_id: str, *, replaces: str | None = None, device: str = ""
    ) -> NewSession:
        """Make a session for somebody who has proved who they are, in a browser's name."""
        token = tokens.new_token()

        def job(connection: sqlite3.Connection) -> NewSession:
            if replaces is not None:
                _delete(connection, replaces)
            session = self._new_session(connection, user_id, token)
            return NewSession(token, session, _remember(connection, user_id, device))

        return await self._database.write(job)

    async def device_is_known(self, email: str, device: str) -> bool:
        """Tell whether the person with this address has logged in from this browser before."""
        query = (
            "SELECT 1 FROM login_devices JOIN users ON users.id = user_id"
            " WHERE token_hash = ? AND email = ?"
        )
        values = (tokens.digest(device), accounts.typed_email(email))
        return await self._database.read(lambda c: sql.scalar(c, query, values)) is not None

    async def find(self, token: str) -> Session | None:
        """Return the session of a token; None where it is unknown, expired or revoked."""
        now = self._clock.now()

        def job(connection: sqlite3.Connection) -> Session | None:
            row = sql.row(
                connection,
                "SELECT users.*, sessions.created_at AS began_at, sessions.expires_at"
                " FROM sessions JOIN users ON users.id = sessions.user_id"
                " WHERE token_hash = ? AND expires_at > ? AND NOT users.disabled",
                (tokens.digest(token), rfc3339(now)),
            )
            if row is None:
                return None
            return Session(
                accounts.from_row(row),
                _csrf_token(token),
                parse_rfc3339(row["began_at"]),
                parse_rfc3339(row["expires_at"]),
            )

        return await self._database.read(job)

    async def log_out(self, token: str) -> None:
        """End one session; unknown tokens are nobody's business."""
        await self._database.write(lambda connection: _delete(connection, token))

    async def revoke_all(self, actor: Actor, user_id: str) -> int:
        """End every session of oneself, or of anybody for admins; return how many there were."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> int:
            viewer = load_viewer(connection, actor)
            access.require_self_or_admin(viewer, user_id, "end sessions")
            query = "DELETE FROM sessions WHERE user_id = ?"
            ended = connection.execute(query, (user_id,)).rowcount
            if ended:
                email = accounts.find(connection, user_id).email
                record(connection, "user.sessions_ended", email, {"sessions": ended})
            return ended

        return await self._database.write(job)

    async def purge_expired(self) -> int:
        """Delete sessions that have expired; return how many."""
        now = rfc3339(self._clock.now())
        query = "DELETE FROM sessions WHERE expires_at <= ?"
        return await self._database.write(lambda c: c.execute(query, (now,)).rowcount)

    def _new_session(self, connection: sqlite3.Connection, user_id: str, token: str) -> Session:
        user = accounts.find(connection, user_id)
        if user.disabled:
            raise LoginFailed
        now = self._clock.now()
        until = now + timedelta(days=self._settings.values(connection).session_days)
        connection.execute(
            "INSERT INTO sessions (token_hash, user_id, created_at, expires_at)"
            " VALUES (?, ?, ?, ?)",
            (tokens.digest(token), user_id, rfc3339(now), rfc3339(until)),
        )
        return Session(user, _csrf_token(token), now, until)


def _remember(connection: sqlite3.Connection, user_id: str, device: str) -> str | None:
    """Remember the browser; return its new token, None where it is known already."""
    known = "SELECT 1 FROM login_devices WHERE token_hash = ? AND user_id = ?"
    if device and sql.scalar(connection, known, (tokens.digest(device), user_id)) is not None:
        return None
    token = tokens.new_token()
    query = "INSERT INTO login_devices (token_hash, user_id) VALUES (?, ?)"
    connection.execute(query, (tokens.digest(token), user_id))
    connection.execute(
        "DELETE FROM login_devices WHERE user_id = ? AND id <= (SELECT id FROM login_devices"
        " WHERE user_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (user_id, user_id, MOST_DEVICES),
    )
    return token


def _csrf_token(token: str) -> str:
    return tokens.derived(token, "csrf")


def _delete(connection: sqlite3.Connection, token: str) -> None:
    connection.execute("DELETE FROM sessions WHERE token_hash = ?", (tokens.digest(token),))

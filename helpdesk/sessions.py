"""Logins: an opaque random token per browser, of which only the SHA-256 is stored.

Owns the ``sessions`` and ``login_devices`` tables. A session ends at its expiry, at log-out, when
the account is disabled, and when the password changes. Logging in always makes a new token and
revokes the one before, so that a token planted in somebody's browser is worth nothing. Must not
know of cookies, nor how somebody proved who they are: ``factors.sign_in`` does.
"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk import access, accounts, tokens
from helpdesk.accounts import User
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock, parse_optional, parse_rfc3339, rfc3339
from helpdesk.errors import LoginFailed, NotFound
from helpdesk.factors import enrolment
from helpdesk.settings import Settings
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.uses import LastUses
from helpdesk.viewers import load_viewer

MOST_DEVICES = 20
"""Browsers of one person that are remembered; the oldest give way."""
_FIND = (
    "SELECT users.*, sessions.created_at AS began_at, sessions.expires_at,"  # noqa: S608
    f" {enrolment.REQUIRED_FOR} AS required,"
    f" {enrolment.HAS_FACTOR.format('users.id')} AS has_factor"
    " FROM sessions JOIN users ON users.id = sessions.user_id"
    " WHERE token_hash = ? AND expires_at > ? AND NOT users.disabled"
)
MOST_CLIENT = 100
"""Characters of what a browser says it is."""


@dataclass(frozen=True, slots=True)
class Session:
    """A login that holds."""

    user: User
    csrf_token: str
    """Belongs to this session alone; every form and state-changing call carries it back."""
    created_at: datetime
    expires_at: datetime
    lacks_factor: bool = False
    """Whether the person's role requires a second factor, and they have none: until it is set up,
    the session is good for that alone."""


@dataclass(frozen=True, slots=True)
class Browser:
    """The browser in which somebody logs in."""

    replaces: str | None = None
    """The token of the session that it held until now."""
    device: str = ""
    """The token by which it is known, where somebody has logged in from it before."""
    client: str = ""
    """What it says it is, such as ``Firefox on Linux``."""


UNKNOWN = Browser()
"""A browser that says nothing."""


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its owner sees it in a list."""

    id: str
    """Names it without giving its token away."""
    client: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime
    here: bool
    """Whether it is the one that asks."""


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
        self, database: Database, clock: Clock, settings: Settings, audit: AuditLog
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        query = "UPDATE sessions SET seen_at = ? WHERE token_hash = ?"
        self._uses = LastUses[bytes](database, query)

    async def start(self, user_id: str, browser: Browser = UNKNOWN) -> NewSession:
        """Make a session for somebody who has shown all that is asked of them."""
        return await self._database.write(lambda c: self.open_in(c, user_id, browser))

    def open_in(self, connection: sqlite3.Connection, user_id: str, browser: Browser) -> NewSession:
        """Do the same within a transaction."""
        token = tokens.new_token()
        if browser.replaces is not None:
            _delete(connection, browser.replaces)
        session = self._new_session(connection, user_id, token, browser.client)
        return NewSession(token, session, _remember(connection, user_id, browser.device))

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
        now, digest = self._clock.now(), tokens.digest(token)

        def job(connection: sqlite3.Connection) -> Session | None:
            row = sql.row(
                connection,
                _FIND,
                (digest, rfc3339(now)),
            )
            if row is None:
                return None
            user = accounts.from_row(row)
            return Session(
                user,
                _csrf_token(token),
                parse_rfc3339(row["began_at"]),
                parse_rfc3339(row["expires_at"]),
                not row["has_factor"] and enrolment.requires(row["required"], user.role),
            )

        found = await self._database.read(job)
        if found is not None:
            self._uses.note(digest, now)
        return found

    async def prove_again(self, token: str) -> None:
        """Note that the person of a session has just shown their password again."""
        query = "UPDATE sessions SET proved_at = ? WHERE token_hash = ?"
        values = (rfc3339(self._clock.now()), tokens.digest(token))
        await self._database.write(lambda c: c.execute(query, values))

    async def list(
        self, actor: Actor, user_id: str, token: str | None = None
    ) -> tuple[OpenSession, ...]:
        """Return the open sessions of oneself, or of anybody for admins; last used first.

        ``token``: of the session that asks.
        """
        here, now = tokens.digest(token or ""), rfc3339(self._clock.now())

        def job(connection: sqlite3.Connection) -> tuple[OpenSession, ...]:
            viewer = load_viewer(connection, actor)
            access.require_self_or_admin(viewer, user_id, "view sessions")
            query = "SELECT * FROM sessions WHERE user_id = ? AND expires_at > ?"
            return tuple(
                OpenSession(
                    _id_of(row["token_hash"]),
                    row["client"],
                    parse_rfc3339(row["created_at"]),
                    self._uses.get(row["token_hash"])
                    or parse_optional(row["seen_at"])
                    or parse_rfc3339(row["created_at"]),
                    parse_rfc3339(row["expires_at"]),
                    row["token_hash"] == here,
                )
                for row in sql.rows(connection, query, (user_id, now))
            )

        found = await self._database.read(job)
        return tuple(sorted(found, key=lambda each: (each.here, each.seen_at), reverse=True))

    async def revoke(self, actor: Actor, user_id: str, session_id: str) -> None:
        """End one session of one's own, or of anybody for admins. Raises ``NotFound``."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> None:
            viewer = load_viewer(connection, actor)
            access.require_self_or_admin(viewer, user_id, "end sessions")
            query = "SELECT token_hash FROM sessions WHERE user_id = ?"
            found = [
                each
                for (each,) in connection.execute(query, (user_id,))
                if _id_of(each) == session_id
            ]
            if not found:
                raise NotFound("session", session_id)
            connection.execute("DELETE FROM sessions WHERE token_hash = ?", found)
            email = accounts.find(connection, user_id).email
            record(connection, "user.sessions_ended", email, {"sessions": 1})

        await self._database.write(job)

    def take_uses(self) -> Mapping[bytes, datetime]:
        """Return the uses that are not written yet, by the digest of a token, and forget them."""
        return self._uses.take()

    def add_uses(self, uses: Mapping[bytes, datetime]) -> None:
        """Note uses that another process has seen."""
        self._uses.add(uses)

    async def write_uses(self) -> None:
        """Write when sessions were used last: a job of its own, so that reading never waits."""
        await self._uses.write()

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

    def _new_session(
        self, connection: sqlite3.Connection, user_id: str, token: str, client: str
    ) -> Session:
        user = accounts.find(connection, user_id)
        if user.disabled:
            raise LoginFailed
        now = self._clock.now()
        until = now + timedelta(days=self._settings.values(connection).session_days)
        connection.execute(
            "INSERT INTO sessions (token_hash, user_id, created_at, expires_at, client)"
            " VALUES (?, ?, ?, ?, ?)",
            (tokens.digest(token), user_id, rfc3339(now), rfc3339(until), client[:MOST_CLIENT]),
        )
        lacks = enrolment.role_requires(connection, user.role) and not enrolment.has_factor(
            connection, user_id
        )
        return Session(user, _csrf_token(token), now, until, lacks)


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


def _id_of(token_hash: bytes) -> str:
    return token_hash[:16].hex()


def _csrf_token(token: str) -> str:
    return tokens.derived(token, "csrf")


def _delete(connection: sqlite3.Connection, token: str) -> None:
    connection.execute("DELETE FROM sessions WHERE token_hash = ?", (tokens.digest(token),))

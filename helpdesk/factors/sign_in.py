"""From a password that was right to a session: at once, or after a second factor.

Whoever has a second factor gets a *step* instead of a session: a token that is good for ten minutes
and five wrong codes, and for nothing but showing the factor. This is the only way from a password,
or from a link that sets one, to a session.
"""

import logging
import sqlite3
from dataclasses import dataclass
from datetime import timedelta

from helpdesk import accounts, tokens
from helpdesk.accounts import User
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock, rfc3339
from helpdesk.errors import Invalid, LoginStepEnded, SecondFactorRefused
from helpdesk.factors import app, ceremony, codes, enrolment, overview, passkeys, recovery
from helpdesk.factors.app import AuthenticatorApps
from helpdesk.factors.ceremony import Site
from helpdesk.factors.overview import FactorsOf
from helpdesk.sessions import UNKNOWN, Browser, NewSession, Sessions
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.users import Users

GOOD_FOR = timedelta(minutes=10)
MOST_FAILURES = 5
"""Wrong codes after which the password is asked for again."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoginStep:
    """A log-in that waits for a second factor."""

    token: str
    """For a cookie of the browser that began it."""
    user: User


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a log-in waits for."""

    user: User
    factors: FactorsOf


class SignIn:
    """Leads people from a password to a session."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        users: Users,
        sessions: Sessions,
        apps: AuthenticatorApps,
        audit: AuditLog,
    ) -> None:
        self._database = database
        self._clock = clock
        self._users = users
        self._sessions = sessions
        self._apps = apps
        self._audit = audit

    async def log_in(
        self, email: str, password: str, browser: Browser = UNKNOWN
    ) -> NewSession | LoginStep:
        """Check a password. Raises ``LoginFailed``."""
        user = await self._users.verify(email, password)
        return await self.begin(user.id, browser)

    async def begin(self, user_id: str, browser: Browser = UNKNOWN) -> NewSession | LoginStep:
        """Go on with somebody whose password was right, or who has just set it by a link."""
        token, until = tokens.new_token(), rfc3339(self._clock.now() + GOOD_FOR)

        def job(connection: sqlite3.Connection) -> NewSession | LoginStep:
            if not enrolment.has_factor(connection, user_id):
                return self._sessions.open_in(connection, user_id, browser)
            query = "INSERT INTO login_steps (token_hash, user_id, expires_at) VALUES (?, ?, ?)"
            connection.execute(query, (tokens.digest(token), user_id, until))
            return LoginStep(token, accounts.find(connection, user_id))

        return await self._database.write(job)

    async def waiting(self, token: str) -> Waiting | None:
        """Return what a step waits for; None where it has ended."""

        def job(connection: sqlite3.Connection) -> Waiting | None:
            user = self._holder(connection, token)
            return None if user is None else Waiting(user, overview.found(connection, user.id))

        return await self._database.read(job)

    async def with_code(self, token: str, typed: str, browser: Browser = UNKNOWN) -> NewSession:
        """Finish a step with a code of an app, or a recovery code.

        Raises ``SecondFactorRefused``, ``LoginStepEnded``.
        """
        code = app.plain(typed)

        def job(connection: sqlite3.Connection) -> NewSession | None:
            user = self._require(connection, token)
            if codes.is_code(code):
                good = self._app_accepts(connection, user, code)
            else:
                good = self._recovers(connection, user, code)
            if good:
                return self._finish(connection, token, user, browser)
            _count_failure(connection, token)
            return None

        made = await self._database.write(job)
        if made is None:
            raise SecondFactorRefused
        return made

    async def options(self, token: str, site: Site) -> str:
        """Return the options with which a browser shows a passkey, as JSON.

        Raises ``LoginStepEnded``.
        """
        now, challenge = self._clock.now(), passkeys.new_challenge()

        def job(connection: sqlite3.Connection) -> list[bytes]:
            user = self._require(connection, token)
            passkeys.keep_challenge(connection, token, challenge, now)
            return passkeys.known_ids(connection, user.id)

        return ceremony.options_to_show(site, challenge, await self._database.write(job))

    async def with_passkey(
        self, token: str, credential: str, site: Site, browser: Browser = UNKNOWN
    ) -> NewSession:
        """Finish a step with what a browser has answered to the options.

        Raises ``Invalid``, ``LoginStepEnded``.
        """
        now = self._clock.now()

        def take(connection: sqlite3.Connection) -> tuple[bytes, sqlite3.Row] | None:
            user = self._require(connection, token)
            challenge = passkeys.take_challenge(connection, token, now)
            query = "SELECT * FROM passkeys WHERE credential_id = ? AND user_id = ?"
            known = sql.row(connection, query, (ceremony.credential_id_of(credential), user.id))
            if challenge is None or known is None:
                _count_failure(connection, token)
                return None
            return challenge, known

        taken = await self._database.write(take)
        if taken is None:
            raise ceremony.refusal()
        challenge, known = taken
        try:
            count = await ceremony.shown(
                site,
                credential,
                challenge,
                public_key=known["public_key"],
                sign_count=known["sign_count"],
            )
        except Invalid:
            await self._database.write(lambda connection: _count_failure(connection, token))
            raise

        def finish(connection: sqlite3.Connection) -> NewSession:
            user = self._require(connection, token)
            query = (
                "UPDATE passkeys SET sign_count = ?, last_used_at = ?"
                " WHERE id = ? AND sign_count = ?"
            )
            values = (count, rfc3339(now), known["id"], known["sign_count"])
            if connection.execute(query, values).rowcount != 1:
                raise ceremony.refusal()
            return self._finish(connection, token, user, browser)

        return await self._database.write(finish)

    def _app_accepts(self, connection: sqlite3.Connection, user: User, code: str) -> bool:
        try:
            sealer = self._apps.require_sealer()
            return app.use(connection, sealer, user.id, code, self._clock.now())
        except Exception:  # the sealer's own errors: a key that is another
            _log.exception("the authenticator app of %s cannot be read", user.email)
            return False

    def _recovers(self, connection: sqlite3.Connection, user: User, code: str) -> bool:
        if not recovery.use(connection, user.id, code):
            return False
        left = {"codes_left": recovery.left(connection, user.id)}
        self._audit.pen(user.id)(connection, "user.recovery_code_used", user.email, left)
        return True

    def _finish(
        self, connection: sqlite3.Connection, token: str, user: User, browser: Browser
    ) -> NewSession:
        connection.execute("DELETE FROM login_steps WHERE token_hash = ?", (tokens.digest(token),))
        return self._sessions.open_in(connection, user.id, browser)

    def _holder(self, connection: sqlite3.Connection, token: str) -> User | None:
        row = sql.row(
            connection,
            "SELECT users.* FROM login_steps JOIN users ON users.id = user_id"
            " WHERE token_hash = ? AND expires_at > ? AND failures < ? AND NOT users.disabled",
            (tokens.digest(token), rfc3339(self._clock.now()), MOST_FAILURES),
        )
        return None if row is None else accounts.from_row(row)

    def _require(self, connection: sqlite3.Connection, token: str) -> User:
        user = self._holder(connection, token)
        if user is None:
            raise LoginStepEnded
        return user


def _count_failure(connection: sqlite3.Connection, token: str) -> None:
    query = "UPDATE login_steps SET failures = failures + 1 WHERE token_hash = ?"
    connection.execute(query, (tokens.digest(token),))

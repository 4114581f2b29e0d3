"""Sign-up: a visitor makes an account, where an admin allows the domain of their address.

Off until an admin lists domains. A visitor gives a name and an address and is sent a link; whoever
opens it chooses a password, and only then is there an account, with the role user. A link is good
once, for a day, and a newer one for the same address takes its place. Only its hash is stored, and
its letter keeps it until it is sent.

Nobody learns here whether an address has an account: its owner alone does, by a letter. That letter
has none of the words that the visitor typed, so that nobody can have spam sent to others.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk import accounts, checks, domains, passwords, tokens
from helpdesk.accounts import User
from helpdesk.actors import Role
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock, rfc3339
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.mail import notices, outgoing
from helpdesk.mail.notices import Receiver
from helpdesk.passwords import Passwords
from helpdesk.settings import Settings
from helpdesk.storage import sql
from helpdesk.storage.database import Database

GOOD_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SignUp:
    """An account that is not there yet."""

    email: str
    name: str


class SignUps:
    """Takes sign-ups, and makes an account of each that is confirmed."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        hasher: Passwords,
        audit: AuditLog,
        settings: Settings,
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = hasher
        self._audit = audit
        self._settings = settings

    async def is_open(self) -> bool:
        """Tell whether anybody can sign up: domains are listed, and mail is sent."""

        def job(connection: sqlite3.Connection) -> bool:
            return bool(self._allowed(connection)) and outgoing.is_on(connection)

        return await self._database.read(job)

    async def request(
        self, *, email: str, name: str, url_of: Callable[[str], str], password_url: str
    ) -> None:
        """Send a link to a visitor's address; who has an account is told so there instead.

        ``url_of``: from a link's token to its whole address. ``password_url``: where somebody who
        has an account sets a new password. Raises ``Invalid`` for a name or an address that is
        none, or at a domain that is not allowed, whether there is an account or not.
        """
        address = checks.email(domains.with_ascii_domain(email))
        chosen = checks.name("name", name)
        token, now = tokens.new_token(), self._clock.now()

        def job(connection: sqlite3.Connection) -> None:
            if not self._is_allowed(connection, address):
                expected = "an address at a domain that may sign up here"
                raise Invalid("email", repr(address[:64]), expected)
            if not outgoing.is_on(connection):
                raise Conflict("this help desk doesn't send email", "ask an admin for an account")
            self._forget_old(connection, now)
            query = "SELECT id, disabled FROM users WHERE email = ?"
            known = sql.row(connection, query, (address,))
            if known is None:
                _insert(connection, SignUp(address, chosen), token, now + GOOD_FOR)
                self._send(connection, "signup", Receiver("", "", address), url_of(token), now)
            elif not known["disabled"]:
                receiver = Receiver(known["id"], "", address)
                self._send(connection, "signup_known", receiver, password_url, now)

        await self._database.write(job)

    async def waiting(self, token: str) -> SignUp:
        """Return whose account a link makes. Changes nothing: programs follow links in mail.

        Raises ``NotFound`` for a link that is good no longer.
        """
        return await self._database.read(lambda connection: self._waiting(connection, token))

    async def confirm(self, token: str, password: str) -> User:
        """Make the account, and use the link up. Raises ``NotFound``, ``Invalid``, ``Conflict``."""
        await self.waiting(token)
        encoded = await self._passwords.hash(passwords.checked(password))
        user_id, now = new_id(), self._clock.now()
        record = self._audit.pen(user_id)

        def job(connection: sqlite3.Connection) -> User:
            # Again, within the transaction: of several who use it at once, one does.
            made = self._waiting(connection, token)
            user = User(user_id, made.email, made.name, Role.USER, disabled=False, created_at=now)
            query = "SELECT 1 FROM users WHERE email = ?"
            if sql.row(connection, query, (made.email,)) is not None:
                # By mail or by an admin, since the link was sent; its holder owns the address.
                raise Conflict(
                    "there is an account with this address by now",
                    "choose Forgot your password to set a password for it",
                )
            accounts.insert(connection, user, encoded)
            connection.execute("DELETE FROM sign_ups WHERE email = ?", (made.email,))
            record(connection, "user.signed_up", user.email, accounts.facts(user))
            return user

        return await self._database.write(job)

    async def forget_old(self) -> None:
        """Forget the names and addresses of those who never confirmed."""
        now = self._clock.now()
        await self._database.write(lambda connection: self._forget_old(connection, now))

    def _send(
        self,
        connection: sqlite3.Connection,
        event: str,
        receiver: Receiver,
        link: str,
        now: datetime,
    ) -> None:
        site_name = self._settings.values(connection).site_name
        notices.with_link(connection, event, receiver, link=link, site_name=site_name, now=now)

    def _waiting(self, connection: sqlite3.Connection, token: str) -> SignUp:
        query = "SELECT email, name FROM sign_ups WHERE token_hash = ? AND expires_at > ?"
        row = sql.row(connection, query, (tokens.digest(token), rfc3339(self._clock.now())))
        # The domain may have been taken off the list since.
        if row is None or not self._is_allowed(connection, row["email"]):
            raise NotFound("link", "that is still good")
        return SignUp(row["email"], row["name"])

    def _is_allowed(self, connection: sqlite3.Connection, address: str) -> bool:
        return domains.domain_of(address) in self._allowed(connection)

    def _allowed(self, connection: sqlite3.Connection) -> tuple[str, ...]:
        return tuple(self._settings.values(connection).signup_domains.split())

    @staticmethod
    def _forget_old(connection: sqlite3.Connection, now: datetime) -> None:
        connection.execute("DELETE FROM sign_ups WHERE expires_at <= ?", (rfc3339(now),))


def _insert(connection: sqlite3.Connection, made: SignUp, token: str, expires_at: datetime) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO sign_ups (email, name, token_hash, expires_at) VALUES (?, ?, ?, ?)",
        (made.email, made.name, tokens.digest(token), rfc3339(expires_at)),
    )

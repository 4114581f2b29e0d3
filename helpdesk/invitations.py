"""Links by which somebody sets their password: for a new account, or for a forgotten password.

An admin makes one and hands it over in whatever way they trust, or has it sent by mail. Whoever
forgot their password has one sent to their account's own address. A link is good once, for three
days or three hours, and a newer one for the same account takes its place. Only its hash is stored,
and its letter keeps it until it is sent.
"""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk import access, accounts, passwords, tokens
from helpdesk.accounts import User
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock, rfc3339
from helpdesk.errors import Conflict, NotFound
from helpdesk.mail import notices, outgoing
from helpdesk.mail.notices import Receiver
from helpdesk.passwords import Passwords
from helpdesk.settings import Settings
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.viewers import load_viewer

GOOD_FOR = timedelta(days=3)
FORGOTTEN_GOOD_FOR = timedelta(hours=3)

INVITATION_MIGRATIONS = Migrations("invitations")


@INVITATION_MIGRATIONS()
def m001_invitations(db: sqlite_utils.Database) -> None:
    """Create the table; an account has one link at most."""
    db.execute(
        """CREATE TABLE invitations (
            user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
            token_hash BLOB NOT NULL UNIQUE,
            expires_at TEXT NOT NULL
        ) STRICT"""
    )


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that has just been made."""

    token: str
    """Shown once, to whoever made it."""
    expires_at: datetime


class Invitations:
    """Makes links, and lets each be used once."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        hasher: Passwords,
        audit: AuditLog,
        settings: Settings,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._passwords = hasher
        self._audit = audit

    async def create(
        self, actor: Actor, user_id: str, url_of: Callable[[str], str] | None = None
    ) -> Invitation:
        """Make a link for somebody's account (admins); an earlier one is good no longer.

        ``url_of``: from a link's token to its whole address; where it is given, the link is sent to
        them by mail too.
        """
        made = Invitation(tokens.new_token(), self._clock.now() + GOOD_FOR)
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> Invitation:
            access.require_admin(load_viewer(connection, actor), "create a link to set a password")
            user = accounts.find(connection, user_id)
            if user.disabled:
                raise Conflict("this account is disabled", "enable it first")
            _insert(connection, user_id, made)
            expiry = {"expires_at": rfc3339(made.expires_at)}
            if url_of is not None:
                site = self._settings.values(connection)
                link = url_of(made.token)
                self._send(connection, "invitation", user, link, site.site_name)
                expiry["sent_to"] = user.email
            record(connection, "user.password_link_created", user.email, expiry)
            return made

        return await self._database.write(job)

    async def send_to(self, email: str, url_of: Callable[[str], str], site_name: str) -> None:
        """Send a link to whoever has this address; nothing where nobody has, or no mail is sent.

        ``url_of``: from a link's token to its whole address.
        """
        made = Invitation(tokens.new_token(), self._clock.now() + FORGOTTEN_GOOD_FOR)
        record = self._audit.pen("system")

        def job(connection: sqlite3.Connection) -> None:
            query = "SELECT * FROM users WHERE email = ? AND NOT disabled"
            row = sql.row(connection, query, (accounts.typed_email(email),))
            if row is None or not outgoing.is_on(connection):
                return
            user = accounts.from_row(row)
            _insert(connection, user.id, made)
            self._send(connection, "password", user, url_of(made.token), site_name)
            expiry = {"expires_at": rfc3339(made.expires_at), "sent_to": user.email}
            record(connection, "user.password_link_created", user.email, expiry)

        await self._database.write(job)

    def _send(
        self, connection: sqlite3.Connection, event: str, user: User, link: str, site_name: str
    ) -> None:
        receiver = Receiver(user.id, user.name, user.email)
        now = self._clock.now()
        notices.with_link(connection, event, receiver, link=link, site_name=site_name, now=now)

    async def holder(self, token: str) -> User:
        """Return whose password a link sets. Raises ``NotFound`` for one that is good no longer."""
        return await self._database.read(lambda connection: self._holder(connection, token))

    async def redeem(self, token: str, password: str) -> User:
        """Set the password, and use the link up; ends sessions, revokes API keys.

        Raises ``NotFound``, ``Invalid``.
        """
        user = await self.holder(token)
        encoded = await self._passwords.hash(passwords.checked(password))
        now = self._clock.now()
        record = self._audit.pen(user.id)

        def job(connection: sqlite3.Connection) -> User:
            # Again, within the transaction: of several who use it at once, one does.
            holder = self._holder(connection, token)
            # It also uses up the link.
            ended = accounts.store_password(connection, holder.id, encoded, now)
            record(connection, "user.password_set_by_link", holder.email, ended)
            return holder

        return await self._database.write(job)

    def _holder(self, connection: sqlite3.Connection, token: str) -> User:
        query = "SELECT user_id FROM invitations WHERE token_hash = ? AND expires_at > ?"
        values = (tokens.digest(token), rfc3339(self._clock.now()))
        user_id = sql.scalar(connection, query, values)
        user = None if user_id is None else accounts.find(connection, user_id)
        if user is None or user.disabled:
            raise NotFound("link", "that is still good")
        return user


def _insert(connection: sqlite3.Connection, user_id: str, made: Invitation) -> None:
    connection.execute(
        "INSERT OR REPLACE INTO invitations (user_id, token_hash, expires_at) VALUES (?, ?, ?)",
        (user_id, tokens.digest(made.token), rfc3339(made.expires_at)),
    )

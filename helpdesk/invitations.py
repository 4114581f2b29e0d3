"""Links by which somebody sets their password: for a new account, or for a forgotten password.

An admin makes one and hands it over in whatever way they trust; no mail is needed. It is good once,
for three days, and a newer one for the same account takes its place. Only its hash is stored.
"""

import sqlite3
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
from helpdesk.passwords import Passwords
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.viewers import load_viewer

GOOD_FOR = timedelta(days=3)

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
        self, database: Database, clock: Clock, hasher: Passwords, audit: AuditLog
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = hasher
        self._audit = audit

    async def create(self, actor: Actor, user_id: str) -> Invitation:
        """Make a link for somebody's account (admins); an earlier one is good no longer."""
        made = Invitation(tokens.new_token(), self._clock.now() + GOOD_FOR)
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> Invitation:
            access.require_admin(load_viewer(connection, actor), "create a link to set a password")
            user = accounts.find(connection, user_id)
            if user.disabled:
                raise Conflict("this account is disabled", "enable it first")
            connection.execute(
                "INSERT OR REPLACE INTO invitations (user_id, token_hash, expires_at)"
                " VALUES (?, ?, ?)",
                (user_id, tokens.digest(made.token), rfc3339(made.expires_at)),
            )
            expiry = {"expires_at": rfc3339(made.expires_at)}
            record(connection, "user.password_link_created", user.email, expiry)
            return made

        return await self._database.write(job)

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

"""The first run: a help desk without accounts asks for its first admin, once.

Owns the one way to an account that needs no account. Of several who try at once exactly one gets
it: asking whether anybody is there and writing are one transaction. Must not know who may reach it.
"""

import sqlite3

from helpdesk import accounts, checks, passwords
from helpdesk.accounts import User
from helpdesk.actors import Role
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock
from helpdesk.errors import Conflict
from helpdesk.ids import new_id
from helpdesk.passwords import Passwords
from helpdesk.storage.database import Database


class FirstRun:
    """Knows whether the first admin is still to be made, and makes them."""

    def __init__(
        self, database: Database, clock: Clock, hasher: Passwords, audit: AuditLog
    ) -> None:
        self._database = database
        self._clock = clock
        self._passwords = hasher
        self._audit = audit
        self._over = False

    async def is_due(self) -> bool:
        """Tell whether nobody has an account; accounts are never deleted, so it ends for good."""
        if not self._over:
            self._over = await self._database.read(_has_accounts)
        return not self._over

    async def create_admin(self, *, email: str, name: str, password: str) -> User:
        """Create the first account of all. Raises ``Conflict`` where there is one already."""
        address, named = checks.email(email), checks.name("name", name)
        encoded = await self._passwords.hash(passwords.checked(password))
        now = self._clock.now()
        user = User(new_id(), address, named, Role.ADMIN, disabled=False, created_at=now)
        record = self._audit.stamp(user.id, "user.created", user.email)

        def job(connection: sqlite3.Connection) -> User:
            if _has_accounts(connection):
                raise Conflict("this help desk is already set up", "log in instead")
            accounts.insert(connection, user, encoded)
            record(connection, accounts.facts(user))
            return user

        return await self._database.write(job)


def _has_accounts(connection: sqlite3.Connection) -> bool:
    return connection.execute("SELECT 1 FROM users LIMIT 1").fetchone() is not None

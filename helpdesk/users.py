"""Login and account management.

Owns the rules: who creates and changes accounts, and that there is always an enabled admin once
there has been one. Must not know of cookies or keys; those ask here.
"""

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from helpdesk import access, accounts, checks, passwords
from helpdesk.accounts import User
from helpdesk.actors import Actor, Role
from helpdesk.audit import AuditLog, AuditPen, differences
from helpdesk.clock import Clock
from helpdesk.errors import Conflict, LoginFailed, NotFound
from helpdesk.ids import new_id
from helpdesk.languages import chosen_language
from helpdesk.paging import Page, PageRequest
from helpdesk.passwords import Passwords
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.storage.kept import Kept
from helpdesk.viewers import load_viewer

__all__ = ["User", "UserChanges", "Users"]

MOST_NAMES = 500
"""Ids whose names are looked up at once."""


@dataclass(frozen=True, slots=True)
class UserChanges:
    """Changes to a user; None changes nothing."""

    name: str | None = None
    email: str | None = None
    role: Role | str | None = None
    disabled: bool | None = None
    language: str | None = None


class Users:
    """The accounts."""

    def __init__(
        self, database: Database, clock: Clock, hasher: Passwords, audit: AuditLog
    ) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        self._passwords = hasher
        self._assignable = Kept("people", _assignable)

    async def names(self, ids: Collection[str]) -> Mapping[str, str]:
        """Return the names of the users among ``ids``, for whoever has checked that they may."""
        wanted = list(ids)[:MOST_NAMES]
        places = ", ".join("?" * len(wanted))
        query = f"SELECT id, name FROM users WHERE id IN ({places})"  # noqa: S608 - marks alone
        return await self._database.read(lambda c: dict(c.execute(query, wanted).fetchall()))

    async def create(
        self,
        actor: Actor,
        *,
        email: str,
        name: str,
        role: Role | str = Role.USER,
        password: str | None = None,
    ) -> User:
        """Create an account (admins); without a password nobody can log in to it yet."""
        encoded = None
        if password is not None:
            encoded = await self._passwords.hash(passwords.checked(password))
        user = User(
            new_id(),
            checks.email(email),
            checks.name("name", name),
            accounts.role_named(role),
            disabled=False,
            created_at=self._clock.now(),
        )
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> User:
            access.require_admin(load_viewer(connection, actor), "create accounts")
            accounts.insert(connection, user, encoded)
            record(connection, "user.created", user.email, accounts.facts(user))
            return user

        return await self._database.write(job)

    async def get(self, actor: Actor, user_id: str) -> User:
        """Return one account: your own, or any for staff."""

        def job(connection: sqlite3.Connection) -> User:
            viewer = load_viewer(connection, actor)
            if viewer.actor.id != user_id and not viewer.is_staff:
                raise NotFound("user", user_id)
            return accounts.find(connection, user_id)

        return await self._database.read(job)

    async def find_by_email(self, actor: Actor, email: str) -> User | None:
        """Return the account with this address, for staff."""

        def job(connection: sqlite3.Connection) -> User | None:
            access.require_staff(load_viewer(connection, actor), "look up people")
            row = sql.row(
                connection, "SELECT * FROM users WHERE email = ?", (accounts.typed_email(email),)
            )
            return row and accounts.from_row(row)

        return await self._database.read(job)

    async def list(
        self, actor: Actor, *, text: str = "", page: int = 1, per_page: int = 50
    ) -> Page[User]:
        """Return accounts by name, for staff; ``text`` is looked for in name and address."""
        request = PageRequest(page, per_page)
        return await self._database.read(lambda c: _list(c, actor, text, request))

    async def assignable(self, actor: Actor) -> tuple[User, ...]:
        """Return everybody who can be given a ticket, by name, for staff."""

        def job(connection: sqlite3.Connection) -> tuple[User, ...]:
            access.require_staff(load_viewer(connection, actor), "look up people")
            return self._assignable.read(connection)

        return await self._database.read(job)

    async def update(
        self,
        actor: Actor,
        user_id: str,
        *,
        name: str | None = None,
        email: str | None = None,
        role: Role | str | None = None,
        disabled: bool | None = None,
        language: str | None = None,
    ) -> User:
        """Change an account: admins everything, others their own name and language.

        Disabling ends the person's sessions at once, and their API keys stop working. Who becomes
        a user leaves their groups, and who becomes staff their organization.
        """
        changes = UserChanges(name, email, role, disabled, language)
        record = self._audit.pen(actor.id)
        return await self._database.write(lambda c: _update(c, actor, user_id, changes, record))

    async def set_password(self, actor: Actor, user_id: str, password: str) -> None:
        """Give somebody a new password (admins); ends their sessions, revokes their API keys."""
        encoded = await self._passwords.hash(passwords.checked(password))
        now = self._clock.now()
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> None:
            access.require_admin(load_viewer(connection, actor), "set another person's password")
            user = accounts.find(connection, user_id)
            ended = accounts.store_password(connection, user_id, encoded, now)
            record(connection, "user.password_set", user.email, ended)

        await self._database.write(job)

    async def change_password(self, actor: Actor, *, current: str, new: str) -> None:
        """Change one's own password; ends all one's sessions, revokes one's API keys.

        Raises ``LoginFailed``.
        """
        now = self._clock.now()
        known = await self._database.read(lambda c: _password_hash(c, actor.id))
        if not await self._passwords.matches(known, current):
            raise LoginFailed
        encoded = await self._passwords.hash(passwords.checked(new))
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> None:
            ended = accounts.store_password(connection, actor.id, encoded, now)
            email = accounts.find(connection, actor.id).email
            record(connection, "user.password_changed", email, ended)

        await self._database.write(job)

    async def verify(self, email: str, password: str) -> User:
        """Return whose address and password these are. Raises ``LoginFailed``, saying no more."""
        query = "SELECT * FROM users WHERE email = ? AND NOT disabled"
        address = accounts.typed_email(email)
        row = await self._database.read(lambda c: sql.row(c, query, (address,)))
        known = None if row is None else row["password_hash"]
        if not await self._passwords.matches(known, password) or row is None:
            raise LoginFailed
        return accounts.from_row(row)

    async def count(self) -> int:
        """Return how many accounts there are: none means that the first set-up is due."""
        return int(await self._database.read(lambda c: sql.scalar(c, "SELECT count(*) FROM users")))


def _assignable(connection: sqlite3.Connection) -> tuple[User, ...]:
    query = (
        "SELECT * FROM users WHERE role IN ('admin', 'staff') AND NOT disabled"
        " ORDER BY name COLLATE NOCASE, id"
    )
    return tuple(accounts.from_row(row) for row in sql.rows(connection, query))


def _update(
    connection: sqlite3.Connection,
    actor: Actor,
    user_id: str,
    changes: UserChanges,
    record: AuditPen,
) -> User:
    viewer = load_viewer(connection, actor)
    if (changes.email, changes.role, changes.disabled) != (None, None, None):
        access.require_admin(viewer, "change an account")
    access.require_self_or_admin(viewer, user_id, "change an account")
    before = accounts.find(connection, user_id)
    user = _with(before, changes)
    accounts.require_free_email(connection, user.email, user.id)
    connection.execute(
        "UPDATE users SET email = ?1, name = ?2, role = ?3, disabled = ?4, language = ?6,"
        " search_text = search_text(?2) || ' ' || ?1 WHERE id = ?5",
        (user.email, user.name, user.role.value, user.disabled, user.id, user.language),
    )
    if changes.role is not None or changes.disabled is not None:
        _require_an_admin(connection)
    if user.disabled:
        connection.execute("DELETE FROM sessions WHERE user_id = ?", (user_id,))
    different = differences(accounts.facts(before), accounts.facts(user))
    if user.role is Role.USER and (left := _leave_groups(connection, user_id)):
        different["groups"] = {"from": left, "to": []}
    if user.role is not Role.USER:
        # Colleagues of requesters see what a requester submits, and nothing of staff.
        connection.execute("DELETE FROM organization_members WHERE user_id = ?", (user_id,))
    if different:
        record(connection, "user.changed", before.email, different)
    return user


def _leave_groups(connection: sqlite3.Connection, user_id: str) -> list[str]:
    """Take somebody out of their groups; return the names of those."""
    query = (
        "SELECT name FROM groups JOIN group_members ON group_id = id WHERE user_id = ? ORDER BY 1"
    )
    names = [name for (name,) in connection.execute(query, (user_id,))]
    connection.execute("DELETE FROM group_members WHERE user_id = ?", (user_id,))
    return names


def _with(user: User, changes: UserChanges) -> User:
    return User(
        user.id,
        user.email if changes.email is None else checks.email(changes.email),
        user.name if changes.name is None else checks.name("name", changes.name),
        user.role if changes.role is None else accounts.role_named(changes.role),
        user.disabled if changes.disabled is None else changes.disabled,
        user.created_at,
        user.language if changes.language is None else chosen_language(changes.language),
    )


def _require_an_admin(connection: sqlite3.Connection) -> None:
    query = "SELECT count(*) FROM users WHERE role = 'admin' AND NOT disabled"
    if not sql.scalar(connection, query):
        raise Conflict("this is the last admin", "make another person an admin first")


def _list(
    connection: sqlite3.Connection, actor: Actor, text: str, request: PageRequest
) -> Page[User]:
    access.require_staff(load_viewer(connection, actor), "look up people")
    where = "WHERE instr(search_text, search_text(:text))"
    found = sql.rows(
        connection,
        f"SELECT * FROM users {where} ORDER BY name COLLATE NOCASE, id LIMIT :limit OFFSET :offset",  # noqa: S608
        {"text": text.strip(), "limit": request.per_page, "offset": request.offset},
    )
    count = f"SELECT count(*) FROM users {where}"  # noqa: S608
    total = sql.scalar(connection, count, {"text": text.strip()})
    users = [accounts.from_row(row) for row in found]
    return Page(users, request.page, request.per_page, total)


def _password_hash(connection: sqlite3.Connection, user_id: str) -> str | None:
    query = "SELECT password_hash FROM users WHERE id = ? AND NOT disabled"
    found: str | None = sql.scalar(connection, query, (user_id,))
    return found

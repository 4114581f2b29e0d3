"""API keys: ``ohd_sk_`` and 256 random bits, shown once; only the SHA-256 is stored.

Owns the ``api_keys`` table. A key acts as its owner, and stops with the owner's account. Must not
know of HTTP headers.
"""

import dataclasses
import enum
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from helpdesk import access, accounts, checks, tokens
from helpdesk.accounts import User
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock, parse_optional, parse_rfc3339, rfc3339
from helpdesk.errors import Invalid, LimitReached, NotFound
from helpdesk.ids import new_id
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.uses import LastUses
from helpdesk.viewers import load_viewer

PREFIX = "ohd_sk_"
MOST_DAYS = 3650
"""After which a key expires at the latest, if it does."""


class KeyScope(enum.StrEnum):
    """What a key may be used for, within what its owner may do."""

    ALL = "all"
    READ = "read"
    """Requests that change nothing."""


MAX_KEYS = 50
"""Active keys of one person."""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, without its secret."""

    id: str
    user_id: str
    name: str
    hint: str
    """The first characters of the secret, to tell keys apart."""
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    scope: KeyScope = KeyScope.ALL
    expires_at: datetime | None = None
    """From when on it is no longer taken; None: it does not expire."""


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whom a key belongs to, and what it may be used for."""

    user: User
    scope: KeyScope


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key that was just made."""

    secret: str
    """To be shown once: it cannot be shown again."""
    key: ApiKey


class ApiKeys:
    """Makes, finds and revokes keys."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit
        query = "UPDATE api_keys SET last_used_at = ? WHERE id = ?"
        self._uses = LastUses[str](database, query)

    async def create(
        self,
        actor: Actor,
        user_id: str,
        *,
        name: str,
        scope: KeyScope | str = KeyScope.ALL,
        days: int | None = None,
    ) -> NewApiKey:
        """Make a key for oneself, or for anybody by an admin.

        ``days``: when it expires, 1 to ``MOST_DAYS``; None: never.
        """
        secret = PREFIX + tokens.new_token()
        hint = secret[: len(PREFIX) + 4]
        named = checks.name("name", name)
        now = self._clock.now()
        until = _expiry(now, days)
        key = ApiKey(new_id(), user_id, named, hint, now, None, None, _scope(scope), until)
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> NewApiKey:
            viewer = load_viewer(connection, actor)
            access.require_self_or_admin(viewer, user_id, "create this API key")
            owner = accounts.find(connection, user_id)
            _require_room(connection, user_id, now)
            _insert(connection, key, secret)
            record(connection, "api_key.created", owner.email, _facts(key))
            return NewApiKey(secret, key)

        return await self._database.write(job)

    async def find_user(self, secret: str) -> User | None:
        """Return whose key this is; None as ``find`` does."""
        found = await self.find(secret)
        return None if found is None else found.user

    async def find(self, secret: str) -> KeyHolder | None:
        """Return whose key this is and what for.

        None where it is unknown, revoked or expired, or its owner disabled.
        """
        if not secret.startswith(PREFIX):
            return None
        now = self._clock.now()
        row = await self._database.read(
            lambda connection: sql.row(
                connection,
                "SELECT users.*, api_keys.id AS key_id, api_keys.scope AS key_scope"
                " FROM api_keys JOIN users ON users.id = api_keys.user_id"
                " WHERE key_hash = ? AND revoked_at IS NULL AND NOT users.disabled"
                " AND (expires_at IS NULL OR expires_at > ?)",
                (tokens.digest(secret), rfc3339(now)),
            )
        )
        if row is None:
            return None
        self._uses.note(row["key_id"], now)
        return KeyHolder(accounts.from_row(row), KeyScope(row["key_scope"]))

    async def list(self, actor: Actor, user_id: str) -> tuple[ApiKey, ...]:
        """Return the keys of oneself, or of anybody for admins, newest first, revoked ones too."""

        def job(connection: sqlite3.Connection) -> tuple[ApiKey, ...]:
            viewer = load_viewer(connection, actor)
            access.require_self_or_admin(viewer, user_id, "view these API keys")
            query = "SELECT * FROM api_keys WHERE user_id = ? ORDER BY id DESC"
            return tuple(_key(row) for row in sql.rows(connection, query, (user_id,)))

        return tuple(self._shown(key) for key in await self._database.read(job))

    async def revoke(self, actor: Actor, key_id: str, *, owner_id: str | None = None) -> None:
        """End a key of one's own, or anybody's for admins; a revoked key stays revoked.

        ``owner_id``: whose it is said to be; ``NotFound`` where it is another's.
        """
        now, record = rfc3339(self._clock.now()), self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> None:
            viewer = load_viewer(connection, actor)
            row = sql.row(connection, "SELECT * FROM api_keys WHERE id = ?", (key_id,))
            owner = str(row["user_id"]) if row else ""
            mine = owner == actor.id or viewer.is_admin
            if row is None or not mine or owner_id not in {None, owner}:
                raise NotFound("API key", key_id)
            query = "UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL"
            if connection.execute(query, (now, key_id)).rowcount:
                email = accounts.find(connection, owner).email
                record(connection, "api_key.revoked", email, _facts(_key(row)))

        await self._database.write(job)

    async def write_uses(self) -> None:
        """Write when keys were used last: a job of its own, so that reading never waits for it."""
        await self._uses.write()

    def _shown(self, key: ApiKey) -> ApiKey:
        """Return a key with the use that is not written yet."""
        used = self._uses.get(key.id)
        return key if used is None else dataclasses.replace(key, last_used_at=used)


def _scope(scope: KeyScope | str) -> KeyScope:
    try:
        return KeyScope(scope)
    except ValueError:
        raise Invalid("scope", repr(str(scope)[:40]), " or ".join(KeyScope)) from None


def _expiry(now: datetime, days: int | None) -> datetime | None:
    if days is None:
        return None
    if not 1 <= days <= MOST_DAYS:
        raise Invalid("expires_in_days", str(days)[:20], f"a number from 1 to {MOST_DAYS}, or none")
    return now + timedelta(days=days)


def _require_room(connection: sqlite3.Connection, user_id: str, now: datetime) -> None:
    query = (
        "SELECT count(*) FROM api_keys WHERE user_id = ? AND revoked_at IS NULL"
        " AND (expires_at IS NULL OR expires_at > ?)"
    )
    if sql.scalar(connection, query, (user_id, rfc3339(now))) >= MAX_KEYS:
        raise LimitReached("another API key for this person", MAX_KEYS, "keys")


def _insert(connection: sqlite3.Connection, key: ApiKey, secret: str) -> None:
    connection.execute(
        "INSERT INTO api_keys"
        " (id, user_id, name, key_hash, hint, created_at, scope, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key.id,
            key.user_id,
            key.name,
            tokens.digest(secret),
            key.hint,
            rfc3339(key.created_at),
            key.scope.value,
            key.expires_at and rfc3339(key.expires_at),
        ),
    )


def _facts(key: ApiKey) -> dict[str, object]:
    facts: dict[str, object] = {"key": key.name, "begins_with": key.hint, "scope": key.scope.value}
    return facts | ({"expires_at": rfc3339(key.expires_at)} if key.expires_at else {})


def _key(row: Any) -> ApiKey:
    return ApiKey(
        row["id"],
        row["user_id"],
        row["name"],
        row["hint"],
        parse_rfc3339(row["created_at"]),
        parse_optional(row["last_used_at"]),
        parse_optional(row["revoked_at"]),
        KeyScope(row["scope"]),
        parse_optional(row["expires_at"]),
    )

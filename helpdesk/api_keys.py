"""API keys: ``ohd_sk_`` and 256 random bits, shown once; only the SHA-256 is stored.

Owns the ``api_keys`` table. A key acts as its owner, and stops with the owner's account. Must not
know of HTTP headers.
"""

import dataclasses
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk import access, accounts, checks, tokens
from helpdesk.accounts import User
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock, parse_optional, parse_rfc3339, rfc3339
from helpdesk.errors import LimitReached, NotFound
from helpdesk.ids import new_id
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.viewers import load_viewer

PREFIX = "ohd_sk_"
MAX_KEYS = 50
"""Keys in force for one person."""


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
        self._used: dict[str, datetime] = {}
        """Last use of keys that is not written yet."""

    async def create(self, actor: Actor, user_id: str, *, name: str) -> NewApiKey:
        """Make a key for oneself, or for anybody by an admin."""
        secret = PREFIX + tokens.new_token()
        hint = secret[: len(PREFIX) + 4]
        named = checks.name("name", name)
        key = ApiKey(new_id(), user_id, named, hint, self._clock.now(), None, None)
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> NewApiKey:
            viewer = load_viewer(connection, actor)
            access.require_self_or_admin(viewer, user_id, "create this API key")
            owner = accounts.find(connection, user_id)
            _require_room(connection, user_id)
            _insert(connection, key, secret)
            record(connection, "api_key.created", owner.email, _facts(key))
            return NewApiKey(secret, key)

        return await self._database.write(job)

    async def find_user(self, secret: str) -> User | None:
        """Return whose key this is; None where it is unknown, revoked, or its owner disabled."""
        if not secret.startswith(PREFIX):
            return None
        row = await self._database.read(
            lambda connection: sql.row(
                connection,
                "SELECT users.*, api_keys.id AS key_id"
                " FROM api_keys JOIN users ON users.id = api_keys.user_id"
                " WHERE key_hash = ? AND revoked_at IS NULL AND NOT users.disabled",
                (tokens.digest(secret),),
            )
        )
        if row is None:
            return None
        self._used[row["key_id"]] = self._clock.now()
        return accounts.from_row(row)

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
        used, self._used = self._used, {}
        if not used:
            return
        rows = [(rfc3339(at), key_id) for key_id, at in used.items()]
        query = "UPDATE api_keys SET last_used_at = ? WHERE id = ?"
        try:
            await self._database.write(lambda c: c.executemany(query, rows).rowcount)
        except BaseException:
            self._used = used | self._used
            raise

    def _shown(self, key: ApiKey) -> ApiKey:
        """Return a key with the use that is not written yet."""
        used = self._used.get(key.id)
        return key if used is None else dataclasses.replace(key, last_used_at=used)


def _require_room(connection: sqlite3.Connection, user_id: str) -> None:
    query = "SELECT count(*) FROM api_keys WHERE user_id = ? AND revoked_at IS NULL"
    if sql.scalar(connection, query, (user_id,)) >= MAX_KEYS:
        raise LimitReached("another API key for this person", MAX_KEYS, "keys")


def _insert(connection: sqlite3.Connection, key: ApiKey, secret: str) -> None:
    connection.execute(
        "INSERT INTO api_keys (id, user_id, name, key_hash, hint, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (key.id, key.user_id, key.name, tokens.digest(secret), key.hint, rfc3339(key.created_at)),
    )


def _facts(key: ApiKey) -> dict[str, object]:
    return {"key": key.name, "begins_with": key.hint}


def _key(row: Any) -> ApiKey:
    return ApiKey(
        row["id"],
        row["user_id"],
        row["name"],
        row["hint"],
        parse_rfc3339(row["created_at"]),
        parse_optional(row["last_used_at"]),
        parse_optional(row["revoked_at"]),
    )

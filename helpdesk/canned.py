"""Canned replies: texts that staff keep ready, with placeholders that a ticket fills in.

Owns the ``canned_replies`` table and the placeholders. Filling in is one pass over the text, so a
name that looks like a placeholder stays a name; what comes out is Markdown for somebody to read
before they send it. Whose a canned reply is, ``scopes`` says.
"""

import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk import access, checks, scopes
from helpdesk.access import Viewer
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog, differences
from helpdesk.errors import Invalid, LimitReached, NotFound
from helpdesk.ids import new_id
from helpdesk.scopes import Scope
from helpdesk.settings import Settings, SettingValues
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.tickets import rows
from helpdesk.tickets.model import Ticket
from helpdesk.viewers import load_viewer

MOST = 500
"""Canned replies that one scope may hold."""

CANNED_MIGRATIONS = Migrations("canned_replies")


@CANNED_MIGRATIONS()
def m001_canned_replies(db: sqlite_utils.Database) -> None:
    """Create the table."""
    db.execute(
        """CREATE TABLE canned_replies (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            body TEXT NOT NULL,
            owner_id TEXT REFERENCES users (id) ON DELETE CASCADE,
            group_id TEXT REFERENCES groups (id) ON DELETE CASCADE,
            CHECK (owner_id IS NULL OR group_id IS NULL)
        ) STRICT"""
    )
    db.execute("CREATE INDEX canned_replies_by_owner ON canned_replies (owner_id, group_id)")
    db.execute("CREATE INDEX canned_replies_by_group ON canned_replies (group_id)")


@dataclass(frozen=True, slots=True)
class CannedReply:
    """A text that is kept ready."""

    id: str
    name: str
    body: str
    """Markdown with placeholders."""
    scope: Scope
    changeable: bool
    """Whether the viewer may change it."""


_Filler = Callable[[Ticket, Viewer, SettingValues], str]

PLACEHOLDERS: dict[str, _Filler] = {
    "ticket.number": lambda ticket, _viewer, _site: f"#{ticket.number}",
    "ticket.subject": lambda ticket, _viewer, _site: ticket.subject,
    "ticket.url": lambda ticket, _viewer, site: f"{site.site_url}/tickets/{ticket.number}",
    "submitter.name": lambda ticket, _viewer, _site: ticket.submitter.name,
    "submitter.first_name": lambda ticket, _viewer, _site: _first(ticket.submitter.name),
    "me.name": lambda _ticket, viewer, _site: viewer.actor.name,
    "me.first_name": lambda _ticket, viewer, _site: _first(viewer.actor.name),
    "site.name": lambda _ticket, _viewer, site: site.site_name,
}
"""Placeholders allowed between ``{{`` and ``}}``."""
_PLACEHOLDER = re.compile(r"\{\{\s*([^{}]{0,64}?)\s*\}\}")


class CannedReplies:
    """Keeps canned replies, and fills them in."""

    def __init__(self, database: Database, settings: Settings, audit: AuditLog) -> None:
        self._database = database
        self._settings = settings
        self._audit = audit

    async def all(self, actor: Actor) -> tuple[CannedReply, ...]:
        """Return all that the actor may use, by name (staff)."""
        query = (
            f"SELECT * FROM canned_replies WHERE {scopes.USABLE} ORDER BY name COLLATE NOCASE, id"  # noqa: S608
        )

        def job(connection: sqlite3.Connection) -> tuple[CannedReply, ...]:
            viewer = load_viewer(connection, actor)
            access.require_staff(viewer, "use canned replies")
            found = sql.rows(connection, query, scopes.values(viewer))
            return tuple(_canned(row, viewer) for row in found)

        return await self._database.read(job)

    async def get(self, actor: Actor, reply_id: str) -> CannedReply:
        """Return one that the actor may use (staff)."""
        return await self._database.read(
            lambda connection: _find(connection, load_viewer(connection, actor), reply_id)
        )

    async def create(self, actor: Actor, *, name: str, body: str, scope: str) -> CannedReply:
        """Keep a new one; ``scope`` as ``scopes`` names it. Raises ``LimitReached``."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> CannedReply:
            viewer = load_viewer(connection, actor)
            access.require_staff(viewer, "create canned replies")
            whose = scopes.read(connection, viewer, scope)
            _require_room(connection, whose)
            made = CannedReply(
                new_id(), checks.name("name", name), _checked(body), whose, changeable=True
            )
            connection.execute(
                "INSERT INTO canned_replies (id, name, body, owner_id, group_id)"
                " VALUES (?, ?, ?, ?, ?)",
                (made.id, made.name, made.body, whose.owner_id, whose.group_id),
            )
            if whose.owner_id is None:
                record(connection, "canned_reply.created", made.name, _facts(made))
            return made

        return await self._database.write(job)

    async def update(
        self,
        actor: Actor,
        reply_id: str,
        *,
        name: str | None = None,
        body: str | None = None,
        scope: str | None = None,
    ) -> CannedReply:
        """Change one; None leaves a thing as it is."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> CannedReply:
            viewer = load_viewer(connection, actor)
            old = _find(connection, viewer, reply_id)
            scopes.require_change(viewer, old.scope)
            whose = old.scope if scope is None else scopes.read(connection, viewer, scope)
            if whose != old.scope:
                _require_room(connection, whose)
            new = CannedReply(
                old.id,
                old.name if name is None else checks.name("name", name),
                old.body if body is None else _checked(body),
                whose,
                changeable=True,
            )
            connection.execute(
                "UPDATE canned_replies SET name = ?, body = ?, owner_id = ?, group_id = ?"
                " WHERE id = ?",
                (new.name, new.body, whose.owner_id, whose.group_id, new.id),
            )
            if new != old and None in {old.scope.owner_id, whose.owner_id}:
                changes = differences(_facts(old), _facts(new))
                record(connection, "canned_reply.changed", old.name, changes)
            return new

        return await self._database.write(job)

    async def delete(self, actor: Actor, reply_id: str) -> None:
        """Delete one."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> None:
            viewer = load_viewer(connection, actor)
            old = _find(connection, viewer, reply_id)
            scopes.require_change(viewer, old.scope)
            connection.execute("DELETE FROM canned_replies WHERE id = ?", (reply_id,))
            if old.scope.owner_id is None:
                record(connection, "canned_reply.deleted", old.name, _facts(old))

        await self._database.write(job)

    async def fill(self, actor: Actor, reply_id: str, reference: str) -> str:
        """Return one with its placeholders filled in for a ticket, by its id or number."""

        def job(connection: sqlite3.Connection) -> str:
            viewer = load_viewer(connection, actor)
            canned = _find(connection, viewer, reply_id)
            ticket = rows.find(connection, reference)
            access.require_sight(viewer, rows.ownership(connection, ticket), reference)
            site = self._settings.values(connection)
            return _PLACEHOLDER.sub(lambda m: PLACEHOLDERS[m[1]](ticket, viewer, site), canned.body)

        return await self._database.read(job)


def _find(connection: sqlite3.Connection, viewer: Viewer, reply_id: str) -> CannedReply:
    access.require_staff(viewer, "use canned replies")
    row = sql.row(connection, "SELECT * FROM canned_replies WHERE id = ?", (reply_id,))
    if row is None or not scopes.may_use(viewer, Scope(row["owner_id"], row["group_id"])):
        raise NotFound("canned reply", reply_id)
    return _canned(row, viewer)


def _canned(row: sqlite3.Row, viewer: Viewer) -> CannedReply:
    scope = Scope(row["owner_id"], row["group_id"])
    changeable = scopes.may_change(viewer, scope)
    return CannedReply(row["id"], row["name"], row["body"], scope, changeable)


def _checked(body: str) -> str:
    text = checks.body("body", body)
    for found in _PLACEHOLDER.finditer(text):
        if found[1] not in PLACEHOLDERS:
            known = ", ".join(f"{{{{{name}}}}}" for name in PLACEHOLDERS)
            raise Invalid("body", repr(found[0]), f"one of the placeholders {known}")
    return text


def _require_room(connection: sqlite3.Connection, scope: Scope) -> None:
    query = "SELECT count(*) FROM canned_replies WHERE owner_id IS ? AND group_id IS ?"
    if sql.scalar(connection, query, (scope.owner_id, scope.group_id)) >= MOST:
        raise LimitReached("another canned reply", MOST)


def _facts(canned: CannedReply) -> dict[str, object]:
    return {"name": canned.name, "scope": canned.scope.text, "body": canned.body}


def _first(name: str) -> str:
    return name.split(maxsplit=1)[0]

"""Saved views: a filter and an order of the ticket list, under a name, for staff.

Owns the ``saved_views`` table. What a view shows is decided for whoever looks: a shared view of
one's own tickets shows each person theirs. Whose a view is, ``scopes`` says.
"""

import sqlite3
from dataclasses import dataclass

import msgspec
import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk import access, checks, scopes
from helpdesk.access import Viewer
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog, differences
from helpdesk.errors import Invalid, LimitReached, NotFound
from helpdesk.ids import new_id
from helpdesk.scopes import Scope
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.tickets import filters, lists
from helpdesk.tickets.model import TicketFilter
from helpdesk.viewers import load_viewer

MOST = 10
"""Views that one scope may hold: each is counted whenever the list is shown."""
MAX_FILTER_BYTES = 4 * 1024

VIEW_MIGRATIONS = Migrations("saved_views")


@VIEW_MIGRATIONS()
def m001_saved_views(db: sqlite_utils.Database) -> None:
    """Create the table; a filter is kept as JSON."""
    db.execute(
        """CREATE TABLE saved_views (
            id TEXT PRIMARY KEY,
            name TEXT NOT NULL,
            filter TEXT NOT NULL,
            sort TEXT NOT NULL,
            owner_id TEXT REFERENCES users (id) ON DELETE CASCADE,
            group_id TEXT REFERENCES groups (id) ON DELETE CASCADE,
            CHECK (owner_id IS NULL OR group_id IS NULL)
        ) STRICT"""
    )
    db.execute("CREATE INDEX saved_views_by_owner ON saved_views (owner_id, group_id)")
    db.execute("CREATE INDEX saved_views_by_group ON saved_views (group_id)")


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter and an order under a name."""

    id: str
    name: str
    filter: TicketFilter
    sort: str
    scope: Scope
    changeable: bool
    """Whether the viewer may change it."""


class SavedViews:
    """Keeps views."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit

    async def all(self, actor: Actor) -> tuple[SavedView, ...]:
        """Return the views that the actor may use, by name; none for those who are not staff."""
        query = f"SELECT * FROM saved_views WHERE {scopes.USABLE} ORDER BY name COLLATE NOCASE, id"  # noqa: S608

        def job(connection: sqlite3.Connection) -> tuple[SavedView, ...]:
            viewer = load_viewer(connection, actor)
            if not viewer.is_staff:
                return ()
            return tuple(
                _view(row, viewer) for row in sql.rows(connection, query, scopes.values(viewer))
            )

        return await self._database.read(job)

    async def get(self, actor: Actor, view_id: str) -> SavedView:
        """Return one that the actor may use (staff)."""
        return await self._database.read(
            lambda connection: _find(connection, load_viewer(connection, actor), view_id)
        )

    async def create(
        self, actor: Actor, *, name: str, scope: str, wanted: TicketFilter, sort: str
    ) -> SavedView:
        """Keep a view; ``scope`` as ``scopes`` names it. Raises ``Invalid``, ``LimitReached``."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> SavedView:
            viewer = load_viewer(connection, actor)
            access.require_staff(viewer, "save views")
            whose = scopes.read(connection, viewer, scope)
            _require_room(connection, whose)
            encoded = _encoded(connection, viewer, wanted, sort)
            view = SavedView(
                new_id(), checks.name("name", name), wanted, sort, whose, changeable=True
            )
            connection.execute(
                "INSERT INTO saved_views (id, name, filter, sort, owner_id, group_id)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (view.id, view.name, encoded, sort, whose.owner_id, whose.group_id),
            )
            if whose.owner_id is None:
                record(connection, "saved_view.created", view.name, _facts(view))
            return view

        return await self._database.write(job)

    async def update(
        self,
        actor: Actor,
        view_id: str,
        *,
        name: str | None = None,
        scope: str | None = None,
        wanted: TicketFilter | None = None,
        sort: str | None = None,
    ) -> SavedView:
        """Change a view; None leaves a thing as it is."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> SavedView:
            viewer = load_viewer(connection, actor)
            old = _find(connection, viewer, view_id)
            scopes.require_change(viewer, old.scope)
            whose = old.scope if scope is None else scopes.read(connection, viewer, scope)
            if whose != old.scope:
                _require_room(connection, whose)
            new = SavedView(
                old.id,
                old.name if name is None else checks.name("name", name),
                old.filter if wanted is None else wanted,
                old.sort if sort is None else sort,
                whose,
                changeable=True,
            )
            encoded = _encoded(connection, viewer, new.filter, new.sort)
            connection.execute(
                "UPDATE saved_views SET name = ?, filter = ?, sort = ?, owner_id = ?, group_id = ?"
                " WHERE id = ?",
                (new.name, encoded, new.sort, whose.owner_id, whose.group_id, new.id),
            )
            if new != old and None in {old.scope.owner_id, whose.owner_id}:
                record(
                    connection,
                    "saved_view.changed",
                    old.name,
                    differences(_facts(old), _facts(new)),
                )
            return new

        return await self._database.write(job)

    async def delete(self, actor: Actor, view_id: str) -> None:
        """Delete a view."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> None:
            viewer = load_viewer(connection, actor)
            old = _find(connection, viewer, view_id)
            scopes.require_change(viewer, old.scope)
            connection.execute("DELETE FROM saved_views WHERE id = ?", (view_id,))
            if old.scope.owner_id is None:
                record(connection, "saved_view.deleted", old.name, _facts(old))

        await self._database.write(job)


def _find(connection: sqlite3.Connection, viewer: Viewer, view_id: str) -> SavedView:
    access.require_staff(viewer, "use saved views")
    row = sql.row(connection, "SELECT * FROM saved_views WHERE id = ?", (view_id,))
    if row is None or not scopes.may_use(viewer, Scope(row["owner_id"], row["group_id"])):
        raise NotFound("view", view_id)
    return _view(row, viewer)


def _view(row: sqlite3.Row, viewer: Viewer) -> SavedView:
    scope = Scope(row["owner_id"], row["group_id"])
    return SavedView(
        row["id"],
        row["name"],
        msgspec.json.decode(row["filter"], type=TicketFilter),
        row["sort"],
        scope,
        scopes.may_change(viewer, scope),
    )


def _encoded(
    connection: sqlite3.Connection, viewer: Viewer, wanted: TicketFilter, sort: str
) -> str:
    """Return a filter as it is kept, once it is known to be one that a list can have."""
    lists.columns(sort, public=False)
    filters.conditions(connection, viewer, wanted)
    encoded = msgspec.json.encode(wanted)
    if len(encoded) > MAX_FILTER_BYTES:
        raise Invalid("filter", f"{len(encoded):,} bytes", f"at most {MAX_FILTER_BYTES:,} bytes")
    return encoded.decode()


def _require_room(connection: sqlite3.Connection, scope: Scope) -> None:
    query = "SELECT count(*) FROM saved_views WHERE owner_id IS ? AND group_id IS ?"
    if sql.scalar(connection, query, (scope.owner_id, scope.group_id)) >= MOST:
        raise LimitReached("another view", MOST)


def _facts(view: SavedView) -> dict[str, object]:
    shown = {key: value for key, value in msgspec.to_builtins(view.filter).items() if value}
    return {"name": view.name, "scope": view.scope.text, "filter": shown, "sort": view.sort}

"""The catalogue: categories, their types, the types' items.

Owns these three tables, and finds a place in them by ids or by names. Must not know of tickets
beyond refusing to delete what one of them uses.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from helpdesk import access, checks
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.storage.kept import Kept
from helpdesk.text import counted
from helpdesk.tickets.model import Ref
from helpdesk.viewers import load_viewer


@dataclass(frozen=True, slots=True)
class TypeNode:
    """A type with its items, by name."""

    id: str
    name: str
    items: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class CategoryNode:
    """A category with its types, by name."""

    id: str
    name: str
    types: tuple[TypeNode, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Place of a ticket in the catalogue, as IDs; each needs the one before."""

    category_id: str | None = None
    type_id: str | None = None
    item_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Level:
    """One of the three tables. All names in SQL come from here, never from outside."""

    kind: str
    table: str
    parent: str | None
    ticket_column: str


_CATEGORY = _Level("category", "categories", None, "category_id")
_TYPE = _Level("type", "types", "category_id", "type_id")
_ITEM = _Level("item", "items", "type_id", "item_id")


class Catalogue:
    """Lists and changes the catalogue."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit
        self._tree = Kept("catalogue", _tree)

    async def tree(self) -> tuple[CategoryNode, ...]:
        """Return everything, by name."""
        return await self._database.read(self._tree.read)

    async def add_category(self, actor: Actor, name: str) -> Ref:
        """Add a category (admins)."""
        return await self._add(actor, lambda _: _CATEGORY, None, name)

    async def add_type(self, actor: Actor, category_id: str, name: str) -> Ref:
        """Add a type to a category (admins)."""
        return await self._add(actor, lambda _: _TYPE, category_id, name)

    async def add_item(self, actor: Actor, type_id: str, name: str) -> Ref:
        """Add an item to a type (admins)."""
        return await self._add(actor, lambda _: _ITEM, type_id, name)

    async def add(self, actor: Actor, parent_id: str | None, name: str) -> Ref:
        """Add a category, or below the node ``parent_id`` a type or an item (admins)."""

        def level(connection: sqlite3.Connection) -> _Level:
            above = None if parent_id is None else _level_of(connection, parent_id)
            if above is _ITEM:
                raise Invalid("parent", "an item", "the id of a category or a type")
            return _CATEGORY if above is None else _TYPE if above is _CATEGORY else _ITEM

        return await self._add(actor, level, parent_id, name)

    async def rename(self, actor: Actor, node_id: str, name: str) -> Ref:
        """Rename a category, type or item (admins)."""
        named, record = Ref(node_id, checks.name("name", name)), self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> Ref:
            access.require_admin(load_viewer(connection, actor), "change the catalogue")
            level = _level_of(connection, node_id)
            parent_id = _parent_of(connection, level, node_id)
            _require_free_name(connection, level, parent_id, named)
            path = _path(connection, level, node_id)
            query = f"UPDATE {level.table} SET name = ? WHERE id = ?"  # noqa: S608
            connection.execute(query, (named.name, node_id))
            if (new := _path(connection, level, node_id)) != path:
                record(connection, "catalogue.renamed", path, {"name": {"from": path, "to": new}})
            return named

        return await self._database.write(job)

    async def delete(self, actor: Actor, node_id: str) -> None:
        """Delete one with all below it (admins). Raises ``Conflict`` while tickets use it."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> None:
            access.require_admin(load_viewer(connection, actor), "change the catalogue")
            level = _level_of(connection, node_id)
            query = f"SELECT count(*) FROM tickets WHERE {level.ticket_column} = ?"  # noqa: S608
            if count := sql.scalar(connection, query, (node_id,)):
                raise Conflict(
                    f"{counted(count, 'ticket uses', 'tickets use')} this {level.kind}",
                    "recategorize them first",
                )
            kind = {"kind": level.kind}
            record(connection, "catalogue.deleted", _path(connection, level, node_id), kind)
            connection.execute(f"DELETE FROM {level.table} WHERE id = ?", (node_id,))  # noqa: S608

        await self._database.write(job)

    async def _add(
        self,
        actor: Actor,
        level_of: Callable[[sqlite3.Connection], _Level],
        parent_id: str | None,
        name: str,
    ) -> Ref:
        node, record = Ref(new_id(), checks.name("name", name)), self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> Ref:
            access.require_admin(load_viewer(connection, actor), "change the catalogue")
            level = level_of(connection)
            _insert(connection, level, parent_id, node)
            kind = {"kind": level.kind}
            record(connection, "catalogue.added", _path(connection, level, node.id), kind)
            return node

        return await self._database.write(job)


def place(
    connection: sqlite3.Connection, category: str | None, type_: str | None, item: str | None
) -> Place:
    """Find a category, a type in it and an item in that, each by id or by name in any case.

    Raises ``Invalid`` for one that is unknown there, or that lacks the one above it.
    """
    if type_ and not category:
        raise Invalid("type", repr(type_), "a category too: a type belongs to one")
    if item and not type_:
        raise Invalid("item", repr(item), "a type too: an item belongs to one")
    category_id = _find(connection, _CATEGORY, None, category) if category else None
    type_id = _find(connection, _TYPE, category_id, type_) if type_ else None
    item_id = _find(connection, _ITEM, type_id, item) if item else None
    return Place(category_id, type_id, item_id)


def insert_category(connection: sqlite3.Connection, name: str) -> Ref:
    """Write a new category."""
    return _insert(connection, _CATEGORY, None, Ref(new_id(), name))


def insert_type(connection: sqlite3.Connection, category_id: str, name: str) -> Ref:
    """Write a new type."""
    return _insert(connection, _TYPE, category_id, Ref(new_id(), name))


def insert_item(connection: sqlite3.Connection, type_id: str, name: str) -> Ref:
    """Write a new item."""
    return _insert(connection, _ITEM, type_id, Ref(new_id(), name))


def _tree(connection: sqlite3.Connection) -> tuple[CategoryNode, ...]:
    items: defaultdict[str, list[Ref]] = defaultdict(list)
    for node_id, parent, name in connection.execute(
        "SELECT id, type_id, name FROM items ORDER BY name"
    ):
        items[parent].append(Ref(node_id, name))
    types: defaultdict[str, list[TypeNode]] = defaultdict(list)
    for node_id, parent, name in connection.execute(
        "SELECT id, category_id, name FROM types ORDER BY name"
    ):
        types[parent].append(TypeNode(node_id, name, tuple(items[node_id])))
    categories = connection.execute("SELECT id, name FROM categories ORDER BY name")
    return tuple(CategoryNode(node_id, name, tuple(types[node_id])) for node_id, name in categories)


def _insert(connection: sqlite3.Connection, level: _Level, parent_id: str | None, node: Ref) -> Ref:
    _require_free_name(connection, level, parent_id, node)
    if level.parent is None:
        query = f"INSERT INTO {level.table} (id, name) VALUES (?, ?)"  # noqa: S608
        connection.execute(query, (node.id, node.name))
        return node
    above = _CATEGORY if level is _TYPE else _TYPE
    if sql.row(connection, f"SELECT 1 FROM {above.table} WHERE id = ?", (parent_id,)) is None:  # noqa: S608
        raise NotFound(above.kind, str(parent_id))
    query = f"INSERT INTO {level.table} (id, {level.parent}, name) VALUES (?, ?, ?)"  # noqa: S608
    connection.execute(query, (node.id, parent_id, node.name))
    return node


def _find(connection: sqlite3.Connection, level: _Level, parent_id: str | None, wanted: str) -> str:
    within = f"{level.parent} = :parent" if level.parent else "1"
    found: str | None = sql.scalar(
        connection,
        f"SELECT id FROM {level.table} WHERE {within}"  # noqa: S608
        " AND (id = :wanted OR name_key(name) = name_key(:wanted))"
        " ORDER BY id = :wanted DESC",
        {"parent": parent_id, "wanted": wanted.strip()},
    )
    if found is None:
        above = " of the chosen " + ("category" if level is _TYPE else "type")
        raise Invalid(
            level.kind,
            repr(wanted),
            f"the name or id of a {level.kind}{above if parent_id else ''}",
        )
    return found


def _level_of(connection: sqlite3.Connection, node_id: str) -> _Level:
    for level in (_CATEGORY, _TYPE, _ITEM):
        query = f"SELECT 1 FROM {level.table} WHERE id = ?"  # noqa: S608
        if sql.row(connection, query, (node_id,)) is not None:
            return level
    raise NotFound("category, type or item", node_id)


def _parent_of(connection: sqlite3.Connection, level: _Level, node_id: str) -> str | None:
    if level.parent is None:
        return None
    query = f"SELECT {level.parent} FROM {level.table} WHERE id = ?"  # noqa: S608
    return str(sql.scalar(connection, query, (node_id,)))


def _path(connection: sqlite3.Connection, level: _Level, node_id: str) -> str:
    """Return the name of a node behind those of the nodes above it."""
    query = f"SELECT name FROM {level.table} WHERE id = ?"  # noqa: S608
    name = str(sql.scalar(connection, query, (node_id,)))
    parent_id = _parent_of(connection, level, node_id)
    if parent_id is None:
        return name
    return f"{_path(connection, _CATEGORY if level is _TYPE else _TYPE, parent_id)} / {name}"


def _require_free_name(
    connection: sqlite3.Connection, level: _Level, parent_id: str | None, node: Ref
) -> None:
    within = f"{level.parent} = :parent" if level.parent else "1"
    same = "name_key(name) = name_key(:name) AND id != :id"
    query = f"SELECT 1 FROM {level.table} WHERE {within} AND {same}"  # noqa: S608
    values = {"parent": parent_id, "name": node.name, "id": node.id}
    if sql.row(connection, query, values) is not None:
        raise Conflict(f"the {level.kind} {node.name!r} already exists", "choose another name")

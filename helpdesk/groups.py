"""Groups of staff, and the categories that each owns.

Owns the groups' tables. A group with categories is responsible for their tickets (``access``). Must
not know how access is decided, only who belongs where.
"""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from helpdesk import access, accounts, checks
from helpdesk.actors import Actor, Role
from helpdesk.audit import AuditLog, differences
from helpdesk.errors import Conflict, Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.storage.kept import Kept
from helpdesk.text import counted
from helpdesk.viewers import load_viewer


@dataclass(frozen=True, slots=True)
class Group:
    """A group with its members and its scope."""

    id: str
    name: str
    member_ids: tuple[str, ...]
    """Users' ids, sorted."""
    category_ids: tuple[str, ...]
    """Ids of the categories that it owns, sorted; none: its scope is what is assigned to it."""


class Groups:
    """Makes, changes and lists groups."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit
        self._all = Kept("groups", _all)

    async def create(
        self,
        actor: Actor,
        *,
        name: str,
        member_ids: Iterable[str] = (),
        category_ids: Iterable[str] = (),
    ) -> Group:
        """Create a group (admins). Members must be staff or admins."""
        group = Group(
            new_id(), checks.name("name", name), _sorted(member_ids), _sorted(category_ids)
        )

        record = self._audit.stamp(actor.id, "group.created", group.name)

        def job(connection: sqlite3.Connection) -> Group:
            access.require_admin(load_viewer(connection, actor), "create groups")
            insert(connection, group)
            record(connection, _facts(connection, group))
            return group

        return await self._database.write(job)

    async def get(self, actor: Actor, group_id: str) -> Group:
        """Return one group, for staff."""

        def job(connection: sqlite3.Connection) -> Group:
            access.require_staff(load_viewer(connection, actor), "view groups")
            return find(connection, group_id)

        return await self._database.read(job)

    async def all(self, actor: Actor) -> tuple[Group, ...]:
        """Return every group by name, for staff."""

        def job(connection: sqlite3.Connection) -> tuple[Group, ...]:
            access.require_staff(load_viewer(connection, actor), "view groups")
            return self._all.read(connection)

        return await self._database.read(job)

    async def update(
        self,
        actor: Actor,
        group_id: str,
        *,
        name: str | None = None,
        member_ids: Iterable[str] | None = None,
        category_ids: Iterable[str] | None = None,
    ) -> Group:
        """Change a group (admins); None leaves a thing as it is."""
        members = None if member_ids is None else _sorted(member_ids)
        categories = None if category_ids is None else _sorted(category_ids)
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> Group:
            access.require_admin(load_viewer(connection, actor), "change groups")
            old = find(connection, group_id)
            new = Group(
                old.id,
                old.name if name is None else checks.name("name", name),
                old.member_ids if members is None else members,
                old.category_ids if categories is None else categories,
            )
            _require_free_name(connection, new)
            connection.execute("UPDATE groups SET name = ? WHERE id = ?", (new.name, new.id))
            _replace_links(connection, new)
            if new != old:
                changes = differences(_facts(connection, old), _facts(connection, new))
                record(connection, "group.changed", old.name, changes)
            return new

        return await self._database.write(job)

    async def delete(self, actor: Actor, group_id: str) -> None:
        """Delete a group (admins). Raises ``Conflict`` while tickets are assigned to it."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> None:
            access.require_admin(load_viewer(connection, actor), "delete groups")
            group = find(connection, group_id)
            query = "SELECT count(*) FROM tickets WHERE assignee_group_id = ?"
            if count := sql.scalar(connection, query, (group_id,)):
                raise Conflict(
                    f"{counted(count, 'ticket is', 'tickets are')} assigned to {group.name}",
                    "assign them elsewhere first",
                )
            record(connection, "group.deleted", group.name, _facts(connection, group))
            connection.execute("DELETE FROM groups WHERE id = ?", (group_id,))

        await self._database.write(job)


def _all(connection: sqlite3.Connection) -> tuple[Group, ...]:
    found = connection.execute("SELECT id FROM groups ORDER BY name").fetchall()
    return tuple(find(connection, group_id) for (group_id,) in found)


def find(connection: sqlite3.Connection, group_id: str) -> Group:
    """Return a group or raise ``NotFound``."""
    name = sql.scalar(connection, "SELECT name FROM groups WHERE id = ?", (group_id,))
    if name is None:
        raise NotFound("group", group_id)
    members = "SELECT user_id FROM group_members WHERE group_id = ? ORDER BY user_id"
    categories = "SELECT category_id FROM group_categories WHERE group_id = ? ORDER BY category_id"
    return Group(
        group_id,
        name,
        tuple(user_id for (user_id,) in connection.execute(members, (group_id,))),
        tuple(category_id for (category_id,) in connection.execute(categories, (group_id,))),
    )


def insert(connection: sqlite3.Connection, group: Group) -> Group:
    """Write a new group."""
    _require_free_name(connection, group)
    connection.execute("INSERT INTO groups (id, name) VALUES (?, ?)", (group.id, group.name))
    _replace_links(connection, group)
    return group


def _facts(connection: sqlite3.Connection, group: Group) -> dict[str, object]:
    """Return the audit log's facts about a group: names, which say more than ids."""
    return {
        "name": group.name,
        "members": _names(connection, "email", "users", group.member_ids),
        "categories": _names(connection, "name", "categories", group.category_ids),
    }


def _names(
    connection: sqlite3.Connection, column: str, table: str, ids: Iterable[str]
) -> list[str]:
    query = f"SELECT {column} FROM {table} WHERE id = ?"  # noqa: S608 - our own words
    return sorted(str(sql.scalar(connection, query, (one,))) for one in ids)


def _replace_links(connection: sqlite3.Connection, group: Group) -> None:
    for user_id in group.member_ids:
        if accounts.find(connection, user_id).role is Role.USER:
            raise Invalid("member_ids", user_id, "people who are staff or admins")
    for category_id in group.category_ids:
        if sql.row(connection, "SELECT 1 FROM categories WHERE id = ?", (category_id,)) is None:
            raise NotFound("category", category_id)
    connection.execute("DELETE FROM group_members WHERE group_id = ?", (group.id,))
    connection.execute("DELETE FROM group_categories WHERE group_id = ?", (group.id,))
    connection.executemany(
        "INSERT INTO group_members (group_id, user_id) VALUES (?, ?)",
        [(group.id, user_id) for user_id in group.member_ids],
    )
    connection.executemany(
        "INSERT INTO group_categories (group_id, category_id) VALUES (?, ?)",
        [(group.id, category_id) for category_id in group.category_ids],
    )


def _require_free_name(connection: sqlite3.Connection, group: Group) -> None:
    query = "SELECT 1 FROM groups WHERE name_key(name) = name_key(?) AND id != ?"
    if sql.row(connection, query, (group.name, group.id)) is not None:
        raise Conflict(f"the group {group.name!r} already exists", "choose another name")


def _sorted(ids: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(ids)))

"""The statuses a ticket can have: three built-in ones, and those that admins add.

Owns the ``statuses`` table and the three system names. Which status may follow which is
``tickets.workflow``'s to say.
"""

import sqlite3
from dataclasses import dataclass

from helpdesk import access, checks
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.errors import Conflict, NotFound
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.storage.kept import Kept
from helpdesk.text import counted, name_key
from helpdesk.viewers import load_viewer

NEW = "New"
RESOLVED = "Resolved"
CLOSED = "Closed"


@dataclass(frozen=True, slots=True)
class Status:
    """One status."""

    name: str
    system: bool
    """New, Resolved or Closed: it can be neither renamed nor removed."""


class Statuses:
    """Lists and changes the statuses."""

    def __init__(self, database: Database, audit: AuditLog) -> None:
        self._database = database
        self._audit = audit
        self._all = Kept("statuses", all_statuses)

    async def all(self) -> tuple[Status, ...]:
        """Return New, then the added ones in the order of adding, then Resolved and Closed."""
        return await self._database.read(self._all.read)

    async def add(self, actor: Actor, name: str) -> Status:
        """Add a status between New and Resolved (admins)."""
        status = Status(checks.name("name", name), system=False)
        record = self._audit.stamp(actor.id, "status.added", status.name)

        def job(connection: sqlite3.Connection) -> Status:
            access.require_admin(load_viewer(connection, actor), "add statuses")
            insert(connection, status.name)
            record(connection, {})
            return status

        return await self._database.write(job)

    async def rename(self, actor: Actor, name: str, new_name: str) -> Status:
        """Rename an added status (admins); tickets follow, their history keeps the old name."""
        wanted, record = checks.name("name", new_name), self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> Status:
            access.require_admin(load_viewer(connection, actor), "rename statuses")
            status = _added(connection, name)
            if name_key(wanted) != name_key(status.name):
                _require_free_name(connection, wanted)
            query = "UPDATE statuses SET name = ? WHERE name = ?"
            connection.execute(query, (wanted, status.name))
            if wanted != status.name:
                changes = {"name": {"from": status.name, "to": wanted}}
                record(connection, "status.renamed", status.name, changes)
            return Status(wanted, system=False)

        return await self._database.write(job)

    async def remove(self, actor: Actor, name: str) -> None:
        """Remove an added status (admins). Raises ``Conflict`` while tickets have it."""
        record = self._audit.pen(actor.id)

        def job(connection: sqlite3.Connection) -> None:
            access.require_admin(load_viewer(connection, actor), "remove statuses")
            status = _added(connection, name)
            query = "SELECT count(*) FROM tickets WHERE status = ?"
            if count := sql.scalar(connection, query, (status.name,)):
                raise Conflict(
                    f"{counted(count, 'ticket has', 'tickets have')} the status {status.name}",
                    "change their status first",
                )
            connection.execute("DELETE FROM statuses WHERE name = ?", (status.name,))
            record(connection, "status.removed", status.name, {})

        await self._database.write(job)


def all_statuses(connection: sqlite3.Connection) -> tuple[Status, ...]:
    """Return every status in its order."""
    query = "SELECT name, system FROM statuses ORDER BY position"
    return tuple(Status(name, bool(system)) for name, system in connection.execute(query))


def find(connection: sqlite3.Connection, name: str) -> Status:
    """Return a status by its name in any case, or raise ``NotFound``."""
    row = sql.row(
        connection, "SELECT name, system FROM statuses WHERE name_key(name) = name_key(?)", (name,)
    )
    if row is None:
        raise NotFound("status", name)
    return Status(row["name"], bool(row["system"]))


def insert(connection: sqlite3.Connection, name: str) -> None:
    """Write a new status behind the ones that were added before."""
    _require_free_name(connection, name)
    connection.execute(
        "INSERT INTO statuses (name, system, position) SELECT ?, 0, 1 + max(position)"
        " FROM statuses WHERE position < 1000000",
        (name,),
    )


def _added(connection: sqlite3.Connection, name: str) -> Status:
    status = find(connection, name)
    if status.system:
        raise Conflict(
            f"{status.name} is a built-in status", "rename and remove added statuses only"
        )
    return status


def _require_free_name(connection: sqlite3.Connection, name: str) -> None:
    if (
        sql.row(connection, "SELECT 1 FROM statuses WHERE name_key(name) = name_key(?)", (name,))
        is not None
    ):
        raise Conflict(f"the status {name!r} already exists", "choose another name")

"""The audit log: who changed what, when, and from where.

Owns the ``audit_log`` table. An entry is written in the transaction of the change that it tells of,
so there is never one without the other. Rows are only ever added: triggers refuse to change or to
delete one, and there is no retention, because an admin's actions are few. Must not know what the
actions mean. Values of secrets never come here: whoever writes an entry says ``changed``.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk import access, checks
from helpdesk.actors import Actor
from helpdesk.clock import Clock, parse_rfc3339, rfc3339
from helpdesk.paging import Page, PageRequest
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.viewers import load_viewer

ITSELF = "the server itself"
"""Origin of actions that no request and no command asked for."""
MAX_VALUE = 500
"""Characters of one value in an entry."""
MAX_LIST = 200
"""Members of one list in an entry."""

_origin: ContextVar[str] = ContextVar("origin", default=ITSELF)

AUDIT_MIGRATIONS = Migrations("audit")


@AUDIT_MIGRATIONS()
def m001_audit_log(db: sqlite_utils.Database) -> None:
    """Create the log, which only grows."""
    for statement in (
        """CREATE TABLE audit_log (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            at TEXT NOT NULL,
            actor_id TEXT NOT NULL,
            actor_name TEXT NOT NULL,
            origin TEXT NOT NULL,
            action TEXT NOT NULL,
            subject TEXT NOT NULL,
            changes TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX audit_log_by_subject ON audit_log (subject, id)",
        "CREATE INDEX audit_log_by_actor ON audit_log (actor_id, id)",
        """CREATE TRIGGER audit_log_is_never_changed BEFORE UPDATE ON audit_log BEGIN
            SELECT raise(ABORT, 'the audit log is append-only');
        END""",
        """CREATE TRIGGER audit_log_is_never_deleted BEFORE DELETE ON audit_log BEGIN
            SELECT raise(ABORT, 'the audit log is append-only');
        END""",
        # INSERT OR REPLACE deletes without asking the trigger above.
        """CREATE TRIGGER audit_log_is_never_replaced BEFORE INSERT ON audit_log
        WHEN EXISTS (SELECT 1 FROM audit_log WHERE id = new.id) BEGIN
            SELECT raise(ABORT, 'the audit log is append-only');
        END""",
    ):
        db.execute(statement)


AuditWriter = Callable[[sqlite3.Connection, Mapping[str, object]], None]
"""Writes one entry; the mapping says what changed."""
AuditPen = Callable[[sqlite3.Connection, str, str, Mapping[str, object]], None]
"""Writes one entry with its action and subject, where the transaction finds out which they are."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action."""

    id: int
    at: datetime
    actor_id: str
    """A person's ULID, ``system``, or who used the command line."""
    actor_name: str
    """Name and address as they were then."""
    origin: str
    """A network address, ``command line``, or ``the server itself``."""
    action: str
    """Such as ``plugin.enabled`` or ``settings.changed``."""
    subject: str
    """A plugin's id, an address, a name, or ``settings``: as it was called then."""
    changes: Mapping[str, Any]
    """Changes: ``{"from": …, "to": …}`` or one value for each name."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; None leaves a thing open."""

    action: str | None = None
    subject: str | None = None
    actor: str | None = None
    """Part of the name or address, or the whole id."""


@contextmanager
def acting_from(origin: str) -> Iterator[None]:
    """Let what this task does in the block count as done from ``origin``."""
    token = _origin.set(checks.cleaned(origin)[:MAX_VALUE])
    try:
        yield
    finally:
        _origin.reset(token)


def set_origin(origin: str) -> None:
    """Let what this task does from now on count as done from ``origin``."""
    _origin.set(checks.cleaned(origin)[:MAX_VALUE])


class AuditLog:
    """Writes and reads the log."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def stamp(self, actor_id: str, action: str, subject: str) -> AuditWriter:
        """Return what writes an entry, to be called in the transaction of the change.

        Time and origin are those of the task that calls this.
        """
        write = self.pen(actor_id)
        return lambda connection, changes: write(connection, action, subject, changes)

    def pen(self, actor_id: str) -> AuditPen:
        """Return what writes entries of this actor; time and origin as for ``stamp``."""
        at, origin = rfc3339(self._clock.now()), _origin.get()

        def write(
            connection: sqlite3.Connection,
            action: str,
            subject: str,
            changes: Mapping[str, object],
        ) -> None:
            shown = json.dumps({name: _bounded(value) for name, value in changes.items()})
            _insert(connection, (at, actor_id, origin, action, subject, shown))

        return write

    async def list(
        self,
        actor: Actor,
        wanted: AuditFilter | None = None,
        *,
        page: int = 1,
        per_page: int = 50,
    ) -> Page[AuditEntry]:
        """Return entries, newest first (admins)."""
        request = PageRequest(page, per_page)
        found = wanted or AuditFilter()
        return await self._database.read(lambda c: _list(c, actor, found, request))


def _bounded(value: object) -> object:
    if isinstance(value, str):
        text = checks.cleaned(value)
        return text if len(text) <= MAX_VALUE else text[:MAX_VALUE] + "…"
    if isinstance(value, Mapping):
        return {str(name): _bounded(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        every = list(value)
        more = [f"… and {len(every) - MAX_LIST:,} more"] if len(every) > MAX_LIST else []
        return [_bounded(inner) for inner in every[:MAX_LIST]] + more
    return value


def differences(before: Mapping[str, object], after: Mapping[str, object]) -> dict[str, object]:
    """Return what is another in ``after``, as entries show it; both have the same names."""
    return {
        name: {"from": old, "to": after[name]} for name, old in before.items() if old != after[name]
    }


def _insert(connection: sqlite3.Connection, row: tuple[str, str, str, str, str, str]) -> None:
    at, actor_id, *rest = row
    person = sql.row(connection, "SELECT name, email FROM users WHERE id = ?", (actor_id,))
    shown = f"{person['name']} <{person['email']}>" if person else actor_id
    connection.execute(
        "INSERT INTO audit_log (at, actor_id, actor_name, origin, action, subject, changes)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (at, actor_id, shown, *rest),
    )


def _list(
    connection: sqlite3.Connection, actor: Actor, wanted: AuditFilter, request: PageRequest
) -> Page[AuditEntry]:
    access.require_admin(load_viewer(connection, actor), "read the audit log")
    where = (
        "WHERE (:action IS NULL OR action = :action)"
        " AND (:subject IS NULL OR subject = :subject)"
        " AND (:actor IS NULL OR actor_id = :actor"
        " OR instr(search_text(actor_name), search_text(:actor)))"
    )
    values = {
        "action": wanted.action,
        "subject": wanted.subject,
        "actor": wanted.actor,
        "limit": request.per_page,
        "offset": request.offset,
    }
    found = sql.rows(
        connection,
        f"SELECT * FROM audit_log {where} ORDER BY id DESC LIMIT :limit OFFSET :offset",  # noqa: S608
        values,
    )
    total = sql.scalar(connection, f"SELECT count(*) FROM audit_log {where}", values)  # noqa: S608
    return Page([_entry(row) for row in found], request.page, request.per_page, total)


def _entry(row: Any) -> AuditEntry:
    return AuditEntry(
        row["id"],
        parse_rfc3339(row["at"]),
        row["actor_id"],
        row["actor_name"],
        row["origin"],
        row["action"],
        row["subject"],
        json.loads(row["changes"]),
    )

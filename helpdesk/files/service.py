"""``Files``: who may add, see and read which file of a ticket.

A public file is for those who see the ticket, an internal one for those who see its notes. Adding
one is replying, or writing a note: the same people may. Owns the ``files`` table and its bounds.
"""

import sqlite3
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk import access
from helpdesk.access import Viewer
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock, parse_rfc3339, rfc3339
from helpdesk.errors import Conflict, Invalid, LimitReached, NotAllowed, NotFound
from helpdesk.files.clamd import ScannerAway
from helpdesk.files.kinds import PICTURES
from helpdesk.files.names import safe_name
from helpdesk.files.scanning import Scanning, keep_back
from helpdesk.files.store import Arrival, Content, FileStore, Reading
from helpdesk.ids import new_id
from helpdesk.settings import Settings
from helpdesk.statuses import CLOSED
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.tickets import rows
from helpdesk.tickets.change import Change
from helpdesk.tickets.door import Door
from helpdesk.tickets.model import Author, Ticket

MIB = 1024 * 1024
MAX_FILE_BYTES = 25 * MIB
MAX_FILES = 100
"""Files of one ticket."""
MAX_TICKET_BYTES = 250 * MIB
MAX_SITE_BYTES = 100 * 1024 * MIB

CLEAR, WAITING, INFECTED = "clear", "waiting", "infected"
_UNFINISHED = timedelta(days=1)

FILE_MIGRATIONS = Migrations("files")


@FILE_MIGRATIONS()
def m001_files(db: sqlite_utils.Database) -> None:
    """Create the table, and keep the size of all files in one row, by triggers."""
    for statement in (
        """CREATE TABLE files (
            id TEXT PRIMARY KEY,
            number INTEGER NOT NULL REFERENCES tickets (number) ON DELETE CASCADE,
            name TEXT NOT NULL,
            size INTEGER NOT NULL,
            kind TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            is_internal INTEGER NOT NULL CHECK (is_internal IN (0, 1)),
            author_id TEXT NOT NULL,
            author_name TEXT NOT NULL,
            author_role TEXT NOT NULL,
            created_at TEXT NOT NULL
        ) STRICT""",
        "CREATE INDEX files_by_ticket ON files (number, id)",
        "CREATE INDEX files_by_content ON files (sha256)",
        "CREATE TABLE files_total (bytes INTEGER NOT NULL) STRICT",
        "INSERT INTO files_total VALUES (0)",
        """CREATE TRIGGER files_added AFTER INSERT ON files BEGIN
            UPDATE files_total SET bytes = bytes + NEW.size;
        END""",
        """CREATE TRIGGER files_removed AFTER DELETE ON files BEGIN
            UPDATE files_total SET bytes = bytes - OLD.size;
        END""",
    ):
        db.execute(statement)


@FILE_MIGRATIONS()
def m002_states(db: sqlite_utils.Database) -> None:
    """Let files wait for a virus scanner, and keep infected ones back."""
    for statement in (
        """ALTER TABLE files ADD COLUMN state TEXT NOT NULL DEFAULT 'clear'
            CHECK (state IN ('clear', 'waiting', 'infected'))""",
        "ALTER TABLE files ADD COLUMN finding TEXT NOT NULL DEFAULT ''",
        "CREATE INDEX files_waiting ON files (sha256) WHERE state = 'waiting'",
    ):
        db.execute(statement)


@dataclass(frozen=True, slots=True)
class TicketFile:
    """A file on a ticket."""

    id: str
    name: str
    """Harmless on every system (``names``)."""
    size: int
    """Bytes."""
    kind: str
    """Media type, by its content."""
    sha256: str
    is_internal: bool
    author: Author
    created_at: datetime
    state: str = CLEAR
    finding: str = ""
    """What the virus scanner found in it."""

    @property
    def is_available(self) -> bool:
        """Whether its content is given out: see ``scanning``."""
        return self.state == CLEAR

    @property
    def is_picture(self) -> bool:
        """Whether browsers show it as a picture, and never run anything in it."""
        return self.is_available and self.kind in PICTURES


class Files(Door):
    """Adds, lists and reads files."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        store: FileStore,
        *,
        scanning: Scanning,
        audit: AuditLog,
    ) -> None:
        super().__init__(database, clock, settings)
        self._store = store
        self._scanning = scanning
        self._audit = audit

    async def require_add(self, actor: Actor, reference: str, *, internal: bool) -> None:
        """Raise as ``add`` would, before anything is sent."""

        def job(connection: sqlite3.Connection, viewer: Viewer, ticket: Ticket) -> None:
            _require_add(connection, viewer, ticket, internal=internal)

        await self._read(actor, reference, job)

    async def forget_unfinished(self) -> None:
        """Remove what began to arrive more than a day ago and never came whole."""
        await self._store.forget_unfinished((self._clock.now() - _UNFINISHED).timestamp())

    def receive(self) -> AbstractAsyncContextManager[Arrival]:
        """Take in a content, in pieces; ``add`` makes a file of it."""
        return self._store.receive(MAX_FILE_BYTES)

    async def add(
        self,
        actor: Actor,
        reference: str,
        name: str,
        content: Content,
        *,
        internal: bool,
        also: Callable[[sqlite3.Connection, TicketFile], None] | None = None,
    ) -> TicketFile:
        """Put a content that was kept on a ticket. Raises ``LimitReached``, ``NotAllowed``.

        ``also`` is done in the same transaction. A virus scanner sees the content first, where
        there is one; raises ``Conflict`` where that gives no verdict and admins have it refused.
        """
        finding = await self._scanned(content)
        record = self._audit.pen(actor.id)

        def job(change: Change) -> TicketFile:
            ticket, _ = change.ticket(reference)
            added = attach(change, ticket, name, content, internal=internal, finding=finding)
            if finding:
                keep_back(change.connection, added.id, finding, change.now, record)
            if also is not None:
                also(change.connection, added)
            return added

        return await self._change(actor, job)

    async def _scanned(self, content: Content) -> str | None:
        """Return what was found in a content, empty for nothing; None where nobody has looked."""
        try:
            return await self._scanning.look(content)
        except ScannerAway as exc:
            values = await self._settings.all()
            if values.scanner_away == "refuse":
                raise Conflict(
                    f"the file was not taken: the virus scanner gives no verdict ({exc})",
                    "try again later",
                ) from None
            self._scanning.wake()
            return None

    async def all(self, actor: Actor, reference: str) -> tuple[TicketFile, ...]:
        """Return a ticket's files that the actor may read, oldest first."""

        def job(
            connection: sqlite3.Connection, viewer: Viewer, ticket: Ticket
        ) -> tuple[TicketFile, ...]:
            query = "SELECT * FROM files WHERE number = ? AND (is_internal = 0 OR ?) ORDER BY id"
            found = sql.rows(connection, query, (ticket.number, access.may_see_notes(viewer)))
            return tuple(file_of(row) for row in found)

        return await self._read(actor, reference, job)

    async def get(self, actor: Actor, file_id: str) -> TicketFile:
        """Return one file that the actor may read. Raises ``NotFound``."""
        query = "SELECT number FROM files WHERE id = ?"
        number = await self._database.read(lambda c: sql.scalar(c, query, (file_id,)))
        if number is None:
            raise NotFound("file", file_id)
        try:
            found = await self.all(actor, str(number))
        except NotFound:
            raise NotFound("file", file_id) from None
        for file in found:
            if file.id == file_id:
                return file
        raise NotFound("file", file_id)

    def read(self, file: TicketFile) -> Reading:
        """Return the content of a file that ``get`` returned, to be read in pieces.

        Raises ``NotAllowed`` for one that is infected, ``Conflict`` for one that was not scanned.
        """
        if file.state == INFECTED:
            raise NotAllowed("download this file", f"the virus scanner found {file.finding} in it")
        if not file.is_available:
            raise Conflict(
                "this file has not been scanned for viruses yet", "try again in a minute"
            )
        return self._store.read(file.sha256)


def attach(
    change: Change,
    ticket: Ticket,
    name: str,
    content: Content,
    *,
    internal: bool = False,
    file_id: str | None = None,
    finding: str | None = None,
) -> TicketFile:
    """Put a content that was kept on a ticket, as part of a change; ``file_id`` is a new id.

    ``finding``: what a virus scanner found, empty for nothing; None where it has not looked yet.
    """
    _require_add(change.connection, change.viewer, ticket, internal=internal)
    _require_room(change.connection, ticket, content)
    added = TicketFile(
        file_id or new_id(),
        safe_name(name),
        content.size,
        content.kind,
        content.sha256,
        internal,
        change.author,
        change.now,
        _state(finding, has_scanner=bool(change.settings.scanner)),
        finding or "",
    )
    _insert(change.connection, ticket.number, added)
    change.save(ticket, public=not internal)
    return added


def _state(finding: str | None, *, has_scanner: bool) -> str:
    if finding is None:
        return WAITING if has_scanner else CLEAR
    return INFECTED if finding else CLEAR


def _require_add(
    connection: sqlite3.Connection, viewer: Viewer, ticket: Ticket, *, internal: bool
) -> None:
    ownership = rows.ownership(connection, ticket)
    if internal:
        allowed = access.may_note(viewer, ownership)
        access.require(allowed, "add an internal file", "only staff who can work on it can")
        return
    allowed = access.may_reply(viewer, ownership)
    access.require(allowed, "add a file to this ticket", "you can't reply to it either")
    access.require(ticket.status != CLOSED, "add a file to this ticket", "it is closed")


def _require_room(connection: sqlite3.Connection, ticket: Ticket, content: Content) -> None:
    if not content.size:
        raise Invalid("file", "an empty file", "a file with some content")
    query = "SELECT count(*) AS files, coalesce(sum(size), 0) AS bytes FROM files WHERE number = ?"
    there = sql.row(connection, query, (ticket.number,))
    if there is not None and there["files"] >= MAX_FILES:
        raise LimitReached("another file on this ticket", MAX_FILES, "files")
    if there is not None and there["bytes"] + content.size > MAX_TICKET_BYTES:
        raise LimitReached("the files of this ticket", MAX_TICKET_BYTES, "bytes")
    total = sql.scalar(connection, "SELECT bytes FROM files_total")
    if total + content.size > MAX_SITE_BYTES:
        raise LimitReached("all files of this help desk", MAX_SITE_BYTES, "bytes")


def _insert(connection: sqlite3.Connection, number: int, file: TicketFile) -> None:
    connection.execute(
        "INSERT INTO files (id, number, name, size, kind, sha256, is_internal,"
        " author_id, author_name, author_role, created_at, state, finding)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(file.id, number, file.name, file.size, file.kind, file.sha256, file.is_internal),
            *(file.author.id, file.author.name, file.author.role, rfc3339(file.created_at)),
            *(file.state, file.finding),
        ),
    )


def file_of(row: Any) -> TicketFile:
    """Make a ``TicketFile`` of a row with all columns."""
    return TicketFile(
        row["id"],
        row["name"],
        row["size"],
        row["kind"],
        row["sha256"],
        bool(row["is_internal"]),
        Author(row["author_id"], row["author_name"], row["author_role"]),
        parse_rfc3339(row["created_at"]),
        row["state"],
        row["finding"],
    )

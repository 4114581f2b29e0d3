"""``Scanning``: files are given out only after a virus scanner has seen them, where there is one.

==========  ================================================================================
state       means
==========  ================================================================================
clear       nothing was found, or there was no scanner when it came
waiting     the scanner has not seen it yet; it is given to nobody until then
infected    something was found; it is given to nobody
==========  ================================================================================

A file that is uploaded is scanned before it is added, and one that came by mail soon after. Where
the scanner does not answer, uploads wait too, or are refused, as admins choose.
"""

import logging
import sqlite3
from collections.abc import Sequence
from datetime import datetime

import trio

from helpdesk.actors import SYSTEM
from helpdesk.audit import AuditLog, AuditPen
from helpdesk.clock import Clock
from helpdesk.errors import NotFound
from helpdesk.files import clamd
from helpdesk.files.clamd import ScannerAway
from helpdesk.files.store import Content, FileStore
from helpdesk.notifications import Notice, insert
from helpdesk.settings import Settings, SettingValues
from helpdesk.storage import sql
from helpdesk.storage.database import Database

AT_ONCE = 4
"""Contents that are scanned at one time."""
LOOK_EVERY_S = 5.0
AFTER_FAULT_S = 30.0
_BATCH = 50

_log = logging.getLogger(__name__)


class Scanning:
    """Scans what arrives, and what waits. Run it beside the server."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        settings: Settings,
        audit: AuditLog,
        store: FileStore,
    ) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings
        self._audit = audit
        self._store = store
        self._free = trio.CapacityLimiter(AT_ONCE)
        self._wake = trio.Event()
        self._is_away = False
        settings.observe(self._follow)

    async def look(self, content: Content) -> str | None:
        """Return what was found in a content, empty for nothing, and None where nobody looks.

        Raises ``ScannerAway``.
        """
        values = await self._settings.all()
        return await self._scan(values, content.sha256) if values.scanner else None

    async def run(self) -> None:
        """Scan what waits, until cancelled."""
        while True:
            self._wake = trio.Event()
            wait = LOOK_EVERY_S
            try:
                if await self.work():
                    continue
            except ScannerAway as exc:
                wait = AFTER_FAULT_S
                await self._tell_away(str(exc))
            except Exception:
                # A full disk heals; files that wait stay where they are.
                wait = AFTER_FAULT_S
                _log.exception("files that wait could not be scanned")
            with trio.move_on_after(wait):
                await self._wake.wait()

    async def work(self) -> bool:
        """Scan some of what waits; return whether there was something. Raises ``ScannerAway``."""
        query = "SELECT DISTINCT sha256 FROM files WHERE state = 'waiting' LIMIT ?"
        found = await self._database.read(lambda c: c.execute(query, (_BATCH,)).fetchall())
        if not found:
            return False
        values = await self._settings.all()
        if not values.scanner:
            await self._release()
            return True
        for (sha256,) in found:
            try:
                finding = await self._scan(values, sha256)
            except NotFound:
                finding = ""  # the content has gone: there is nothing to give out
            await self._settle(sha256, finding)
        self._is_away = False
        return True

    async def _scan(self, values: SettingValues, sha256: str) -> str:
        with trio.move_on_after(2 * clamd.SCAN_S):
            async with self._free, self._store.read(sha256) as content:
                return await clamd.scan(values.scanner, content)
        raise ScannerAway("it is busy with other files")

    async def _settle(self, sha256: str, finding: str) -> None:
        record = self._audit.pen(SYSTEM.id)

        def job(connection: sqlite3.Connection) -> None:
            if not finding:
                query = "UPDATE files SET state = 'clear' WHERE sha256 = ? AND state = 'waiting'"
                connection.execute(query, (sha256,))
                return
            # Wherever the same content is, also where it came before there was a scanner.
            query = "SELECT id FROM files WHERE sha256 = ? AND state != 'infected'"
            for row in sql.rows(connection, query, (sha256,)):
                keep_back(connection, row["id"], finding, self._clock.now(), record)

        await self._database.write(job)

    async def _release(self) -> None:
        record = self._audit.stamp(SYSTEM.id, "files.released", "files")

        def job(connection: sqlite3.Connection) -> None:
            query = "UPDATE files SET state = 'clear' WHERE state = 'waiting'"
            count = connection.execute(query).rowcount
            record(connection, {"files": count, "reason": "there is no virus scanner any more"})

        await self._database.write(job)

    async def _tell_away(self, why: str) -> None:
        if self._is_away:
            return
        _log.warning("files wait: the virus scanner gives no verdict: %s", why)
        told = Notice.made(
            "Files wait for the virus scanner",
            f"It gives no verdict: {why}. Files that wait can't be downloaded.",
            "/admin/settings",
            self._clock.now(),
        )

        def job(connection: sqlite3.Connection) -> None:
            for user_id in _admins(connection):
                insert(connection, user_id, told)

        await self._database.write(job)
        self._is_away = True

    def _follow(self, _: SettingValues) -> None:
        self._wake.set()

    def wake(self) -> None:
        """Look at what waits now."""
        self._wake.set()


def keep_back(
    connection: sqlite3.Connection, file_id: str, finding: str, now: datetime, record: AuditPen
) -> None:
    """Give an infected file to nobody, and tell who sent it, who works on it, and the admins."""
    file = sql.row(connection, "SELECT * FROM files WHERE id = ?", (file_id,))
    if file is None:
        return
    query = "UPDATE files SET state = 'infected', finding = ? WHERE id = ?"
    connection.execute(query, (finding, file_id))
    record(
        connection,
        "file.kept_back",
        file_id,
        {"name": file["name"], "ticket": file["number"], "finding": finding},
    )
    told = Notice.made(
        f"{file['name']} was kept back: it is infected",
        f"The virus scanner found {finding}. Nobody can download the file.",
        f"/tickets/{file['number']}",
        now,
    )
    for user_id in _concerned(connection, file["number"], file["author_id"], file["is_internal"]):
        insert(connection, user_id, told)


def _concerned(
    connection: sqlite3.Connection, number: int, author: str, is_internal: int
) -> Sequence[str]:
    """Return who is told: only staff may learn of an internal file."""
    query = "SELECT id FROM users WHERE id = ? AND (role != 'user' OR NOT ?)"
    authors = [row["id"] for row in sql.rows(connection, query, (author, is_internal))]
    query = "SELECT assignee_user_id FROM tickets WHERE number = ? AND assignee_user_id IS NOT NULL"
    assignees = [row["assignee_user_id"] for row in sql.rows(connection, query, (number,))]
    return list(dict.fromkeys([*authors, *assignees, *_admins(connection)]))


def _admins(connection: sqlite3.Connection) -> Sequence[str]:
    query = "SELECT id FROM users WHERE role = 'admin' AND NOT disabled"
    return [row["id"] for row in sql.rows(connection, query, ())]

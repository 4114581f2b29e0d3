"""``Intake``: takes one message, once.

::

    bytes ──keep──▶ durable, by hash ──read elsewhere──▶ document, files ──▶ one transaction

Whoever brings a message may forget it once ``receive`` has returned: it is kept, and there is a
record of what became of it. Where the server stops before, the message comes again, and nothing is
done twice.
"""

import sqlite3
from collections.abc import AsyncIterable, Mapping, Sequence
from datetime import timedelta

from helpdesk import access
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock
from helpdesk.errors import Conflict, LimitReached, NotFound
from helpdesk.files.store import Content, FileStore, Reading
from helpdesk.inbound import decisions, records
from helpdesk.inbound.decisions import Arrived, Received
from helpdesk.inbound.reading import Parsed, Reader, ReaderAway, Unreadable, parse
from helpdesk.inbound.records import MailRecord, Original
from helpdesk.settings import Settings
from helpdesk.storage.database import Database
from helpdesk.tickets import rows
from helpdesk.viewers import load_viewer

MAX_MESSAGE_BYTES = 50 * 1024 * 1024
KEPT = timedelta(days=180)
"""Originals; the record of them stays."""
_SHA256 = 64


class Intake:
    """Takes messages in, and shows what became of them."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        site: Settings,
        audit: AuditLog,
        *,
        files: FileStore,
        originals: FileStore,
    ) -> None:
        self._database = database
        self._clock = clock
        self._site = site
        self._audit = audit
        self._files = files
        self._originals = originals
        self.reader: Reader | None = None
        """Given by whoever can make processes; without it nothing can be taken in."""

    async def keep(self, message: AsyncIterable[bytes]) -> Content:
        """Keep the bytes of a message, durably. Raises ``LimitReached``."""
        async with self._originals.receive(MAX_MESSAGE_BYTES) as arrival:
            async for piece in message:
                await arrival.write(piece)
            return await arrival.keep()

    async def receive(self, sha256: str) -> Received:
        """Take in a message that was kept; raises ``NotFound``, ``ReaderAway``."""
        if len(sha256) != _SHA256 or not sha256.isalnum():
            raise NotFound("message", sha256[:_SHA256])
        before = await self._database.read(lambda c: decisions.known(c, sha256))
        if before is not None:
            return before
        return await self._take(sha256, accepted=False)

    async def accept(self, actor: Actor, record_id: str) -> Received:
        """Make a ticket, or a reply, of a message that was held (admins)."""
        record = await self._held(actor, record_id)
        return await self._take(record.sha256, accepted=True)

    async def discard(self, actor: Actor, record_id: str) -> None:
        """Decide that a message that was held stays out (admins)."""
        record = await self._held(actor, record_id)
        query = "UPDATE mail_incoming SET outcome = 'ignored' WHERE id = ? AND outcome = 'held'"
        await self._database.write(lambda c: c.execute(query, (record.id,)))

    async def newest(self, actor: Actor, before: int | None, most: int) -> Sequence[MailRecord]:
        """Return what came in, newest first (admins)."""

        def job(connection: sqlite3.Connection) -> Sequence[MailRecord]:
            access.require_admin(load_viewer(connection, actor), "see what mail came in")
            return records.newest(connection, before, most)

        return await self._database.read(job)

    async def of_ticket(self, actor: Actor, number: int) -> Mapping[str, Original]:
        """Return the originals of a ticket's messages, for staff; for others there are none."""

        def job(connection: sqlite3.Connection) -> Mapping[str, Original]:
            viewer = load_viewer(connection, actor)
            if not access.may_see_notes(viewer):
                return {}
            return records.of_ticket(connection, number)

        return await self._database.read(job)

    async def original(self, actor: Actor, record_id: str) -> tuple[MailRecord, Reading]:
        """Return a message as it came: of a ticket for staff, any other for admins."""

        def job(connection: sqlite3.Connection) -> MailRecord:
            viewer = load_viewer(connection, actor)
            record = records.find(connection, record_id)
            if record is None or not viewer.is_staff:
                raise NotFound("message", record_id)
            if record.number is None:
                access.require_admin(viewer, "see mail that is in no ticket")
            else:
                rows.find(connection, str(record.number))
            return record

        record = await self._database.read(job)
        return record, self._originals.read(record.sha256)

    async def prune(self) -> None:
        """Forget originals that came long ago, and what never came whole."""
        now = self._clock.now()
        await self._originals.forget_unfinished((now - timedelta(days=1)).timestamp())
        moment = f"{now - KEPT:%Y-%m-%dT%H:%M:%SZ}"
        old = await self._database.read(lambda c: records.older_than(c, moment))
        for sha256, is_needed in old:
            if not is_needed:
                await self._originals.forget(sha256)

    async def _held(self, actor: Actor, record_id: str) -> MailRecord:
        record_of = self._audit.stamp(actor.id, "mail.held_decided", record_id[:40])

        def job(connection: sqlite3.Connection) -> MailRecord:
            access.require_admin(load_viewer(connection, actor), "decide on mail that was held")
            record = records.find(connection, record_id)
            if record is None:
                raise NotFound("message", record_id)
            if record.outcome != "held":
                raise Conflict("this message is not held any more", "reload the page")
            record_of(connection, {"sender": record.sender, "subject": record.subject})
            return record

        return await self._database.write(job)

    async def _take(self, sha256: str, *, accepted: bool) -> Received:
        parsed = await self._parse(sha256)
        if accepted and parsed is None:
            raise Conflict("this message cannot be read", "download the original")
        arrived = Arrived(
            sha256, parsed, self._clock.now(), await self._site.all(), accepted=accepted
        )
        return await self._database.write(lambda c: decisions.take(c, arrived))

    async def _parse(self, sha256: str) -> Parsed | None:
        """Have a message read; None where nobody can."""
        if self.reader is None:
            raise ReaderAway("mail cannot be read here")
        size = await self._originals.size(sha256)
        try:
            return await parse(self.reader, lambda: self._originals.read(sha256), size, self._files)
        except (Unreadable, LimitReached):
            return None

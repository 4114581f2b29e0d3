"""What admins see and change of letters: those that went out, and their words."""

import sqlite3
from collections.abc import Mapping, Sequence

from helpdesk import access
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock
from helpdesk.errors import Conflict, NotFound
from helpdesk.mail import outgoing, templates
from helpdesk.mail.outgoing import Queued
from helpdesk.mail.templates import Template
from helpdesk.storage.database import Database
from helpdesk.viewers import load_viewer


class MailAdministration:
    """For admins alone."""

    def __init__(self, database: Database, clock: Clock, audit: AuditLog) -> None:
        self._database = database
        self._clock = clock
        self._audit = audit

    async def letters(self, actor: Actor, before: int | None, most: int) -> Sequence[Queued]:
        """Return letters, newest first."""

        def job(connection: sqlite3.Connection) -> Sequence[Queued]:
            _require(connection, actor)
            return outgoing.newest(connection, before, most)

        return await self._database.read(job)

    async def letter(self, actor: Actor, letter_id: str) -> Queued:
        """Return one letter. Raises ``NotFound``."""

        def job(connection: sqlite3.Connection) -> Queued:
            _require(connection, actor)
            found = outgoing.find(connection, letter_id)
            if found is None:
                raise NotFound("letter", letter_id)
            return found

        return await self._database.read(job)

    async def send_now(self, actor: Actor, letter_id: str) -> None:
        """Try a letter again now that waits or has failed."""
        record = self._audit.stamp(actor.id, "mail.sent_again", letter_id[:40])

        def job(connection: sqlite3.Connection) -> None:
            _require(connection, actor)
            found = outgoing.find(connection, letter_id)
            if found is None:
                raise NotFound("letter", letter_id)
            if not outgoing.send_now(connection, letter_id, self._clock.now()):
                raise Conflict("this email cannot be sent again", "reload the page")
            record(connection, {"address": found.address, "kind": found.kind})

        await self._database.write(job)

    async def templates(self, actor: Actor, language: str) -> Mapping[str, tuple[Template, bool]]:
        """Return the template of each event, and whether it is the admins' own."""

        def job(connection: sqlite3.Connection) -> Mapping[str, tuple[Template, bool]]:
            _require(connection, actor)
            found = {}
            for event in templates.EVENTS:
                template = templates.find(connection, event, language)
                found[event] = (template, template != templates.usual(event, language))
            return found

        return await self._database.read(job)

    async def save_template(
        self, actor: Actor, event: str, language: str, template: Template
    ) -> None:
        """Keep a template; both texts empty: the usual one. Raises ``Invalid``."""
        record = self._audit.stamp(actor.id, "mail.template_changed", f"{event[:40]} {language}")

        def job(connection: sqlite3.Connection) -> None:
            _require(connection, actor)
            templates.save(connection, event, language, template)
            record(connection, {"subject": template.subject, "body": template.body})

        await self._database.write(job)


def _require(connection: sqlite3.Connection, actor: Actor) -> None:
    access.require_admin(load_viewer(connection, actor), "manage email")

"""What plugins do on tickets that speak of integers: articles, their attachments, fields, statuses.

An article is a reply or a note. It gets its integer when a plugin writes it; those of people have
none. ``access`` decides, for the plugin and for the person that it acts for. Owns the tables
``articles`` and ``article_files``.
"""

import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlite_utils
from sqlite_utils.migrations import Migrations

from helpdesk import access, numbers, statuses
from helpdesk.actors import Actor
from helpdesk.clock import Clock
from helpdesk.errors import LimitReached, NotAllowed, NotFound
from helpdesk.files.service import Files, TicketFile, file_of
from helpdesk.settings import Settings
from helpdesk.statuses import CLOSED
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.tickets import conversation, rows, sight, status
from helpdesk.tickets.change import Change
from helpdesk.tickets.door import Door
from helpdesk.viewers import load_viewer

MOST_SCANNED = 200_000
"""Values of custom fields that one search looks through."""
MOST_SCANNED_CHARACTERS = 16 * 1024 * 1024
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~!])")

ARTICLE_MIGRATIONS = Migrations("articles")


@ARTICLE_MIGRATIONS()
def m001_articles(db: sqlite_utils.Database) -> None:
    """Integers of replies and notes that plugins wrote, and of the files that they attached."""
    for statement in (
        """CREATE TABLE articles (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            reply_id TEXT NOT NULL UNIQUE REFERENCES replies (id) ON DELETE CASCADE
        ) STRICT""",
        """CREATE TABLE article_files (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            article INTEGER NOT NULL REFERENCES articles (number) ON DELETE CASCADE,
            file_id TEXT NOT NULL REFERENCES files (id) ON DELETE CASCADE
        ) STRICT""",
        "CREATE INDEX article_files_by_article ON article_files (article, number)",
        "CREATE INDEX article_files_by_file ON article_files (file_id)",
    ):
        db.execute(statement)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was attached to an article."""

    number: int
    file: TicketFile


@dataclass(frozen=True, slots=True)
class Alteration:
    """Changes of a ticket that a plugin makes at once; what is empty stays as it is."""

    status: str = ""
    note: str = ""
    reply: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


class Articles(Door):
    """See the module. Tickets are named by their numbers."""

    def __init__(self, database: Database, clock: Clock, settings: Settings, files: Files) -> None:
        super().__init__(database, clock, settings)
        self._files = files

    async def add(
        self, actor: Actor, ticket: int, subject: str, body: str, *, internal: bool
    ) -> int:
        """Write a reply or a note; return the number of the article."""

        def job(change: Change) -> int:
            act = conversation.note if internal else conversation.reply
            added = act(change, str(ticket), _titled(subject, body))
            found = change.connection.execute(
                "INSERT INTO articles (reply_id) VALUES (?) RETURNING number", (added.id,)
            )
            return int(found.fetchone()[0])

        return await self._change(actor, job)

    async def attach(self, actor: Actor, article: int, name: str, content: bytes) -> int:
        """Put a file on the ticket of an article, as visible as that; return its number."""
        ticket, internal = await self._place(actor, article)
        await self._files.require_add(actor, ticket, internal=internal)
        async with self._files.receive() as arrival:
            await arrival.write(content)
            kept = await arrival.keep()
            numbered: list[int] = []

            def note(connection: sqlite3.Connection, file: TicketFile) -> None:
                found = connection.execute(
                    "INSERT INTO article_files (article, file_id) VALUES (?, ?) RETURNING number",
                    (article, file.id),
                )
                numbered.append(int(found.fetchone()[0]))

            await self._files.add(actor, ticket, name, kept, internal=internal, also=note)
        return numbered[-1]

    async def attachments(self, actor: Actor, article: int) -> Sequence[Attachment]:
        """Return the files that plugins attached to an article, and that the actor may read."""
        await self._place(actor, article)  # whoever may read it may read them

        def job(connection: sqlite3.Connection) -> list[Attachment]:
            query = (
                "SELECT article_files.number AS attachment, files.* FROM article_files"
                " JOIN files ON files.id = file_id WHERE article = ? ORDER BY attachment"
            )
            found = sql.rows(connection, query, (article,))
            return [Attachment(row["attachment"], file_of(row)) for row in found]

        return await self._database.read(job)

    async def set_status(self, actor: Actor, ticket: int, number: int) -> None:
        """Give a ticket the status that has this number."""

        def job(change: Change) -> None:
            name = numbers.id_of(change.connection, "status", number)
            if name is None:
                raise NotFound("status", str(number))
            wanted = statuses.find(change.connection, name).name
            found, ownership = change.ticket(str(ticket))
            allowed = access.may_set_status(change.viewer, ownership, closes=wanted == CLOSED)
            change.require(allowed, ownership, "change the status of this ticket")
            status.set_status(change, found, wanted)

        await self._change(actor, job)

    async def alter(
        self,
        actor: Actor,
        ticket: int,
        asked: Alteration,
        also: Callable[[sqlite3.Connection], None],
    ) -> None:
        """Make the changes and ``also`` in one transaction: all or nothing.

        The plugin makes them in its own name, as an admin allowed it; the person whom it acts for
        has to be one who sees the ticket, and need not be one who may work on it.
        """

        def job(change: Change) -> None:
            found, _ = change.ticket(str(ticket))
            also(change.connection)
            own = replace(change, viewer=replace(change.viewer, person=None))
            for key, value in asked.fields.items():
                conversation.set_custom_field(own, found.id, key, value)
            if asked.reply:
                conversation.reply(own, found.id, asked.reply)
            if asked.note:
                conversation.note(own, found.id, asked.note)
            if not asked.status:
                return
            wanted = statuses.find(own.connection, asked.status).name
            found, ownership = own.ticket(found.id)
            if found.status != wanted:
                allowed = access.may_set_status(own.viewer, ownership, closes=wanted == CLOSED)
                own.require(allowed, ownership, "change the status of this ticket")
                status.set_status(own, found, wanted)

        await self._change(actor, job)

    async def fields(self, actor: Actor, ticket: int) -> Mapping[str, str]:
        """Return all custom fields of a ticket."""
        return await self._read(
            actor,
            str(ticket),
            lambda _connection, _viewer, found: {f.key: f.value for f in found.custom_fields},
        )

    async def set_fields(
        self,
        actor: Actor,
        ticket: int,
        decide: Callable[[Mapping[str, str]], Mapping[str, str]],
    ) -> None:
        """Set custom fields: ``decide`` gets those that there are and returns those that change.

        It runs within the transaction: short, and it raises where nothing is to be changed.
        """

        def job(change: Change) -> None:
            found, ownership = change.ticket(str(ticket))
            person = change.viewer.person
            if person is not None and not access.may_note(person, ownership):
                raise NotAllowed("set custom fields", "the person it is for can't work on it")
            wanted = decide({field.key: field.value for field in found.custom_fields})
            for key, value in wanted.items():
                conversation.set_custom_field(change, found.id, key, value)

        await self._change(actor, job)

    async def with_fields(
        self, actor: Actor, keys: Sequence[str]
    ) -> Mapping[int, Mapping[str, str]]:
        """Return the values of these custom fields, by the number of the ticket, if it has any.

        Only of tickets that the actor may see, the newest first.
        """

        def job(connection: sqlite3.Connection) -> dict[int, dict[str, str]]:
            person = load_viewer(connection, actor).person
            sees_all = person is None or person.is_staff
            marks = ", ".join("?" * len(keys))
            condition, own = ("= ?", "") if person is None else sight.submitters(person)
            query = (
                "SELECT t.number, f.key, f.value FROM custom_fields AS f"  # noqa: S608 - marks
                " JOIN tickets AS t ON t.id = f.ticket_id"
                f" WHERE f.key IN ({marks}) AND (? OR t.submitter_id {condition})"
                " ORDER BY t.number DESC LIMIT ?"
            )
            found: dict[int, dict[str, str]] = {}
            size = 0
            for number, key, value in connection.execute(
                query, (*keys, sees_all, own, MOST_SCANNED)
            ):
                size += len(value)
                if size > MOST_SCANNED_CHARACTERS:
                    raise LimitReached("a search", MOST_SCANNED_CHARACTERS, "characters of fields")
                found.setdefault(number, {})[key] = value
            return found

        return await self._database.read(job) if keys else {}

    async def _place(self, actor: Actor, article: int) -> tuple[str, bool]:
        """Return the ticket of an article, and whether the article is a note."""

        def job(connection: sqlite3.Connection) -> tuple[str, bool]:
            viewer = load_viewer(connection, actor)
            row = sql.row(
                connection,
                "SELECT ticket_id, is_internal FROM replies JOIN articles ON reply_id = replies.id"
                " WHERE articles.number = ?",
                (article,),
            )
            if row is None:
                raise NotFound("article", str(article))
            ticket = rows.find(connection, row["ticket_id"])
            ownership = rows.ownership(connection, ticket)
            access.require_sight(viewer, ownership, str(article))
            if row["is_internal"] and viewer.person is not None:
                allowed = access.may_see_notes(viewer.person)
                access.require(allowed, "read this article", "it is an internal note")
            return ticket.id, bool(row["is_internal"])

        return await self._database.read(job)


def _titled(subject: str, body: str) -> str:
    """Return a text with its subject above it: replies have none."""
    line = _MARKDOWN.sub(r"\\\1", " ".join(subject.split())[:250])
    return f"**{line}**\n\n{body}" if line else body

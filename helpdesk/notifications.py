"""Notices inside the app: rows that wait for their person to read them.

Owns the ``notifications`` table. The plugin system tells admins this way that it disabled a plugin.
Must not know of e-mail or pages.
"""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk import accounts, checks
from helpdesk.actors import Actor
from helpdesk.clock import Clock, parse_optional, parse_rfc3339, rfc3339
from helpdesk.errors import Invalid, NotFound
from helpdesk.ids import new_id
from helpdesk.storage import sql
from helpdesk.storage.database import Database
from helpdesk.viewers import load_viewer

MAX_TITLE = 200
MAX_BODY = 4_000
"""Characters; programs write notices, and a notice cut short is better than none."""
KEPT_PER_PERSON = 500
"""Older notices give way to new ones."""


@dataclass(frozen=True, slots=True)
class Notification:
    """One notice to one person."""

    id: str
    title: str
    body: str
    link: str | None
    """A path on this site, such as ``/admin/plugins``."""
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice before it is anybody's; make one with ``Notice.made``."""

    title: str
    body: str
    link: str | None
    created_at: str

    @classmethod
    def made(cls, title: str, body: str, link: str | None, now: datetime) -> "Notice":
        """Check and clean the parts. Raises ``Invalid`` for a link that leads elsewhere."""
        if link is not None and (not link.startswith("/") or link.startswith(("//", "/\\"))):
            raise Invalid("link", repr(link), "a path on this site that starts with one /")
        folded = " ".join(title.split())
        return cls(_cut(folded, MAX_TITLE), _cut(body.strip(), MAX_BODY), link, rfc3339(now))


class Notifications:
    """Sends and lists notices."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def notify(
        self, user_id: str, *, title: str, body: str = "", link: str | None = None
    ) -> None:
        """Leave a notice for one person."""
        notice = Notice.made(title, body, link, self._clock.now())

        def job(connection: sqlite3.Connection) -> None:
            accounts.find(connection, user_id)
            insert(connection, user_id, notice)

        await self._database.write(job)

    async def notify_admins(self, *, title: str, body: str = "", link: str | None = None) -> int:
        """Leave a notice for every admin who is not disabled; return how many there are."""
        notice = Notice.made(title, body, link, self._clock.now())

        def job(connection: sqlite3.Connection) -> int:
            query = "SELECT id FROM users WHERE role = 'admin' AND NOT disabled"
            admins = connection.execute(query).fetchall()
            for (user_id,) in admins:
                insert(connection, user_id, notice)
            return len(admins)

        return await self._database.write(job)

    async def list(
        self, actor: Actor, *, unread_only: bool = False, limit: int = 50
    ) -> tuple[Notification, ...]:
        """Return one's own notices, newest first."""
        query = "SELECT * FROM notifications WHERE user_id = ?"
        if unread_only:
            query += " AND read_at IS NULL"
        query += " ORDER BY id DESC LIMIT ?"

        def job(connection: sqlite3.Connection) -> tuple[Notification, ...]:
            load_viewer(connection, actor)
            found = sql.rows(connection, query, (actor.id, max(0, min(limit, KEPT_PER_PERSON))))
            return tuple(_notification(row) for row in found)

        return await self._database.read(job)

    async def unread_count(self, actor: Actor) -> int:
        """Return how many of one's own notices are unread."""
        query = "SELECT count(*) FROM notifications WHERE user_id = ? AND read_at IS NULL"
        return int(await self._database.read(lambda c: sql.scalar(c, query, (actor.id,))))

    async def mark_read(self, actor: Actor, notification_id: str) -> Notification:
        """Mark one of one's own notices as read, and return it. Raises ``NotFound``."""
        now = rfc3339(self._clock.now())
        query = (
            "UPDATE notifications SET read_at = coalesce(read_at, ?) WHERE id = ? AND user_id = ?"
        )
        found = "SELECT * FROM notifications WHERE id = ?"

        def job(connection: sqlite3.Connection) -> Notification:
            if not connection.execute(query, (now, notification_id, actor.id)).rowcount:
                raise NotFound("notification", notification_id)
            return _notification(sql.row(connection, found, (notification_id,)))

        return await self._database.write(job)

    async def mark_seen(self, actor: Actor, link: str) -> int:
        """Mark one's own notices that lead to ``link`` as read; return how many were not."""
        now = rfc3339(self._clock.now())
        unread = "user_id = ? AND link = ? AND read_at IS NULL"
        some = f"SELECT 1 FROM notifications WHERE {unread} LIMIT 1"  # noqa: S608 - our own words
        if await self._database.read(lambda c: sql.scalar(c, some, (actor.id, link))) is None:
            return 0
        query = f"UPDATE notifications SET read_at = ? WHERE {unread}"  # noqa: S608
        return await self._database.write(
            lambda c: c.execute(query, (now, actor.id, link)).rowcount
        )

    async def mark_all_read(self, actor: Actor) -> int:
        """Mark all of one's own notices as read; return how many were not."""
        now = rfc3339(self._clock.now())
        query = "UPDATE notifications SET read_at = ? WHERE user_id = ? AND read_at IS NULL"
        return await self._database.write(lambda c: c.execute(query, (now, actor.id)).rowcount)


def _cut(text: str, most: int) -> str:
    text = checks.cleaned(text)
    return text if len(text) <= most else text[: most - 1] + "…"


def insert(connection: sqlite3.Connection, user_id: str, notice: Notice) -> None:
    """Leave a notice within a transaction; the person's oldest give way."""
    connection.execute(
        "INSERT INTO notifications (id, user_id, title, body, link, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (new_id(), user_id, notice.title, notice.body, notice.link, notice.created_at),
    )
    connection.execute(
        "DELETE FROM notifications WHERE user_id = ? AND id <="
        " (SELECT id FROM notifications WHERE user_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
        (user_id, user_id, KEPT_PER_PERSON),
    )


def _notification(row: Any) -> Notification:
    return Notification(
        row["id"],
        row["title"],
        row["body"],
        row["link"],
        parse_rfc3339(row["created_at"]),
        parse_optional(row["read_at"]),
    )

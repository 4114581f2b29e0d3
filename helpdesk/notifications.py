"""Notices. (Bodies follow; the signatures stand.)"""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.actors import Actor


@dataclass(frozen=True, slots=True)
class Notification:
    id: str
    title: str
    body: str
    link: str | None  # a path on this site
    created_at: datetime
    read_at: datetime | None


class Notifications:
    async def notify(self, user_id: str, *, title: str, body: str = "", link: str | None = None) -> None: ...
    async def notify_admins(self, *, title: str, body: str = "", link: str | None = None) -> int: ...
    async def list(self, actor: Actor, *, unread_only: bool = False, limit: int = 50) -> tuple[Notification, ...]: ...
    async def unread_count(self, actor: Actor) -> int: ...
    async def mark_read(self, actor: Actor, notification_id: str) -> None: ...
    async def mark_all_read(self, actor: Actor) -> int: ...

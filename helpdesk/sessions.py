"""Sessions. (Bodies follow; the signatures stand.)"""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.actors import Actor
from helpdesk.users import User


@dataclass(frozen=True, slots=True)
class Session:
    user: User
    csrf_token: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class NewSession:
    token: str  # goes into the cookie, and nowhere else
    session: Session


class Sessions:
    async def log_in(self, email: str, password: str, *, replaces: str | None = None) -> NewSession: ...  # LoginFailed; replaces = the old cookie's token, revoked
    async def start(self, user_id: str, *, replaces: str | None = None) -> NewSession: ...
    async def find(self, token: str) -> Session | None: ...  # None: unknown, expired, revoked, disabled
    async def log_out(self, token: str) -> None: ...
    async def revoke_all(self, actor: Actor, user_id: str) -> int: ...  # oneself or admin
    async def purge_expired(self) -> int: ...

"""API keys. (Bodies follow; the signatures stand.)"""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.actors import Actor
from helpdesk.users import User


@dataclass(frozen=True, slots=True)
class ApiKey:
    id: str
    user_id: str
    name: str
    hint: str  # the first characters, to tell keys apart
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewApiKey:
    secret: str  # ohd_sk_…, shown once
    key: ApiKey


class ApiKeys:
    async def create(self, actor: Actor, user_id: str, *, name: str) -> NewApiKey: ...  # oneself or admin
    async def find_user(self, secret: str) -> User | None: ...
    async def list(self, actor: Actor, user_id: str) -> tuple[ApiKey, ...]: ...
    async def revoke(self, actor: Actor, key_id: str) -> None: ...

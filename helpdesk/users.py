"""People. (Bodies follow; the signatures stand.)"""

from dataclasses import dataclass
from datetime import datetime

from helpdesk.actors import Actor, Role
from helpdesk.paging import Page


@dataclass(frozen=True, slots=True)
class User:
    id: str
    email: str
    name: str
    role: Role
    disabled: bool
    created_at: datetime

    @property
    def actor(self) -> Actor:
        return Actor.person(self.id, self.name, self.role)


class Users:
    async def create(self, actor: Actor, *, email: str, name: str, role: Role = Role.USER, password: str | None = None) -> User: ...
    async def get(self, actor: Actor, user_id: str) -> User: ...
    async def find_by_email(self, actor: Actor, email: str) -> User | None: ...  # staff
    async def list(self, actor: Actor, *, text: str = "", page: int = 1, per_page: int = 50) -> Page[User]: ...  # staff
    async def assignable(self, actor: Actor) -> tuple[User, ...]: ...  # staff and admins, enabled, by name
    async def update(self, actor: Actor, user_id: str, *, name: str | None = None, email: str | None = None, role: Role | None = None, disabled: bool | None = None) -> User: ...
    async def set_password(self, actor: Actor, user_id: str, password: str) -> None: ...  # admin
    async def change_password(self, actor: Actor, *, current: str, new: str) -> None: ...  # oneself
    async def verify(self, email: str, password: str) -> User: ...  # raises LoginFailed
    async def count(self) -> int: ...

"""Groups. (Bodies follow; the signatures stand.)"""

from collections.abc import Iterable
from dataclasses import dataclass

from helpdesk.actors import Actor


@dataclass(frozen=True, slots=True)
class Group:
    id: str
    name: str
    member_ids: tuple[str, ...]
    category_ids: tuple[str, ...]


class Groups:
    async def create(self, actor: Actor, *, name: str, member_ids: Iterable[str] = (), category_ids: Iterable[str] = ()) -> Group: ...
    async def get(self, actor: Actor, group_id: str) -> Group: ...
    async def all(self, actor: Actor) -> tuple[Group, ...]: ...
    async def update(self, actor: Actor, group_id: str, *, name: str | None = None, member_ids: Iterable[str] | None = None, category_ids: Iterable[str] | None = None) -> Group: ...
    async def delete(self, actor: Actor, group_id: str) -> None: ...  # Conflict while tickets are assigned to it

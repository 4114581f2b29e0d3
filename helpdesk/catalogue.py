"""Categories, types, items. (Bodies follow; the signatures stand.)"""

from dataclasses import dataclass

from helpdesk.actors import Actor
from helpdesk.tickets.model import Ref


@dataclass(frozen=True, slots=True)
class TypeNode:
    id: str
    name: str
    items: tuple[Ref, ...]


@dataclass(frozen=True, slots=True)
class CategoryNode:
    id: str
    name: str
    types: tuple[TypeNode, ...]


class Catalogue:
    async def tree(self) -> tuple[CategoryNode, ...]: ...
    async def add_category(self, actor: Actor, name: str) -> Ref: ...
    async def add_type(self, actor: Actor, category_id: str, name: str) -> Ref: ...
    async def add_item(self, actor: Actor, type_id: str, name: str) -> Ref: ...
    async def rename(self, actor: Actor, node_id: str, name: str) -> Ref: ...
    async def delete(self, actor: Actor, node_id: str) -> None: ...  # Conflict while in use

"""Statuses. (Bodies follow; the signatures stand.)"""

from dataclasses import dataclass

from helpdesk.actors import Actor


@dataclass(frozen=True, slots=True)
class Status:
    name: str
    system: bool  # New, Resolved, Closed: can neither be renamed nor removed


class Statuses:
    async def all(self) -> tuple[Status, ...]: ...  # New, customs in order, Resolved, Closed
    async def add(self, actor: Actor, name: str) -> Status: ...
    async def rename(self, actor: Actor, name: str, new_name: str) -> Status: ...
    async def remove(self, actor: Actor, name: str) -> None: ...  # Conflict while tickets have it

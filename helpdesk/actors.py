"""Actors: a person, a plugin, or the help desk itself.

Every service method takes an ``Actor`` first. It says who claims to act; for a person, role and
status are read again inside the transaction, so a stale actor cannot do what the person no
longer may. Must not know how anybody proved who they are.
"""

import enum
from dataclasses import dataclass


class Role(enum.StrEnum):
    """Role of a person."""

    ADMIN = "admin"
    STAFF = "staff"
    USER = "user"


class ActorKind(enum.StrEnum):
    """Kind of actor."""

    USER = "user"
    PLUGIN = "plugin"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """Someone or something that acts."""

    kind: ActorKind
    id: str
    """A person's ULID, ``plugin:<plugin id>``, or ``system``."""
    name: str
    role: str
    """``admin``, ``staff``, ``user``, ``plugin`` or ``system``; goes into payloads as it is."""
    origin: str | None = None
    """The plugin id where a plugin acts: its own events are not delivered to it."""
    depth: int = 0
    """Number of plugin causes up to and including this act; 0 for a person."""
    cause: str | None = None
    """Where a plugin acts: what all this follows from in the end, as the plugin host names it."""
    person_id: str | None = None
    """Where a plugin acts for somebody: it may do nothing that this person may not do."""
    may_set_status: bool = False
    """Where a plugin acts: whether an admin lets it change the status of tickets."""
    may_mention: bool = False
    """Where a plugin acts: whether an admin lets its notes tell the people whom they mention."""

    @classmethod
    def person(cls, user_id: str, name: str, role: Role) -> "Actor":
        """Make the actor for somebody who has logged in."""
        return cls(ActorKind.USER, user_id, name, role.value)

    @classmethod
    def plugin(
        cls, plugin_id: str, name: str, *, cause_depth: int, cause: str | None = None
    ) -> "Actor":
        """Make the actor for a plugin that handles an event of depth ``cause_depth``."""
        depth = cause_depth + 1
        return cls(ActorKind.PLUGIN, f"plugin:{plugin_id}", name, "plugin", plugin_id, depth, cause)


SYSTEM = Actor(ActorKind.SYSTEM, "system", "Open Help Desk", "system")
"""The help desk itself: jobs, the command line, the first set-up."""

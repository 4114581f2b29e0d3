"""Who of the staff is at which ticket now: looking at it, or replying.

Kept in memory alone: it is about this moment. A page says again and again that somebody is there;
who is not heard of for ``EXPIRES_S`` is gone. Bounded in tickets, and in people at each. Must not
know of HTTP, nor who may be told: that is the hub's.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass

import trio

from helpdesk.accounts import User

EXPIRES_S = 40.0
MOST_TICKETS = 2_000
MOST_PEOPLE = 20
"""At one ticket."""


class Doing(enum.StrEnum):
    """What somebody does at a ticket."""

    VIEWING = "viewing"
    REPLYING = "replying"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Here:
    """Somebody who is at a ticket."""

    person_id: str
    name: str
    doing: Doing
    until: float
    """In Trio's time."""


class Presence:
    """Who is where; tells ``changed`` the id of a ticket at which something changed."""

    def __init__(self, changed: Callable[[str], None]) -> None:
        self._changed = changed
        self._here: dict[str, dict[str, Here]] = {}

    def __len__(self) -> int:
        return len(self._here)

    def note(self, ticket_id: str, person: User, doing: Doing) -> None:
        """Take in what somebody does at a ticket now."""
        here = {one.person_id: one for one in self.at(ticket_id)}
        here.pop(person.id, None)
        # The newest stand last, here and among the tickets.
        self._here.pop(ticket_id, None)
        if doing is not Doing.LEFT:
            until = trio.current_time() + EXPIRES_S
            here[person.id] = Here(person.id, person.name, doing, until)
        while len(here) > MOST_PEOPLE:
            del here[next(iter(here))]
        if here:
            self._here[ticket_id] = here
        while len(self._here) > MOST_TICKETS:
            del self._here[next(iter(self._here))]
        self._changed(ticket_id)

    def at(self, ticket_id: str) -> list[Here]:
        """Return who is at a ticket; the one who was heard of last stands last."""
        now = trio.current_time()
        return [one for one in self._here.get(ticket_id, {}).values() if one.until > now]

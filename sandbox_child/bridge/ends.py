"""What one protocol brings to a bridge."""

from dataclasses import dataclass
from typing import Protocol

from sandbox_child.goplugin.happenings import Side


class Door(Protocol):
    """Where the program connects to the host."""

    def accept(self) -> int | None:
        """Return the descriptor of a new connection of the program's; None of another's."""


@dataclass(frozen=True, slots=True)
class Ends:
    """Ends of the connections to one program."""

    side: Side
    door: Door | None = None
    """None where everything goes over the one connection that there is."""

"""User ids of children, as root: never one that a living child has."""

from supervisor.process.errors import SpawnRefused

RANGE = 1_000
"""Users in a row from ``first_uid``; nothing else on the machine should use them."""


class Uids:
    """Users of one fork server's children. The longest unused comes first."""

    def __init__(self) -> None:
        self._taken: set[int] = set()
        self._next = 0

    def take(self, first: int) -> int:
        """Return a user that no living child has; raises SpawnRefused where all have one."""
        for step in range(RANGE):
            uid = first + (self._next + step) % RANGE
            if uid not in self._taken:
                self._next = (self._next + step + 1) % RANGE
                self._taken.add(uid)
                return uid
        raise SpawnRefused(f"all {RANGE:,} users from {first} on have a living process")

    def give_back(self, uid: int) -> None:
        """The child that had it has ended and was reaped."""
        self._taken.discard(uid)

"""Turns: what each person does goes one after another, while others go on.

For work that costs the server something: whoever asks for much at once waits for themselves.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trio


class Turns:
    """One lock for each person who is doing something, and none for anybody else."""

    def __init__(self) -> None:
        self._locks: dict[str, trio.Lock] = {}

    @asynccontextmanager
    async def of(self, person: str) -> AsyncIterator[None]:
        """Wait for this person's turn, and hold it."""
        lock = self._locks.setdefault(person, trio.Lock())
        try:
            async with lock:
                yield
        finally:
            # Nobody can have come between: these lines have no checkpoint.
            statistics = lock.statistics()
            if not statistics.locked and not statistics.tasks_waiting:
                self._locks.pop(person, None)

    def __len__(self) -> int:
        """Return how many people are at it."""
        return len(self._locks)

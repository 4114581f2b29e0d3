"""What every page reads and few people change: read once for each version of it, then kept.

The version is a row that triggers change with the tables (``versions_step``), read in the same
snapshot as everything else of a page. So what is kept is never older or newer than the rest, and
several processes over one database need not tell each other.
"""

import sqlite3
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """The newest value of one read, which must be immutable: many pages share it.

    Until a change of its topic it is the same object, so that what is made of it can be kept by
    its identity.
    """

    def __init__(self, topic: str, read: Callable[[sqlite3.Connection], T]) -> None:
        self._topic = topic
        self._read = read
        self._held: tuple[int, T] | None = None

    def read(self, connection: sqlite3.Connection) -> T:
        """Return the value as this connection's snapshot has it.

        For a reader's connection: on the writer's, it could keep what is rolled back later.
        """
        query = "SELECT number FROM versions WHERE topic = ?"
        (number,) = connection.execute(query, (self._topic,)).fetchone()
        held = self._held
        if held is None or held[0] != number:
            # Two threads may do this at once, and either result is right for its number.
            self._held = held = (number, self._read(connection))
        return held[1]

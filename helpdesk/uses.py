"""When credentials were used last: noted at once and written later, so that no reader waits."""

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Generic, TypeVar

from helpdesk.clock import rfc3339
from helpdesk.storage.database import Database

Key = TypeVar("Key")


class LastUses(Generic[Key]):
    """Uses that are not written yet, by a key of a table."""

    def __init__(self, database: Database, query: str) -> None:
        """``query`` stores a use; its parameters are the time and the key."""
        self._database = database
        self._query = query
        self._lock = threading.Lock()
        self._uses: dict[Key, datetime] = {}

    def note(self, key: Key, at: datetime) -> None:
        """Remember a use; on any thread, as a look (``storage.look``) has one of its own."""
        with self._lock:
            self._uses[key] = at

    def get(self, key: Key) -> datetime | None:
        """Return the last use that is not written yet."""
        return self._uses.get(key)

    def take(self) -> Mapping[Key, datetime]:
        """Return what was noted and forget it: somebody else will write it."""
        with self._lock:
            uses, self._uses = self._uses, {}
        return uses

    def add(self, uses: Mapping[Key, datetime]) -> None:
        """Note what another process has seen; the later use of a key counts."""
        with self._lock:
            for key, at in uses.items():
                self._uses[key] = max(at, self._uses.get(key, at))

    async def write(self) -> None:
        """Write what was noted. Where that fails, it is kept for the next time."""
        with self._lock:
            uses, self._uses = self._uses, {}
        if not uses:
            return
        values = [(rfc3339(at), key) for key, at in uses.items()]
        try:
            await self._database.write(lambda c: c.executemany(self._query, values).rowcount)
        except BaseException:
            with self._lock:
                self._uses = uses | self._uses
            raise

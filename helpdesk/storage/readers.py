"""Read-only connections, each used by one worker thread at a time.

Every read runs in a transaction of its own and so sees one state of the database from its first
statement to its last, whatever the writer does meanwhile (WAL). Must not know what is read.
"""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import trio

from helpdesk.errors import DatabaseClosed
from helpdesk.storage.connections import connect_reader

T = TypeVar("T")


class Readers:
    """At most ``size`` reads at once; connections are opened when first needed and kept."""

    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._idle: list[sqlite3.Connection] = []
        self._limiter = trio.CapacityLimiter(size)
        self._closed = False

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``job`` on a worker thread and return what it returns."""
        if self._closed:
            raise DatabaseClosed
        return await trio.to_thread.run_sync(self._read, job, limiter=self._limiter)

    def close(self) -> None:
        """Close every connection; call when no read is under way."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._take()
        try:
            connection.execute("BEGIN")
            return job(connection)
        finally:
            connection.rollback()
            self._give_back(connection)

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.pop()
        except IndexError:
            return connect_reader(self._path)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        if self._closed:
            connection.close()
        else:
            self._idle.append(connection)

"""``Database``: the Trio side of the storage.

Owns the writer thread and the readers, and brings what they finish back to the tasks that wait.
Must not know what is stored. Use::

    async with Database.open(path, migrations=[...]) as database:
        await database.write(lambda connection: connection.execute("INSERT …"))
"""

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import sqlite_utils
import trio
from sqlite_utils.migrations import Migrations

from helpdesk.errors import Conflict
from helpdesk.storage.connections import connect_writer
from helpdesk.storage.look import connection_of_look, run_look
from helpdesk.storage.readers import Readers
from helpdesk.storage.writer import Announcement, Job, Observer, Writer

T = TypeVar("T")

READERS = 4


_CLASHES = frozenset(
    {
        sqlite3.SQLITE_CONSTRAINT_UNIQUE,
        sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY,
        sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY,
    }
)
"""Conflict with existing data that a job did not check for first."""


class Database:
    """One SQLite database with a single writer."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._token = trio.lowlevel.current_trio_token()
        self._writer = Writer(connection, self._finished)
        self._readers = Readers(path, READERS)

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, path: Path, *, migrations: Sequence[Migrations] = ()
    ) -> "AsyncIterator[Database]":
        """Open ``path``, bring it up to date, and close it behind the block.

        All pending migrations are applied in one transaction: an upgrade happens whole or not.
        On leaving, writes that were submitted are finished first, whatever was cancelled.
        """
        connection = await trio.to_thread.run_sync(_prepare, path, migrations)
        database = cls(path, connection)
        database._writer.start()
        try:
            yield database
        finally:
            # The writer's connection is the last to close: only that one may then fold the
            # write-ahead log into the database, and leave one file.
            database._readers.close()
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(database._writer.stop)

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``job`` on the writer thread inside a transaction; return once it is durable.

        The job's changes are rolled back and its exception re-raised here when it raises.
        ``WriteFailed``: the transaction itself failed, nothing was kept.

        Cancellation: a job that has not begun is withdrawn; one that has begun is seen through, and
        its result is returned, so that a caller always knows.
        """
        if connection_of_look() is not None:
            raise RuntimeError("a look only reads; write before it or behind it")
        await trio.lowlevel.checkpoint_if_cancelled()
        pending = Job(job, trio.lowlevel.current_task())
        self._writer.submit(pending)

        def abort(_: object) -> trio.lowlevel.Abort:
            withdrawn = self._writer.withdraw(pending)
            return trio.lowlevel.Abort.SUCCEEDED if withdrawn else trio.lowlevel.Abort.FAILED

        try:
            return cast(T, await trio.lowlevel.wait_task_rescheduled(abort))
        except sqlite3.IntegrityError as exc:
            if exc.sqlite_errorcode not in _CLASHES:
                raise
            raise Conflict(
                "this conflicts with something that already exists",
                "choose another name, or check what exists",
            ) from exc

    async def read(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``job`` on a reader thread, on a read-only connection, over one snapshot.

        Inside of ``look`` the thread, the connection and the snapshot are those of the look.
        """
        connection = connection_of_look()
        return await self._readers.run(job) if connection is None else job(connection)

    async def look(self, reads: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run every read of ``reads()`` on one reader thread, over one snapshot.

        It may await ``read`` and nothing else; ``RuntimeError`` says so where it does.
        """
        return await self._readers.run(lambda connection: run_look(connection, reads))

    def observe_commits(self, observer: Observer) -> None:
        """Run ``observer`` on the writer thread behind every commit, before its writers are told.

        It may read through the connection it gets. What it returns, if anything, is called on the
        Trio thread: the place for wake-ups.
        """
        self._writer.observe(observer)

    def _finished(self, jobs: Sequence[Job], announcements: Sequence[Announcement]) -> None:
        """Run on the writer thread."""
        with contextlib.suppress(trio.RunFinishedError):
            self._token.run_sync_soon(_tell, jobs, announcements)


class ReadsOnly(Exception):
    """A database that was opened to be read was asked to write."""


class ReadDatabase(Database):
    """A database that another process writes: every connection to it is read-only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._readers = Readers(path, READERS)

    @classmethod
    @contextlib.asynccontextmanager
    async def reading(cls, path: Path) -> "AsyncIterator[ReadDatabase]":
        """Read ``path``, which exists and is up to date; close it behind the block."""
        database = cls(path)
        try:
            yield database
        finally:
            database._readers.close()

    async def write(self, job: Callable[[sqlite3.Connection], T]) -> T:  # noqa: ARG002
        """Raise ``ReadsOnly``."""
        raise ReadsOnly

    def observe_commits(self, observer: Observer) -> None:  # noqa: ARG002
        """Raise ``ReadsOnly``: its commits are made elsewhere."""
        raise ReadsOnly


def _tell(jobs: Sequence[Job], announcements: Sequence[Announcement]) -> None:
    for announce in announcements:
        announce()
    for job in jobs:
        trio.lowlevel.reschedule(job.waiter, job.result)


def _prepare(path: Path, migrations: Sequence[Migrations]) -> sqlite3.Connection:
    connection = connect_writer(path)
    try:
        connection.execute("BEGIN IMMEDIATE")
        wrapped = sqlite_utils.Database(connection, execute_plugins=False)
        for migration_set in migrations:
            migration_set.apply(wrapped)
        connection.execute("COMMIT")
    except BaseException:
        connection.close()
        raise
    return connection

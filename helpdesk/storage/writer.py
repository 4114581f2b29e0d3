"""The one thread that writes, and the group commit that makes it fast.

Owns the write connection. With ``synchronous=FULL`` a commit costs a trip to the disk, so all jobs
that wait are run in one transaction, each inside a savepoint of its own::

    BEGIN IMMEDIATE
      SAVEPOINT  job 1  RELEASE
      SAVEPOINT  job 2  raises -> ROLLBACK TO: undone alone, its caller gets the exception
      SAVEPOINT  job 3  RELEASE
    COMMIT                       -> only now does any caller learn that its job is done

Must not know of Trio: what is finished goes to a callback, on this thread.
"""

import collections
import contextlib
import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import outcome

from helpdesk.errors import DatabaseClosed, WriteFailed

MAX_BATCH = 512
"""Jobs in one transaction: bounds how long the first of them waits for the last."""

Announcement = Callable[[], None]
Observer = Callable[[sqlite3.Connection], Announcement | None]
"""Runs on the writer thread after each commit; what it returns runs on the Trio thread."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Job:
    """A piece of work for the writer, and later how it ended."""

    work: Callable[[sqlite3.Connection], Any]
    waiter: Any
    """The writer hands it back untouched: whom to tell."""
    result: Any = field(default=None)
    """An ``outcome.Outcome`` once it has run."""


class Writer:
    """Runs jobs in the order of their arrival until it is stopped."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        finished: Callable[[Sequence[Job], Sequence[Announcement]], None],
    ) -> None:
        self._connection = connection
        self._finished = finished
        self._observers: list[Observer] = []
        self._queue: collections.deque[Job] = collections.deque()
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._main, name="sqlite-writer", daemon=True)

    def start(self) -> None:
        """Start the thread; from here on the connection is its own."""
        self._thread.start()

    def observe(self, observer: Observer) -> None:
        """Run ``observer`` behind every commit from now on."""
        self._observers.append(observer)

    def submit(self, job: Job) -> None:
        """Queue a job. Raises ``DatabaseClosed`` once stopping has begun."""
        with self._changed:
            if self._stopping:
                raise DatabaseClosed
            self._queue.append(job)
            self._changed.notify()

    def withdraw(self, job: Job) -> bool:
        """Take back a job that has not begun; False when it is too late."""
        with self._changed:
            try:
                self._queue.remove(job)
            except ValueError:
                return False
            return True

    def stop(self) -> None:
        """Finish what is queued, close the connection, and end the thread; blocks until then."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()

    def _main(self) -> None:
        with contextlib.closing(self._connection):
            while batch := self._next_batch():
                announcements = self._commit(batch)
                self._finished(batch, announcements)

    def _next_batch(self) -> list[Job]:
        with self._changed:
            while not self._queue and not self._stopping:
                self._changed.wait()
            count = min(len(self._queue), MAX_BATCH)
            return [self._queue.popleft() for _ in range(count)]

    def _commit(self, batch: Sequence[Job]) -> list[Announcement]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            for job in batch:
                self._attempt(job)
            self._connection.execute("COMMIT")
        except BaseException as exc:
            self._fail(batch, exc)
            return []
        return self._announcements()

    def _attempt(self, job: Job) -> None:
        """Run one job; raise only when the whole transaction is gone with it."""
        self._connection.execute("SAVEPOINT job")
        job.result = outcome.capture(job.work, self._connection)
        if isinstance(job.result, outcome.Value):
            self._connection.execute("RELEASE job")
        elif self._connection.in_transaction:
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
        else:
            # A full disk or an I/O error makes SQLite roll back everything, the neighbours too.
            raise job.result.error

    def _fail(self, batch: Sequence[Job], cause: BaseException) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.rollback()
        for job in batch:
            if not isinstance(job.result, outcome.Error):
                failure = WriteFailed(cause)
                failure.__cause__ = cause
                job.result = outcome.Error(failure)

    def _announcements(self) -> list[Announcement]:
        made = []
        for observer in self._observers:
            try:
                announcement = observer(self._connection)
            except Exception:
                # The commit is durable: whoever wrote must not be told otherwise.
                _log.exception("an observer of commits failed")
            else:
                if announcement is not None:
                    made.append(announcement)
        return made

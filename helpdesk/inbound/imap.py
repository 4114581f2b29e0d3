"""The mailbox, watched: what comes is taken in, one message after another.

How far it has been read is kept by UID; a message is marked only when it has been taken in, so that
a stop in between brings it again, and it is taken once all the same. Blocking calls run on a worker
thread; when the task is cancelled, the connection is cut.
"""

import logging
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

import trio

from helpdesk.errors import LimitReached, StorageError
from helpdesk.inbound.intake import MAX_MESSAGE_BYTES, Intake
from helpdesk.inbound.mailbox import (
    MOST_AT_ONCE,
    MailboxAway,
    MailboxConnection,
    MailboxServer,
    Waiting,
)
from helpdesk.inbound.reading import ReaderAway
from helpdesk.mail import settings
from helpdesk.mail.oauth import NoToken, Tokens
from helpdesk.mail.settings import MailSettings, MailValues
from helpdesk.storage import sql
from helpdesk.storage.database import Database

T = TypeVar("T")

IDLE_S = 540.0
"""A server may forget a client that is quiet for half an hour, and networks sooner (RFC 2177)."""
POLL_S = 60.0
"""For servers that cannot tell of new mail."""
_STEP_S = 120.0
_PAUSES_S = (5.0, 15.0, 60.0, 300.0)
_ATTEMPTS = 3
"""At one message, before the next is looked at."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MailboxState:
    """How it goes, for admins."""

    is_connected: bool = False
    problem: str = ""


class MailboxWatch:
    """Watches the mailbox of the settings; run it beside the server."""

    def __init__(
        self, database: Database, mail: MailSettings, tokens: Tokens, intake: Intake
    ) -> None:
        self._database = database
        self._mail = mail
        self._tokens = tokens
        self._intake = intake
        self.state = MailboxState()
        self._failures: dict[int, int] = {}
        self._changed = trio.Event()
        mail.observe(self._wake)

    async def run(self) -> None:
        """Watch until cancelled."""
        failed = 0
        while True:
            self._changed = trio.Event()
            try:
                values = await self._mail.all()
                if values.incoming != settings.IMAP:
                    self.state = MailboxState()
                    await self._changed.wait()
                    continue
                await self._until_changed(values)
                failed = 0
            except (MailboxAway, ReaderAway, NoToken, StorageError) as exc:
                _log.warning("the mailbox is not read: %s", exc)
                self._tokens.forget()
                failed = await self._pause(failed, str(exc))
            except Exception as exc:
                # Whatever it is, it must not stop the server.
                _log.exception("the mailbox is not read")
                failed = await self._pause(failed, f"an internal error: {type(exc).__name__}")

    async def _pause(self, failed: int, problem: str) -> int:
        """Wait before the next attempt; return how many have failed in a row."""
        failed = 1 if self.state.is_connected else failed + 1
        self.state = MailboxState(problem=problem)
        with trio.move_on_after(_PAUSES_S[min(failed - 1, len(_PAUSES_S) - 1)]):
            await self._changed.wait()
        return failed

    def _wake(self) -> None:
        self._changed.set()

    async def test(self) -> int:
        """Connect once, to try the settings; return how many unread messages wait.

        Raises ``MailboxAway``, ``NoToken``.
        """
        connection = await self._connection(await self._mail.all())
        try:
            await _bounded(connection, connection.open)
            return len(await _bounded(connection, connection.waiting, None))
        finally:
            await _closed(connection)

    async def _until_changed(self, values: MailValues) -> None:
        """Take in what comes, until the settings change or the connection breaks."""
        connection = await self._connection(values)
        try:
            validity = await _bounded(connection, connection.open)
            name = f"{values.imap_user}@{values.imap_host}/{values.imap_folder}"
            self.state = MailboxState(is_connected=True)
            while not self._changed.is_set():
                while await self._take_all(connection, values, name, validity):
                    pass
                if not await self._waited(connection):
                    with trio.move_on_after(POLL_S):
                        await self._changed.wait()
        except MailboxAway:
            if not self._changed.is_set():
                raise
        finally:
            await _closed(connection)

    async def _waited(self, connection: MailboxConnection) -> bool:
        """Wait for something new, or for other settings."""

        async def look() -> None:
            await self._changed.wait()
            connection.abort()

        async with trio.open_nursery() as nursery:
            nursery.start_soon(look)
            can_tell = await _bounded(connection, connection.wait, IDLE_S, seconds=IDLE_S + _STEP_S)
            nursery.cancel_scope.cancel()
        return can_tell

    async def _take_all(
        self, connection: MailboxConnection, values: MailValues, name: str, validity: int
    ) -> bool:
        """Take in what waits; return whether there may be more."""
        after = await self._database.read(lambda c: _place(c, name, validity))
        newest = await _bounded(connection, connection.newest) if after is None else 0
        waiting = await _bounded(connection, connection.waiting, after)
        for each in waiting:
            if await self._take(connection, each):
                await _bounded(
                    connection, lambda uid: connection.done(uid, delete=_deletes(values)), each.uid
                )
            # What was unread before the mailbox was set up is taken in, and nothing else of then.
            if after is not None:
                await self._keep_place(name, validity, each.uid)
        if after is None and len(waiting) < MOST_AT_ONCE:
            await self._keep_place(name, validity, newest)
            return True
        return bool(waiting)

    async def _take(self, connection: MailboxConnection, each: Waiting) -> bool:
        """Take in one message; return whether that is done, or it stays where it is."""
        if each.size > MAX_MESSAGE_BYTES:
            _log.warning("a message of %d bytes is too large and was left", each.size)
            return False
        try:
            kept = await self._intake.keep(_pieces(connection, each))
            await self._intake.receive(kept.sha256)
        except LimitReached:
            _log.warning("a message is larger than its server says, and was left")
            return False
        except (MailboxAway, ReaderAway, StorageError):
            raise
        except Exception:
            failures = self._failures[each.uid] = self._failures.get(each.uid, 0) + 1
            _log.exception("a message was not taken in, attempt %d", failures)
            if failures < _ATTEMPTS:
                raise MailboxAway("a message could not be taken in") from None
            self._failures.pop(each.uid, None)
            return False
        self._failures.pop(each.uid, None)
        return True

    async def _keep_place(self, name: str, validity: int, uid: int) -> None:
        query = (
            "INSERT INTO mail_places (mailbox, validity, last_uid) VALUES (?, ?, ?)"
            " ON CONFLICT (mailbox) DO UPDATE SET validity = excluded.validity,"
            " last_uid = excluded.last_uid"
        )
        await self._database.write(lambda c: c.execute(query, (name, validity, uid)))

    async def _connection(self, values: MailValues) -> MailboxConnection:
        token = password = ""
        try:
            if values.imap_auth == "oauth":
                token = await self._tokens.get(values)
            else:
                password = await self._mail.secret("imap_password")
        except (NoToken, StorageError):
            raise
        except Exception as exc:  # the sealer's own errors: a key that is another
            raise MailboxAway(f"the password cannot be read: {exc}") from None
        return MailboxConnection(
            MailboxServer(
                values.imap_host,
                values.imap_port,
                values.imap_security,
                values.imap_user,
                password,
                token,
                values.imap_folder,
            )
        )


def _deletes(values: MailValues) -> bool:
    return values.imap_after == "delete"


def _place(connection: sqlite3.Connection, name: str, validity: int) -> int | None:
    """Return how far a mailbox was read; None where it is new, or was replaced."""
    query = "SELECT last_uid FROM mail_places WHERE mailbox = ? AND validity = ?"
    found: int | None = sql.scalar(connection, query, (name, validity))
    return found


async def _pieces(connection: MailboxConnection, each: Waiting) -> AsyncIterator[bytes]:
    start = 0
    while piece := await _bounded(connection, connection.piece, each.uid, start):
        start += len(piece)
        yield piece


async def _bounded(
    connection: MailboxConnection,
    act: Callable[..., T],
    *values: object,
    seconds: float = _STEP_S,
) -> T:
    """Run a blocking step on a worker thread; cut the connection where it takes too long."""
    result: list[T] = []
    problem: MailboxAway | None = None

    async def cut() -> None:
        try:
            await trio.sleep(seconds)
        finally:
            # Also where the task is cancelled: the thread must not go on waiting.
            if not result and problem is None:
                connection.abort()

    async def step() -> None:
        nonlocal problem
        with trio.CancelScope(shield=True):
            try:
                result.append(await trio.to_thread.run_sync(act, *values))
            except MailboxAway as exc:
                problem = exc
        nursery.cancel_scope.cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(cut)
        nursery.start_soon(step)
    if problem is not None:
        raise problem
    if not result:
        raise MailboxAway("it did not answer in time")
    return result[0]


async def _closed(connection: MailboxConnection) -> None:
    with trio.CancelScope(shield=True):
        await trio.to_thread.run_sync(connection.close)

"""Reads mail of strangers: a few processes, each message by one of them.

A message that ends its process, or takes too long, is read by its headers alone, in another. Where
that fails too, it is MailUnread.
"""

from collections.abc import AsyncIterable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol

import structlog
import trio

from sandbox_child.wire.mail import HEADERS, MAX_MESSAGE, WHOLE
from supervisor.limits import MIB
from supervisor.mail.errors import MailUnread, ReadingFailed
from supervisor.mail.process import MailProcess, Taker
from supervisor.process.cage import Cage
from supervisor.process.forkserver import ForkServer

PROCESSES = 2
"""At most; each is started when it is first needed, and takes some 40 MB."""
MESSAGES = 500
"""Messages that one process reads."""
LARGE = 4 * MIB
"""A message from here on is the last of its process, which gives its memory back."""
WHOLE_S = 30.0
HEADERS_S = 15.0
IDLE_S = 60.0
"""Processes that nobody has asked for so long are ended."""

log = structlog.get_logger("supervisor.mail")

OpenMessage = Callable[[], AbstractAsyncContextManager[AsyncIterable[bytes]]]


class Attempts(Protocol):
    """Makes what takes the result of an attempt, another for each."""

    def __call__(self) -> AbstractAsyncContextManager[Taker]:
        """Return what takes the result; what it took counts only where its block ends well."""
        ...


class MailReader:
    """All reading of mail of one server. Close it."""

    def __init__(self, fork_server: ForkServer, cage: Cage) -> None:
        self._fork_server = fork_server
        self._cage = cage
        self._free = trio.CapacityLimiter(PROCESSES)
        self._idle: list[MailProcess] = []
        self._used = 0.0

    async def read(self, message: OpenMessage, size: int, attempts: Attempts) -> None:
        """Read one message of ``size`` bytes; raises MailUnread."""
        if size > MAX_MESSAGE:
            raise MailUnread(
                f"it has {size:,} bytes; at most {MAX_MESSAGE:,} are read", for_good=True
            )
        async with self._free:
            try:
                await self._attempt(message, size, attempts, WHOLE)
            except ReadingFailed as exc:
                log.warning("mail_not_read_whole", size=size, reason=str(exc))
            else:
                return
            try:
                await self._attempt(message, size, attempts, HEADERS)
            except ReadingFailed as exc:
                raise MailUnread(f"the message cannot be read: {exc}", for_good=True) from None

    async def run(self) -> None:
        """End processes that have been idle for long, until cancelled."""
        while True:
            await trio.sleep(IDLE_S / 2)
            if self._idle and trio.current_time() - self._used > IDLE_S:
                await self._end_idle()

    async def aclose(self) -> None:
        """End the processes."""
        with trio.CancelScope(shield=True):
            await self._end_idle()

    async def _end_idle(self) -> None:
        while self._idle:
            await self._idle.pop().aclose()

    async def _attempt(self, message: OpenMessage, size: int, attempts: Attempts, how: int) -> None:
        process = await self._take()
        seconds = WHOLE_S if how == WHOLE else HEADERS_S
        keep = False
        try:
            async with attempts() as taker, message() as raw:
                await process.ask(raw, size, how, taker, seconds=seconds)
                keep = process.read < MESSAGES and size < LARGE
        finally:
            self._used = trio.current_time()
            if keep:
                self._idle.append(process)
            else:
                await process.aclose()

    async def _take(self) -> MailProcess:
        while self._idle:
            process = self._idle.pop()
            if not process.has_ended:
                return process
            await process.aclose()
        return await MailProcess.start(self._fork_server, self._cage)

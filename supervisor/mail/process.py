"""One mail process: asked one message at a time, and killed at the deadline.

A process reads mail of many strangers, one after another. It has no file, no network and nothing to
take along but memory, which it frees behind every message; after so many messages, or a large one,
another takes its place.
"""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Protocol, Self

import trio

from sandbox_child.wire.errors import WireError
from sandbox_child.wire.frames import encode_frame
from sandbox_child.wire.mail import (
    DOCUMENT,
    DONE,
    MAX_DOCUMENT,
    MAX_PART,
    MAX_PARTS,
    PIECE,
    PIECE_BYTES,
    READ,
    check_answer,
)
from sandbox_child.wire.messages import READY, RESULT, check_head
from sandbox_child.wire.spec import MailSpec
from supervisor.limits import MIB
from supervisor.mail.errors import MailUnread, ReadingFailed
from supervisor.process.cage import Cage
from supervisor.process.errors import ProcessError
from supervisor.process.forkserver import ForkServer
from supervisor.process.pipes import FrameReader, PipedChild, spawn_piped
from supervisor.text import clean_text

START_S = 30.0
DATA_BYTES = 640 * MIB
"""Private memory: the parser needs about eight times the largest message."""
ADDRESS_BYTES = DATA_BYTES + 5 * 1024 * MIB


class Taker(Protocol):
    """Takes what was read, as it comes."""

    async def document(self, packed: bytes) -> None:
        """Take the document, JSON; it comes before the files."""
        ...

    async def piece(self, index: int, data: bytes) -> None:
        """Take a piece of a file; all of one file come before those of the next."""
        ...


@dataclass
class MailProcess:
    """A running process; whoever has it must close it."""

    child: PipedChild
    frames: FrameReader
    read: int = 0
    """Messages that it has been asked to read."""

    @classmethod
    async def start(cls, fork_server: ForkServer, cage: Cage) -> Self:
        """Start one; raises MailUnread."""
        spec = MailSpec("mail", cage.mail(DATA_BYTES, ADDRESS_BYTES), MAX_DOCUMENT)
        try:
            child = await spawn_piped(fork_server, spec)
        except ProcessError as exc:
            raise MailUnread(f"no process to read mail: {exc}") from None
        process = cls(child, FrameReader(child, MAX_DOCUMENT))
        started = False
        try:
            with trio.fail_after(START_S):
                head, blob = await process.frames.next()
            if check_head(head, frozenset({READY, RESULT})) == RESULT:
                why = clean_text(blob.decode("utf-8", "replace"), 600)
                raise MailUnread(f"the process that reads mail could not start: {why}")
            started = True
        except (EOFError, WireError, trio.TooSlowError):
            status = await child.handle.reap()
            raise MailUnread(f"the process that reads mail did not start: {status}") from None
        finally:
            if not started:
                await child.aclose()
        return process

    @property
    def has_ended(self) -> bool:
        """Whether it cannot be asked any more."""
        return self.child.handle.has_ended()

    async def ask(
        self, raw: AsyncIterable[bytes], size: int, how: int, taker: Taker, *, seconds: float
    ) -> None:
        """Have one message read; raises ReadingFailed, after which the process must be closed."""
        self.read += 1
        try:
            with trio.fail_after(seconds):
                await self._send(raw, size, how)
                await self._receive(taker)
        except trio.TooSlowError:
            raise ReadingFailed(f"it took longer than {seconds:g} s") from None
        except (EOFError, trio.BrokenResourceError, trio.ClosedResourceError):
            raise ReadingFailed(f"the process ended: {await self.child.handle.reap()}") from None
        except WireError as exc:
            raise ReadingFailed(f"the process broke the protocol: {exc}") from None

    async def aclose(self) -> None:
        """Kill and reap it."""
        await self.child.aclose()

    async def _send(self, raw: AsyncIterable[bytes], size: int, how: int) -> None:
        to_child = self.child.to_child
        await to_child.send_all(encode_frame((READ, self.read, size, how)))
        left = size
        async for data in raw:
            for start in range(0, len(data), PIECE_BYTES):
                piece = data[start : start + PIECE_BYTES][:left]
                left -= len(piece)
                if piece:
                    await to_child.send_all(encode_frame((PIECE, self.read), piece))
        if left:
            raise ReadingFailed(f"the message lacks {left} of its {size} bytes")

    async def _receive(self, taker: Taker) -> None:
        head, blob = await self.frames.next()
        kind, parts = check_answer(head, self.read)
        if kind != DOCUMENT or parts > MAX_PARTS:
            raise ReadingFailed("it sent no document")
        await taker.document(blob)
        at, size = 0, 0
        while True:
            head, blob = await self.frames.next()
            kind, index = check_answer(head, self.read)
            if kind == DONE:
                break
            if kind == DOCUMENT or not at <= index < parts or not 0 < len(blob) <= PIECE_BYTES:
                raise ReadingFailed("it sent files in another way than announced")
            at, size = index, size + len(blob) if index == at else len(blob)
            if size > MAX_PART:
                raise ReadingFailed("it sent a file that is too large")
            await taker.piece(index, blob)
        if self.frames.has_more:
            raise ReadingFailed("it said more than it was asked")

"""A child and the two pipes to it, made together and released together.

Making one takes six steps that can each fail: two pipes, the fork server's answer, and a cancel
in between. Whatever fails, every descriptor that was opened is closed again, and a child that was
made is killed and reaped. Nothing else in the supervisor opens pipes to a child that it talks with.
"""

import os
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

from sandbox_child.wire.frames import Frame, FrameDecoder
from sandbox_child.wire.spec import ChildSpec
from supervisor.process.errors import ForkServerGone, SpawnRefused
from supervisor.process.forkserver import ForkServer
from supervisor.process.handle import ChildHandle

_READ_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class PipedChild:
    """A running child with the supervisor's ends of its pipes; whoever has it must close it."""

    handle: ChildHandle
    to_child: trio.lowlevel.FdStream
    from_child: trio.lowlevel.FdStream

    async def aclose(self) -> None:
        """Kill and reap the child and close both pipes; cannot be cancelled."""
        with trio.CancelScope(shield=True):
            await self.handle.reap()
            await self.to_child.aclose()
            await self.from_child.aclose()


class FrameReader:
    """Frames of one child, one after the other, each of at most ``max_blob`` bytes."""

    def __init__(self, child: PipedChild, max_blob: int) -> None:
        self._pipe = child.from_child
        self._decoder = FrameDecoder(max_blob)
        self._waiting: deque[Frame] = deque()

    @property
    def has_more(self) -> bool:
        """Whether a frame has come that was not asked for yet."""
        return bool(self._waiting)

    async def next(self) -> Frame:
        """Return the next frame; raises EOFError at the end, WireError for what is none."""
        while not self._waiting:
            data = await self._pipe.receive_some(_READ_BYTES)
            if not data:
                raise EOFError
            self._waiting.extend(self._decoder.feed(data))
        return self._waiting.popleft()


async def spawn_piped(
    fork_server: ForkServer, spec: ChildSpec, descriptors: Sequence[int] = ()
) -> PipedChild:
    """Make a child that reads one pipe and writes another; raises ProcessError.

    The child gets the end that it reads, the end that it writes, and copies of ``descriptors``,
    which stay the caller's, in this order. Where the fork server died in the middle of it, a second
    child is made, with fresh pipes: nothing that the first one may have written is taken for its.
    """
    try:
        return await _spawn(fork_server, spec, descriptors)
    except ForkServerGone as exc:
        if not exc.asked:
            raise
    return await _spawn(fork_server, spec, descriptors)


async def _spawn(
    fork_server: ForkServer, spec: ChildSpec, descriptors: Sequence[int]
) -> PipedChild:
    child_reads, we_write, we_read, child_writes = _two_pipes()
    to_child, from_child = trio.lowlevel.FdStream(we_write), trio.lowlevel.FdStream(we_read)
    try:
        handle = await fork_server.spawn(spec, [child_reads, child_writes, *descriptors])
    except BaseException:
        with trio.CancelScope(shield=True):
            await to_child.aclose()
            await from_child.aclose()
        raise
    finally:
        # The fork server has copies of its own by now; an end kept here would hide the other's end.
        os.close(child_reads)
        os.close(child_writes)
    return PipedChild(handle, to_child, from_child)


@asynccontextmanager
async def open_piped(
    fork_server: ForkServer, spec: ChildSpec, descriptors: Sequence[int] = ()
) -> AsyncIterator[PipedChild]:
    """Make a child as :func:`spawn_piped` does, and close it with the block."""
    child = await spawn_piped(fork_server, spec, descriptors)
    try:
        yield child
    finally:
        await child.aclose()


def _two_pipes() -> tuple[int, int, int, int]:
    ends: list[int] = []
    try:
        ends += os.pipe()
        ends += os.pipe()
    except OSError as exc:
        for end in ends:
            os.close(end)
        raise SpawnRefused(f"no pipe to talk to it: {exc.strerror}") from exc
    first, second, third, fourth = ends
    return first, second, third, fourth

"""The peers' side of the door: starts a peer program and asks it for figures.

A peer is a process that answers each line holding a count with a line holding a figure; see
``benchmarks/peers/protocol.py``. That way it shares nothing with what it is compared with, and may
be written in any language.
"""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import trio


class PeerBroken(Exception):
    """A peer ended, or said something that is no figure."""

    def __init__(self, name: str, said: bytes) -> None:
        super().__init__(f"the peer {name} answered {said!r}; expected a number on a line")


class Peer:
    """A running peer. Open it with :func:`open_peer`."""

    def __init__(self, name: str, process: trio.Process) -> None:
        self._name = name
        self._process = process

    async def ask(self, count: int) -> float:
        """Return its figure over ``count`` pieces of work."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        await stdin.send_all(b"%d\n" % count)
        said = b""
        while not said.endswith(b"\n"):
            chunk = await stdout.receive_some(4096)
            if not chunk:
                raise PeerBroken(self._name, said)
            said += chunk
        try:
            return float(said)
        except ValueError:
            raise PeerBroken(self._name, said) from None

    async def microseconds(self, count: int) -> float:
        """Return a figure that is a time, in us."""
        return await self.ask(count) * 1e6

    async def milliseconds(self, count: int) -> float:
        """Return a figure that is a time, in ms."""
        return await self.ask(count) * 1e3


def open_peer(module: str, *arguments: str) -> AbstractAsyncContextManager[Peer]:
    """Start ``benchmarks.peers.<module>``; its standard error is ours."""
    return open_program(module, sys.executable, "-m", f"benchmarks.peers.{module}", *arguments)


@asynccontextmanager
async def open_program(name: str, *command: str) -> AsyncIterator[Peer]:
    """Start a peer of any language; it is killed and reaped with the block."""
    process = await trio.lowlevel.open_process(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        yield Peer(name, process)
    finally:
        with trio.CancelScope(shield=True):
            process.kill()
            await process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    await stream.aclose()

"""What a program prints beside go-plugin's streams: its start, and a crash's last words.

It is read to its end, which comes as the process ends: what is in a pipe by then is not lost.
"""

from collections.abc import Callable
from contextlib import suppress

import trio

from supervisor.native.limits import NativeLimits

_READ_BYTES = 64 * 1024
_LAST_LINES = 5
_END_S = 1.0
"""For what an ended process has left in its pipes: 64 KiB each, and nobody else has them."""


class Printed:
    """Both streams of one program, line by line; few lines, and the beginning of each alone."""

    def __init__(self, limits: NativeLimits, tell: Callable[[str], None]) -> None:
        self._limits = limits
        self._tell = tell
        self._lines: list[str] = []
        self._told = 0
        self._drains: dict[trio.CancelScope, trio.Event] = {}

    def last(self) -> str:
        """Return the last lines, on one."""
        return " / ".join(self._lines)[-1000:]

    async def drain(self, stream: trio.lowlevel.FdStream) -> None:
        """Read to the end. Shielded: whoever starts this must call :meth:`finish`."""
        with trio.CancelScope(shield=True) as scope:
            self._drains[scope] = ended = trio.Event()
            try:
                await self._read(stream)
            finally:
                ended.set()

    async def wait_ended(self) -> None:
        """Return once all that is drained has come to its end, as the process has."""
        for ended in list(self._drains.values()):
            await ended.wait()

    async def finish(self) -> None:
        """Read what the process, which has ended, has left behind."""
        with trio.CancelScope(shield=True, deadline=trio.current_time() + _END_S):
            await self.wait_ended()
        for scope in self._drains:
            scope.cancel()

    async def _read(self, stream: trio.lowlevel.FdStream) -> None:
        begun = bytearray()
        with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
            while data := await stream.receive_some(_READ_BYTES):
                *whole, rest = data.split(b"\n")
                for part in whole:
                    self._line(bytes(begun + part))
                    begun.clear()
                begun += rest[: max(0, self._limits.line_bytes - len(begun))]
        self._line(bytes(begun))

    def _line(self, line: bytes) -> None:
        text = line[: self._limits.line_bytes].decode("utf-8", "replace").strip()
        if not text:
            return
        # The first lines of a crash say more than the hundreds that follow them.
        if len(self._lines) < _LAST_LINES:
            self._lines.append(text[:300])
        if self._told < self._limits.lines:
            self._told += 1
            self._tell(text)

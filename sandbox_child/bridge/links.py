"""One connection to the program, perhaps under TLS."""

import os
import select
from typing import TYPE_CHECKING

from sandbox_child.goplugin.happenings import Side

if TYPE_CHECKING:
    from sandbox_child.goplugin.tls import TlsLink

_READ_BYTES = 64 * 1024
_NOTHING = memoryview(b"")


class Link:
    """Reads and writes one connected socket, which is its own."""

    def __init__(self, number: int, descriptor: int, tls: "TlsLink | None") -> None:
        self.number = number
        self.descriptor = descriptor
        self.watched = 0
        """Events that the loop waits for."""
        self._tls = tls
        self._unwritten = _NOTHING
        self._is_deaf = False

    @property
    def wanted(self) -> int:
        """Events to wait for."""
        return select.POLLIN | select.POLLOUT if self._unwritten else select.POLLIN

    @property
    def has_ended(self) -> bool:
        """Whether the program has said that it sends no more."""
        return self._tls is not None and self._tls.ended

    def write(self, side: Side) -> None:
        """Write what waits, as far as the socket has room for it."""
        if not self._unwritten:
            data = side.output(self.number)
            if self._tls is not None:
                data = self._tls.output(data)
            if not data or self._is_deaf:
                return
            self._unwritten = memoryview(data)
        try:
            written = os.write(self.descriptor, self._unwritten)
        except BlockingIOError:
            return
        except (BrokenPipeError, ConnectionResetError):
            # What it sent before its end is still to be read, its last lines among it.
            self._is_deaf, self._unwritten = True, _NOTHING
            return
        self._unwritten = self._unwritten[written:]

    def read(self) -> bytes | None:
        """Return what the program has sent; None once it sends no more."""
        try:
            data = os.read(self.descriptor, _READ_BYTES)
        except BlockingIOError:
            return b""
        except ConnectionResetError:
            return None
        if not data:
            return None
        return self._tls.feed(data) if self._tls is not None else data

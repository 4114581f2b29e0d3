"""Messages between the serving process and a page process, over one pair of Unix sockets.

One message is one packet (``SOCK_SEQPACKET``), so that none is read in part; a connection's
descriptor goes along with it. Nobody else can reach the pair: it has no address.
"""

import os
import socket
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import trio

from helpdesk.settings import SettingValues
from webapp.config import KIB, WebConfig

MOST_BYTES = 96 * KIB
"""One message."""
_BUFFER_BYTES = 1024 * KIB


class Begin(msgspec.Struct, frozen=True, tag=True):
    """The first message to a page process: what it serves."""

    database: str
    config: WebConfig
    defaults: SettingValues
    log_level: str


class Lend(msgspec.Struct, frozen=True, tag=True):
    """To a page process, with a descriptor: a connection, and the request that it begins with."""

    id: int
    said: bytes
    address: str
    credential: bytes
    """Digest of the credential that the request shows, which was good a moment ago."""
    person: str
    """Whose it is."""


class Abort(msgspec.Struct, frozen=True, tag=True):
    """To a page process: a connection has to give way to another."""

    id: int


class Stop(msgspec.Struct, frozen=True, tag=True):
    """To a page process: finish what is under way, and end."""


class Ready(msgspec.Struct, frozen=True, tag=True):
    """From a page process: it takes connections."""


class Back(msgspec.Struct, frozen=True, tag=True):
    """From a page process, with a descriptor: a connection, and a request not answered."""

    id: int
    said: bytes


class Ended(msgspec.Struct, frozen=True, tag=True):
    """From a page process: a connection has been closed."""

    id: int


class Counted(msgspec.Struct, frozen=True, tag=True):
    """From a page process, each second: what it has answered, and the sessions that were used."""

    requests: Sequence[tuple[str, str, str, float]]
    """Part of the app, method, status, and seconds until the response began."""
    uses: Sequence[tuple[bytes, datetime]]
    """Digests of session tokens, each with its last use."""


ToPages = Begin | Lend | Abort | Stop
FromPages = Ready | Back | Ended | Counted
Message = ToPages | FromPages


class Full(Exception):
    """The other process does not read as fast as it is written to."""


class Link:
    """One end of the pair; ``receives`` says which messages come in: a union of them."""

    def __init__(self, sock: socket.socket, receives: Any) -> None:
        sock.setblocking(False)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)
        self._socket = sock
        self._decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(receives)
        self._waiting = deque[tuple[bytes, int]]()
        self._writable = trio.Event()

    def send_at_once(self, message: Message, descriptor: int = -1) -> None:
        """Send now, or raise ``Full``; ``OSError`` where the other end has gone."""
        if self._waiting:
            raise Full
        try:
            self._send(msgspec.msgpack.encode(message), descriptor)
        except BlockingIOError:
            raise Full from None

    def send(self, message: Message, descriptor: int = -1) -> None:
        """Send now or soon, in order; :meth:`run` must run. Bounded by who calls."""
        data = msgspec.msgpack.encode(message)
        if not self._waiting:
            try:
                self._send(data, descriptor)
            except BlockingIOError:
                pass
            except OSError:
                return  # the other end has gone, and so will this one
            else:
                return
        self._waiting.append((data, os.dup(descriptor) if descriptor >= 0 else -1))
        self._writable.set()

    async def run(self) -> None:
        """Send what had to wait, until cancelled."""
        while True:
            await self._writable.wait()
            self._writable = trio.Event()
            while self._waiting:
                await trio.lowlevel.wait_writable(self._socket)
                data, descriptor = self._waiting[0]
                try:
                    self._send(data, descriptor)
                except BlockingIOError:
                    continue
                except OSError:
                    return  # the other end has gone, and so will this one
                self._waiting.popleft()
                if descriptor >= 0:
                    os.close(descriptor)

    async def receive(self) -> tuple[Message, int] | None:
        """Return the next message and its descriptor (-1 for none); None at the end.

        Raises ``msgspec.DecodeError`` for what is no message.
        """
        while True:
            try:
                data, descriptors, _, _ = socket.recv_fds(
                    self._socket, MOST_BYTES, 1, socket.MSG_CMSG_CLOEXEC
                )
            except BlockingIOError:
                await trio.lowlevel.wait_readable(self._socket)
                continue
            except ConnectionError:
                return None
            if not data:
                return None
            try:
                message = self._decoder.decode(data)
            except msgspec.DecodeError:
                for descriptor in descriptors:
                    os.close(descriptor)
                raise
            return message, descriptors[0] if descriptors else -1

    def close(self) -> None:
        """Close this end, and what waits to be sent."""
        while self._waiting:
            _, descriptor = self._waiting.popleft()
            if descriptor >= 0:
                os.close(descriptor)
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
        self._socket.close()

    def _send(self, data: bytes, descriptor: int) -> None:
        socket.send_fds(self._socket, [data], [descriptor] if descriptor >= 0 else [])

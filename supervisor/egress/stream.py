# httpcore's signatures bring arguments, timeouts among them, that have no use here.
# ruff: noqa: ARG002, ASYNC109
"""One connection to checked addresses, as the network backend of httpcore.

:class:`PinnedConnection` owns the socket. It is made for one request with the addresses that were
checked; the host that httpcore names is used for nothing but TLS. It has no means to resolve a
name. Whatever happens in between (a cancelled handshake, an answer that is cut off), leaving its
``with`` block closes the socket.

Knows nothing of URLs, headers or plugins.
"""

import os
import socket
import ssl
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Any, Self

import httpcore
import trio

from supervisor.egress.addresses import IPAddress
from supervisor.egress.errors import ConnectionFailed, RequestFailed, TlsFailed

STAGGER_S = 0.25
"""Head start of an address over the next one (RFC 8305 calls it the connection attempt delay)."""

MAX_ATTEMPTS = 6
"""Addresses that are tried at most."""

READ_BYTES = 8 * 1024
"""Bytes of one read: what is parsed between two chances for other tasks to run.

A server can make each byte expensive, by chunks of one byte or a flood of interim answers.
"""


class WireBudget:
    """How many bytes may still be read, and why reading ends where they are used up.

    Reading is ended by making the stream fail, because httpcore's generators must run to their end:
    one that is left half-way would be found, and closed late, by the garbage collector.
    """

    def __init__(self, size: int, exceeded: RequestFailed) -> None:
        self._left = size
        self._failure: RequestFailed | None = None
        self._exceeded = exceeded

    def replace(self, size: int, exceeded: RequestFailed) -> None:
        """Begin a new count of ``size`` bytes, for the next part of the answer."""
        self._left = size
        self._exceeded = exceeded

    def fail(self, failure: RequestFailed) -> None:
        """Make the next read raise ``failure``."""
        self._failure = self._failure or failure

    def check(self) -> None:
        """Raise what ended the reading, if anything did."""
        if self._failure is not None:
            raise self._failure

    def spend(self, size: int) -> None:
        """Count bytes that were read."""
        self._left -= size
        if self._left < 0:
            self.fail(self._exceeded)
        self.check()


class PinnedConnection(httpcore.AsyncNetworkBackend):
    """Connects to the first of the checked addresses that answers; once."""

    def __init__(
        self, host: str, port: int, addresses: Sequence[IPAddress], budget: WireBudget
    ) -> None:
        self._host = host
        self._port = port
        self._addresses = addresses[:MAX_ATTEMPTS]
        self.budget = budget
        self.address: IPAddress | None = None
        """The address that was connected."""
        self.sent_bytes = 0
        self.received_bytes = 0
        self._socket: trio.socket.SocketType | None = None
        self._failures: list[OSError] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._socket is not None:
            self._socket.close()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the checked addresses; what httpcore asks for is not listened to."""
        async with trio.open_nursery() as nursery:
            for address in self._addresses:
                failed = trio.Event()
                nursery.start_soon(self._attempt, address, failed, nursery.cancel_scope)
                with trio.move_on_after(STAGGER_S):
                    await failed.wait()
        if self._socket is None:
            raise self.failed(_words(self._failures))
        return _Stream(trio.SocketStream(self._socket), self)

    def failed(self, why: str) -> ConnectionFailed:
        """Return the error that says that this connection failed."""
        return ConnectionFailed(self._host, self._port, why)

    def tls_failed(self, why: str) -> TlsFailed:
        """Return the error that says that this connection is not secure."""
        return TlsFailed(self._host, self._port, why)

    async def _attempt(
        self, address: IPAddress, failed: trio.Event, others: trio.CancelScope
    ) -> None:
        family = socket.AF_INET if address.version == 4 else socket.AF_INET6
        try:
            sock = trio.socket.socket(family, socket.SOCK_STREAM)
            try:
                await sock.connect((str(address), self._port))
                if self._socket is None:
                    self._socket = sock
                    self.address = address
                    others.cancel()
            finally:
                if self._socket is not sock:
                    sock.close()
        except OSError as error:
            self._failures.append(error)
            failed.set()


class _Stream(httpcore.AsyncNetworkStream):
    """Counts what passes, and speaks in this package's errors.

    Timeouts are unused: the deadline is the caller's cancel scope.
    """

    def __init__(
        self, stream: trio.SocketStream | trio.SSLStream[trio.SocketStream], owner: PinnedConnection
    ) -> None:
        self._stream = stream
        self._owner = owner

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,
    ) -> bytes:
        self._owner.budget.check()
        try:
            data = bytes(await self._stream.receive_some(min(max_bytes, READ_BYTES)))
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise self._owner.failed(
                "the server closed it before the response was complete"
            ) from error
        self._owner.received_bytes += len(data)
        self._owner.budget.spend(len(data))
        return data

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,
    ) -> None:
        if not buffer:
            return
        try:
            await self._stream.send_all(buffer)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            # httpcore goes on to read: a server may answer early and close its ear.
            raise httpcore.WriteError("the server stopped reading") from error
        self._owner.sent_bytes += len(buffer)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        if not isinstance(self._stream, trio.SocketStream):
            raise self._owner.tls_failed("it is already on")
        secured = trio.SSLStream(
            self._stream, ssl_context, server_hostname=server_hostname, https_compatible=True
        )
        try:
            await secured.do_handshake()
        except trio.BrokenResourceError as error:
            raise self._owner.tls_failed(_tls_words(error.__cause__)) from error
        return _Stream(secured, self._owner)

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return None


def _words(failures: Sequence[OSError]) -> str:
    """Say why each attempt failed: the system's words, without addresses or doubles."""
    said = dict.fromkeys(
        # Trio's own strerror repeats the address.
        os.strerror(error.errno) if error.errno else type(error).__name__
        for error in failures
    )
    return "; ".join(said) or "no address was tried"


def _tls_words(cause: BaseException | None) -> str:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not accepted: {cause.verify_message}"
    if isinstance(cause, ssl.SSLError):
        return (cause.reason or "the handshake failed").replace("_", " ").lower()
    return "the server closed the connection during the handshake"

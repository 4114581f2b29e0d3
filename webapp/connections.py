"""TCP connections, each bounded: how many there are, how long a peer may be waited for, its end.

Hypercorn's protocol classes do the HTTP; this takes the place of its ``TCPServer``, which waits for
a peer without a limit (a shielded send, a reader parked beside a stream that was closed): see
``docs/upstream/hypercorn.md``. Here a connection is one cancel scope. It is cancelled when a send
breaks or takes too long, when its peer has gone and the app does not finish, and when the server
stops; whatever is left then is closed under it. Must not know what the app does.
"""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.worker_context import TrioSingleTask, WorkerContext
from hypercorn.typing import AppWrapper, ConnectionState
from hypercorn.utils import parse_socket_addr

SEND_S = 20.0
"""A peer that has not taken what was sent by then is gone."""
AFTER_EOF_S = 60.0
"""Time for the app to finish for a peer that sends no more, in seconds."""
_READ_BYTES = 64 * 1024
_log = logging.getLogger(__name__)


class Http1(H11Protocol):
    """HTTP/1.1 alone: no upgrade to HTTP/2, and none to a WebSocket."""

    async def _check_protocol(self, event) -> None:  # type: ignore[no-untyped-def]
        """Upgrade nothing: RFC 9110, 7.8, lets a server ignore an Upgrade."""

    async def _create_stream(self, request) -> None:  # type: ignore[no-untyped-def]
        wanted = b",".join(value for name, value in request.headers if name == b"upgrade").lower()
        if b"websocket" in wanted or request.http_version == b"2.0":
            await self._send_error_response(505 if request.http_version == b"2.0" else 400)
            await self.send(Closed())
            return
        await super()._create_stream(request)


@dataclass(slots=True)
class Connections:
    """All connections of one server, and the bounds on how many there are."""

    most: int
    """In all."""
    most_per_address: int | None
    """From one address; None where a proxy stands in front, whose address all of them have."""
    refused: int = 0
    _open: dict["Connection", str] = field(default_factory=dict)
    """By age, each with its peer's address."""
    _per_address: Counter[str] = field(default_factory=Counter)

    def __len__(self) -> int:
        return len(self._open)

    def admit(self, connection: "Connection", address: str) -> bool:
        """Take a connection in, at the cost of another where there are too many.

        Whoever holds the most connections loses the oldest of them; so nobody can keep the others
        out by holding many.
        """
        mine = self._per_address[address]
        if self.most_per_address is not None and mine >= self.most_per_address:
            self.refused += 1
            return False
        if len(self._open) >= self.most:
            greedy, count = self._per_address.most_common(1)[0]
            if mine >= count and self.most_per_address is not None:
                self.refused += 1
                return False
            oldest = next(one for one, whose in self._open.items() if whose == greedy)
            oldest.abort()
            self.leave(oldest)
        self._open[connection] = address
        self._per_address[address] += 1
        return True

    def leave(self, connection: "Connection") -> None:
        """Forget a connection that has ended."""
        address = self._open.pop(connection, None)
        if address is not None:
            self._per_address[address] -= 1
            if not self._per_address[address]:
                del self._per_address[address]

    def abort_all(self) -> None:
        """End every connection at once, whatever it waits for."""
        for connection in list(self._open):
            connection.abort()


class Connection:
    """One accepted connection."""

    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        context: WorkerContext,
        stream: trio.SocketStream,
        *,
        http2: bool,
    ) -> None:
        self._app = app
        self._config = config
        self._context = context
        self._stream = stream
        self._http2 = http2
        self._scope = trio.CancelScope()
        self._send_lock = trio.Lock()
        self._idle = TrioSingleTask()

    async def serve(self, connections: Connections) -> None:
        """Serve requests until either side has had enough; raises nothing but Cancelled."""
        try:
            socket = self._stream.socket
            peer = parse_socket_addr(socket.family, socket.getpeername())
            here = parse_socket_addr(socket.family, socket.getsockname())
            if connections.admit(self, peer[0] if peer else ""):
                with self._scope:
                    await self._run(peer, here)
        except* (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the peer has gone
        except* Exception:
            _log.exception("a connection failed")
        finally:
            connections.leave(self)
            await trio.aclose_forcefully(self._stream)

    def abort(self) -> None:
        """End at once: whoever waits for the peer, shielded or not, waits no longer."""
        self._scope.cancel()
        self._stream.socket.close()

    async def _run(self, peer: tuple[str, int] | None, here: tuple[str, int] | None) -> None:
        async with TaskGroup() as self._tasks:
            self._protocol = self._make_protocol(peer, here)
            await self._protocol.initiate()
            await self._idle.restart(self._tasks, self._close_when_idle)
            await self._read()

    def _make_protocol(
        self, peer: tuple[str, int] | None, here: tuple[str, int] | None
    ) -> ProtocolWrapper | H11Protocol:
        state = ConnectionState({})
        around = (self._app, self._config, self._context, self._tasks, state)
        if self._http2:
            return ProtocolWrapper(*around, False, peer, here, self._send, "http/1.1")
        return Http1(*around, False, peer, here, self._send)

    async def _read(self) -> None:
        data = b"-"
        while data:
            try:
                data = await self._stream.receive_some(_READ_BYTES)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                break
            await self._protocol.handle(RawData(bytes(data)))
        self._scope.deadline = trio.current_time() + AFTER_EOF_S
        await self._protocol.handle(Closed())
        # No next request will come to wait for.
        await self._idle.stop()

    async def _send(self, event: Event) -> None:
        if isinstance(event, RawData):
            await self._send_bytes(event.data)
        elif isinstance(event, Closed):
            await self._close()
            await self._protocol.handle(Closed())
        elif isinstance(event, Updated):
            if event.idle:
                await self._idle.restart(self._tasks, self._close_when_idle)
            else:
                await self._idle.stop()

    async def _send_bytes(self, data: bytes) -> None:
        # Shielded, so that an answer is whole or its connection is at its end.
        with trio.CancelScope(shield=True) as patience:
            patience.deadline = trio.current_time() + SEND_S
            try:
                async with self._send_lock:
                    await self._stream.send_all(data)
            except (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
                self._scope.cancel()
        if patience.cancelled_caught:
            self.abort()

    async def _close(self) -> None:
        with suppress(
            OSError, trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError
        ):
            await self._stream.send_eof()
        await self._stream.aclose()

    async def _close_when_idle(self) -> None:
        with trio.move_on_after(self._config.keep_alive_timeout):
            await self._context.terminated.wait()
        with trio.CancelScope(shield=True) as patience:
            patience.deadline = trio.current_time() + SEND_S
            await self._protocol.handle(Closed())
            await self._stream.aclose()


Handler = Callable[[trio.SocketStream], Awaitable[None]]


def connection_handler(
    app: AppWrapper,
    config: Config,
    context: WorkerContext,
    connections: Connections,
    *,
    http2: bool,
) -> Handler:
    """Return what ``trio.serve_listeners`` calls for each accepted connection."""

    async def handle(stream: trio.SocketStream) -> None:
        await Connection(app, config, context, stream, http2=http2).serve(connections)

    return handle

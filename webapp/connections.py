"""TCP connections, each bounded: how many there are, how long a peer may be waited for, its end.

Hypercorn's protocol classes do the HTTP; this takes the place of its ``TCPServer``, which waits for
a peer without a limit (a shielded send, a reader parked beside a stream that was closed): see
``docs/upstream/hypercorn.md``. Here a connection is one cancel scope. It is cancelled when a send
breaks or takes too long, when its peer has gone and the app does not finish, and when the server
stops; whatever is left then is closed under it. Must not know what the app does.

A connection belongs to a stranger until it has shown the credential of somebody. What strangers
send is taken apart a piece at a time, in turns that go round between their addresses, and where
connections become too many, the oldest of a stranger gives way.
"""

import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import h11
import trio
from hypercorn.config import Config
from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol import ProtocolWrapper
from hypercorn.protocol.h11 import H11Protocol
from hypercorn.trio.task_group import TaskGroup
from hypercorn.trio.worker_context import TrioSingleTask, WorkerContext
from hypercorn.typing import AppWrapper, ConnectionState
from hypercorn.utils import parse_socket_addr

from webapp.admission.exchanges import Admission
from webapp.http1 import Http1

SEND_S = 20.0
"""A peer that has not taken what was sent by then is gone."""
DRAIN_S = 5.0
"""So long, the rest of a request is dropped whose answer has been sent."""
AFTER_EOF_S = 60.0
"""Time for the app to finish for a peer that sends no more, in seconds."""
MOST_PER_PERSON = 64
"""Connections of one person; without effect behind a proxy."""
_READ_BYTES = 64 * 1024
_STRANGERS_READ_BYTES = 16 * 1024
_DRAINED_BYTES = 256 * 1024
_log = logging.getLogger(__name__)


class Admissible(Protocol):
    """A connection, as far as the bounds on connections know one."""

    def abort(self) -> None:
        """End at once."""


@dataclass(slots=True)
class Connections:
    """All connections of one server, and the bounds on how many there are."""

    most: int
    """In all."""
    most_per_address: int | None
    """From one address; None where a proxy stands in front, whose address all of them have."""
    evicted: int = 0
    """How many have had to give way."""
    _strangers: dict[str, dict[Admissible, None]] = field(default_factory=dict)
    """By address, each by age."""
    _people: dict[str, dict[Admissible, None]] = field(default_factory=dict)
    """By person, each by age."""
    _groups: dict[Admissible, tuple[dict[str, dict[Admissible, None]], str]] = field(
        default_factory=dict
    )

    def __len__(self) -> int:
        return len(self._groups)

    def admit(self, connection: Admissible, address: str) -> None:
        """Take a connection in, at the cost of another where there are too many.

        The oldest of the same address gives way where that has too many, else the oldest of
        whoever has the most, strangers first. So nobody keeps others out by holding connections,
        and somebody who shares an address with such a one still gets in.
        """
        mine = self._strangers.get(address, {})
        if self.most_per_address is not None and len(mine) >= self.most_per_address:
            self._evict(mine)
        elif len(self._groups) >= self.most:
            self._evict(max((self._strangers or self._people).values(), key=len))
        self._put(connection, self._strangers, address)

    def trust(self, connection: Admissible, person: str) -> None:
        """Count a connection as a person's, which strangers' connections no longer push out."""
        groups, key = self._groups.get(connection, (self._people, person))
        if groups is self._people and key == person:
            return
        self.leave(connection)
        theirs = self._people.get(person, {})
        if len(theirs) >= MOST_PER_PERSON and self.most_per_address is not None:
            self._evict(theirs)
        self._put(connection, self._people, person)

    def has(self, connection: Admissible) -> bool:
        """Tell whether a connection is among them: it has neither ended nor given way."""
        return connection in self._groups

    def leave(self, connection: Admissible) -> None:
        """Forget a connection that has ended."""
        groups, key = self._groups.pop(connection, (None, ""))
        if groups is not None:
            del groups[key][connection]
            if not groups[key]:
                del groups[key]

    def abort_all(self) -> None:
        """End every connection at once, whatever it waits for."""
        for connection in list(self._groups):
            connection.abort()

    def _put(
        self, connection: Admissible, groups: dict[str, dict[Admissible, None]], key: str
    ) -> None:
        groups.setdefault(key, {})[connection] = None
        self._groups[connection] = groups, key

    def _evict(self, group: dict[Admissible, None]) -> None:
        oldest = next(iter(group))
        self.evicted += 1
        self.leave(oldest)
        oldest.abort()


class Elsewhere(Protocol):
    """Another process, which may have a connection between two requests."""

    def take(self, descriptor: int, said: bytes, address: str, connection: "Connection", /) -> bool:
        """Take a duplicate of a connection that ``said`` was read of; False: it stays here."""

    def give_back(self, descriptor: int, said: bytes) -> None:
        """Take the connection in any case: its request cannot be answered here."""


class Connection:
    """One accepted connection."""

    def __init__(
        self,
        app: AppWrapper,
        config: Config,
        context: WorkerContext,
        stream: trio.SocketStream,
        connections: Connections,
        *,
        admission: Admission,
        http2: bool,
        elsewhere: Elsewhere | None = None,
        begins_here: bool = True,
    ) -> None:
        """``begins_here``: whether its first request is served whatever ``elsewhere`` says."""
        self._elsewhere = elsewhere
        self._stays = begins_here
        self._goes_back = False
        self._unanswered = b""
        """What has arrived of the request that is worked on, and of the next."""
        self._at_rest = trio.Event()
        """Set while no request is worked on; the next may then go elsewhere."""
        self._connections = connections
        self._admission = admission
        # Behind a proxy all of them are its own: there the order is that of requests alone.
        self._is_trusted = connections.most_per_address is None
        self._app = app
        self._config = config
        self._context = context
        self._stream = stream
        self._http2 = http2
        self._scope = trio.CancelScope()
        self._reading = trio.CancelScope()
        self._must_drain = False
        self._send_lock = trio.Lock()
        self._idle = TrioSingleTask()

    async def serve(self, said: bytes, address: str, person: str | None) -> None:
        """Serve requests until either side has had enough; raises nothing but Cancelled.

        ``said`` is the first that the peer has sent, and ``person`` who was recognized by it.
        """
        try:
            sock = self._stream.socket
            peer = parse_socket_addr(sock.family, sock.getpeername())
            here = parse_socket_addr(sock.family, sock.getsockname())
            self._address = address
            self._connections.admit(self, address)
            if person is not None:
                self.trust(person)
            with self._scope:
                await self._run(said, peer, here)
        except* (OSError, trio.BrokenResourceError, trio.ClosedResourceError):
            pass  # the peer has gone
        except* Exception:
            _log.exception("a connection failed")
        finally:
            self._connections.leave(self)
            await trio.aclose_forcefully(self._stream)

    def abort(self) -> None:
        """End at once: whoever waits for the peer, shielded or not, waits no longer."""
        self._scope.cancel()
        self._stream.socket.close()

    def give_back(self) -> None:
        """Let the other process answer the request: nothing of an answer has been sent."""
        self._goes_back = True
        # Whoever reads does it, who knows all that has arrived.
        self._reading.cancel()

    def trust(self, person: str) -> None:
        """Take this connection for a person's: a request on it has shown who they are."""
        self._is_trusted = True
        self._connections.trust(self, person)

    async def _receive(self) -> bytes:
        """Return what arrives next; what a stranger sends when it is their turn."""
        if self._is_trusted:
            return bytes(await self._stream.receive_some(_READ_BYTES))
        data = bytes(await self._stream.receive_some(_STRANGERS_READ_BYTES))
        if data:
            if (person := self._admission.known.person_in(data)) is not None:
                self.trust(person)
            else:
                await self._admission.pieces.turn(self._address)
        return data

    async def _run(
        self, begin: bytes, peer: tuple[str, int] | None, here: tuple[str, int] | None
    ) -> None:
        async with TaskGroup() as self._tasks:
            self._protocol = self._make_protocol(peer, here)
            await self._protocol.initiate()
            await self._idle.restart(self._tasks, self._close_when_idle)
            await self._read(begin)

    def _make_protocol(
        self, peer: tuple[str, int] | None, here: tuple[str, int] | None
    ) -> ProtocolWrapper | H11Protocol:
        state = ConnectionState({"connection": self})
        around = (self._app, self._config, self._context, self._tasks, state)
        if self._http2:
            return ProtocolWrapper(*around, False, peer, here, self._send, "http/1.1")
        return Http1(*around, False, peer, here, self._send)

    async def _read(self, data: bytes) -> None:
        with self._reading:
            while True:
                if data and self._elsewhere is not None and await self._leaves(data):
                    return
                await self._protocol.handle(RawData(data))
                if not data:
                    break
                try:
                    data = await self._receive()
                except (trio.BrokenResourceError, trio.ClosedResourceError):
                    break
        if self._goes_back and self._elsewhere is not None:
            self._elsewhere.give_back(self._stream.socket.fileno(), self._unanswered)
            self.abort()
            return
        self._scope.deadline = trio.current_time() + AFTER_EOF_S
        if self._must_drain:
            await self._drain()
        await self._protocol.handle(Closed())
        # No next request will come to wait for.
        await self._idle.stop()

    async def _leaves(self, data: bytes) -> bool:
        """Let the connection go elsewhere where ``data`` begins a request that is for there."""
        http = self._protocol.connection if isinstance(self._protocol, H11Protocol) else None
        if not isinstance(http, h11.Connection) or self._elsewhere is None:
            return False
        if http.their_state is h11.DONE:
            # They have sent the next request while the last is being finished.
            self._unanswered += data
            await self._at_rest.wait()
        begins = http.their_state is h11.IDLE and http.our_state is h11.IDLE
        if not begins or http.trailing_data[0]:
            return False
        self._unanswered = data
        if self._stays:
            self._stays = False
            return False
        await self._idle.stop()
        here = self._stream.socket.fileno()
        if is_taken := here >= 0 and self._elsewhere.take(here, data, self._address, self):
            self._stream.socket.close()
        return is_taken

    async def _drain(self) -> None:
        """Drop what the peer still sends of a request that has been answered, then close.

        Closing at once would make the peer's system throw the answer away (RFC 9112, 9.6).
        """
        with trio.move_on_after(DRAIN_S):
            while await self._stream.receive_some(_DRAINED_BYTES):
                if not self._is_trusted:
                    await self._admission.pieces.turn(self._address)
        await self._stream.aclose()

    async def _send(self, event: Event) -> None:
        if isinstance(event, RawData):
            await self._send_bytes(event.data)
        elif isinstance(event, Closed):
            self._at_rest.set()
            await self._close()
            await self._protocol.handle(Closed())
        elif isinstance(event, Updated):
            if event.idle:
                self._at_rest.set()
                await self._idle.restart(self._tasks, self._close_when_idle)
            else:
                self._at_rest = trio.Event()
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
        if self._is_read_in_part():
            self._must_drain = True
            self._reading.cancel()
        else:
            await self._stream.aclose()

    def _is_read_in_part(self) -> bool:
        """Tell whether the peer is in the middle of a request."""
        http = self._protocol.connection if isinstance(self._protocol, H11Protocol) else None
        return isinstance(http, h11.Connection) and http.their_state is h11.SEND_BODY

    async def _close_when_idle(self) -> None:
        with trio.move_on_after(self._config.keep_alive_timeout):
            await self._context.terminated.wait()
        with trio.CancelScope(shield=True) as patience:
            patience.deadline = trio.current_time() + SEND_S
            await self._protocol.handle(Closed())
            await self._stream.aclose()

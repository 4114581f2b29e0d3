"""The lobby: connections that have been accepted and not been begun with.

A connection costs a descriptor here and no task, so that strangers who come and go by the thousand
cost little. Whoever shows the credential of somebody goes on at once; the others when it is their
turn, which goes round between addresses. Who leaves, or says nothing for long, is forgotten.
"""

import errno
import logging
import select
import socket
from collections.abc import Callable
from dataclasses import dataclass

import trio

from webapp.admission.exchanges import Admission
from webapp.admission.gate import Crowded, Place, Waiter
from webapp.connections import Connections
from webapp.security.origin import client_address

READ_BYTES = 16 * 1024
"""What a connection may say before it is begun with."""
_AT_ONCE = 8
"""Connections that are accepted, or looked at, in one round of the event loop."""
_PAUSE_S = 0.01
"""Between two rounds while a person's request is worked on."""
_NO_ROOM_S = 0.1
"""A server without descriptors accepts nothing for so long."""
_NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS)
_GONE = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opening:
    """A connection that is to be begun with."""

    socket: socket.socket
    address: str
    said: bytes
    """The first that the peer has sent."""
    person: str | None
    """Who has been recognized by that."""
    place: Place | None = None
    """To give back as soon as it has begun."""


Begin = Callable[[Opening], None]


@dataclass(eq=False, slots=True)
class _Guest:
    lobby: "Lobby"
    socket: socket.socket
    fd: int
    address: str
    came: float
    waiter: Waiter | None = None
    said: bytes = b""

    def abort(self) -> None:
        """Close the connection: it has to give way to another."""
        self.lobby.show_out(self)


class Lobby:
    """Where the connections of one server wait; ``patience_s`` for each."""

    def __init__(
        self, connections: Connections, admission: Admission, begin: Begin, patience_s: float
    ) -> None:
        self._connections = connections
        self._admission = admission
        self._begin = begin
        self._patience_s = patience_s
        self._guests: dict[int, _Guest] = {}
        self._epoll = select.epoll()

    def __len__(self) -> int:
        return len(self._guests)

    async def accept(self, listener: socket.socket) -> None:
        """Accept connections until cancelled.

        Many at a time, unlike ``trio.serve_listeners``: where the event loop is busy, one for each
        of its rounds lets the kernel's queue overflow, and its clients wait for seconds.
        """
        while True:
            await trio.lowlevel.wait_readable(listener)
            for _ in range(_AT_ONCE):
                try:
                    accepted, address = listener.accept()
                except BlockingIOError:
                    break
                except OSError as error:
                    if error.errno in _NO_ROOM:
                        _log.error("cannot accept connections: %s", error.strerror)
                        await trio.sleep(_NO_ROOM_S)
                        break
                    continue  # this one has gone already
                accepted.setblocking(False)
                self._let_in(accepted, address)
            await self._pause()

    async def run(self) -> None:
        """Listen to those who wait, until cancelled."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._show_out_the_silent)
            while True:
                await trio.lowlevel.wait_readable(self._epoll.fileno())
                for fd, events in self._epoll.poll(0, _AT_ONCE):
                    if (guest := self._guests.get(fd)) is not None:
                        self._look(guest, events)
                await self._pause()

    def close(self) -> None:
        """Close every connection that waits."""
        for guest in list(self._guests.values()):
            self.show_out(guest)
        self._epoll.close()

    def show_out(self, guest: _Guest) -> None:
        """Close a connection."""
        if self._forget(guest):
            if guest.waiter is not None:
                self._admission.pieces.withdraw(guest.waiter)
            guest.socket.close()

    async def _pause(self) -> None:
        if self._admission.people.at_work:
            await trio.sleep(_PAUSE_S)

    def _let_in(self, accepted: socket.socket, address: object) -> None:
        peer = str(address[0]) if isinstance(address, tuple) and address else ""
        fd = accepted.fileno()
        guest = _Guest(self, accepted, fd, client_address(peer, None, 0), trio.current_time())
        self._connections.admit(guest, guest.address)
        self._guests[fd] = guest
        self._epoll.register(fd, select.EPOLLIN | select.EPOLLRDHUP)
        # Mostly, the first words have come along.
        self._look(guest, select.EPOLLIN)

    def _look(self, guest: _Guest, events: int) -> None:
        if guest.waiter is not None:
            if events & _GONE:
                self.show_out(guest)
            return
        try:
            guest.said = guest.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            guest.said = b""
        if not guest.said:
            self.show_out(guest)
            return
        person = self._admission.known.person_in(guest.said)
        if person is not None or self._connections.most_per_address is None:
            # Behind a proxy all connections are its own: there the order is that of requests.
            self._go_on(guest, person)
        else:
            self._wait(guest)

    def _wait(self, guest: _Guest) -> None:
        gate = self._admission.pieces
        if (place := gate.enter_at_once(guest.address)) is not None:
            self._go_on(guest, None, place)
            return
        # From now on, all that matters is whether the peer leaves.
        self._epoll.modify(guest.fd, select.EPOLLRDHUP)
        try:
            guest.waiter = gate.ask(guest.address, lambda place: self._go_on(guest, None, place))
        except Crowded:
            self.show_out(guest)

    def _go_on(self, guest: _Guest, person: str | None, place: Place | None = None) -> None:
        self._forget(guest)
        self._begin(Opening(guest.socket, guest.address, guest.said, person, place))

    def _forget(self, guest: _Guest) -> bool:
        if self._guests.pop(guest.fd, None) is None:
            return False
        self._connections.leave(guest)
        self._epoll.unregister(guest.fd)
        return True

    async def _show_out_the_silent(self) -> None:
        while True:
            await trio.sleep(1.0)
            before = trio.current_time() - self._patience_s
            for guest in list(self._guests.values()):
                if guest.came > before:
                    break
                self.show_out(guest)

"""The serving process's side: starts page processes, lends them connections, takes those back.

Each is a child with a pair of sockets, and is started again when it ends, later each time. A
connection that is lent counts as a person's among all others and gives way like any. What a page
process holds when it dies is closed by the kernel: its peers see the end of their connection.
"""

import itertools
import logging
import os
import socket
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import msgspec
import trio

from webapp.admission.known import KnownCredentials
from webapp.connections import Admissible, Connections
from webapp.lobby import Opening
from webapp.processes.boundary import is_for_pages
from webapp.processes.newness import Newness
from webapp.processes.wire import (
    Abort,
    Back,
    Begin,
    Counted,
    Ended,
    FromPages,
    Full,
    Lend,
    Link,
    Ready,
    Stop,
)

SILENT_S = 60.0
"""A process that has reported nothing for so long is killed; it reports each second."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 30.0
"""Before a process that ended is started again: doubled each time."""
STEADY_S = 60.0
"""A process that ran for so long is started again after the first pause."""
_log = logging.getLogger(__name__)

Command = Callable[[int, int, int], Sequence[str]]
"""Makes the command line of a page process of three descriptors, which it inherits: its end of the
pair, the counter, and a pipe that ends with the serving process."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many page processes there are, and how each is started."""

    number: int
    command: Command
    begin: Begin


@dataclass(eq=False, slots=True)
class Lent:
    """A connection that a page process has."""

    id: int
    address: str
    owner: "_Member"

    def abort(self) -> None:
        """End it: it has to give way to another."""
        self.owner.abort(self)


@dataclass(eq=False)
class _Member:
    link: Link
    process: trio.Process
    is_ready: bool = False
    lent: dict[int, Lent] = field(default_factory=dict)
    heard: float = field(default_factory=trio.current_time)

    def abort(self, lent: Lent) -> None:
        try:
            self.link.send_at_once(Abort(lent.id))
        except (Full, OSError):
            # It takes no connections from now on; the kernel closes those that it has.
            self.is_ready = False
            self.process.kill()


class Crew:
    """All page processes of one server; :meth:`run` starts them and sees to their end."""

    def __init__(
        self,
        plan: Plan,
        newness: Newness,
        known: KnownCredentials,
        connections: Connections,
        *,
        take_back: Callable[[Opening], None],
        note: Callable[[Counted], None],
    ) -> None:
        """``take_back`` serves a connection here; ``note`` gets what a process reports."""
        self._plan = plan
        self._newness = newness
        self._known = known
        self._connections = connections
        self._take_back = take_back
        self._note = note
        self._members: list[_Member] = []
        self._ids = itertools.count(1)
        self._stopping = trio.Event()

    def __len__(self) -> int:
        """Return how many page processes take connections."""
        return sum(member.is_ready for member in self._members)

    def take(
        self, descriptor: int, said: bytes, address: str, connection: Admissible | None = None, /
    ) -> bool:
        """Lend a connection at the beginning of a request, where a page process is to serve that.

        True: it has a duplicate of the descriptor, and the caller closes its own. The request must
        show a credential that was good a moment ago: strangers are served here, in their turn.
        """
        if self._stopping.is_set() or not is_for_pages(said):
            return False
        ready = [member for member in self._members if member.is_ready]
        person, credential = self._known.person_in(said), self._known.credential_in(said)
        if person is None or credential is None or not ready:
            return False
        member = min(ready, key=lambda each: len(each.lent))
        lent = Lent(next(self._ids), address, member)
        try:
            member.link.send_at_once(Lend(lent.id, said, address, credential, person), descriptor)
        except (Full, OSError):
            return False
        # Who is served elsewhere is not forgotten here; a session that has ended comes back.
        self._known.note_digest(credential, person)
        member.lent[lent.id] = lent
        if connection is not None:
            self._connections.leave(connection)
        self._connections.admit(lent, address)
        self._connections.trust(lent, person)
        return True

    def give_back(self, descriptor: int, said: bytes) -> None:
        """Do nothing: what this process cannot answer, none can."""

    def stop(self) -> None:
        """Ask every process to finish what is under way; :meth:`run` returns when all have."""
        self._stopping.set()
        for member in self._members:
            member.is_ready = False
            try:
                member.link.send_at_once(Stop())
            except (Full, OSError):
                member.process.kill()

    async def run(self) -> None:
        """Keep the processes going until :meth:`stop`, then wait for their end; or kill them."""
        life, own = os.pipe2(os.O_CLOEXEC)
        try:
            async with trio.open_nursery() as nursery:
                for _ in range(self._plan.number):
                    nursery.start_soon(self._keep_one, life)
        finally:
            os.close(life)
            os.close(own)

    async def _keep_one(self, life: int) -> None:
        pause = FIRST_PAUSE_S
        while not self._stopping.is_set():
            began = trio.current_time()
            try:
                await self._serve_one(life)
            except OSError as error:
                _log.error("cannot start a page process: %s", error)
            if self._stopping.is_set():
                return
            if trio.current_time() - began > STEADY_S:
                pause = FIRST_PAUSE_S
            _log.warning("a page process ended; another is started in %.1f s", pause)
            with trio.move_on_after(pause):
                await self._stopping.wait()
            pause = min(2 * pause, LONGEST_PAUSE_S)

    async def _serve_one(self, life: int) -> None:
        """Start a process and follow it to its end."""
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link = Link(here, FromPages)
        member: _Member | None = None
        try:
            with there:
                inherited = (there.fileno(), self._newness.descriptor, life)
                process = await trio.lowlevel.open_process(
                    list(self._plan.command(*inherited)),
                    stdin=subprocess.DEVNULL,
                    env={},
                    pass_fds=inherited,
                )
            member = _Member(link, process)
            self._members.append(member)
            link.send_at_once(self._plan.begin)
            if self._stopping.is_set():
                link.send_at_once(Stop())
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._end_when_silent, member)
                await self._listen(member)
                nursery.cancel_scope.cancel()
        finally:
            if member is not None:
                self._members.remove(member)
                for lent in member.lent.values():
                    self._connections.leave(lent)
                member.process.kill()
                with trio.CancelScope(shield=True):
                    await member.process.wait()
            link.close()

    async def _listen(self, member: _Member) -> None:
        while True:
            try:
                received = await member.link.receive()
            except msgspec.DecodeError:
                _log.error("a page process said what it never should, and is ended")
                return
            if received is None:
                return
            member.heard = trio.current_time()
            message, descriptor = received
            if isinstance(message, Back):
                self._get_back(member, message, descriptor)
                continue
            if descriptor >= 0:
                os.close(descriptor)
            match message:
                case Ready():
                    member.is_ready = not self._stopping.is_set()
                case Ended(id=number):
                    self._forget(member, number)
                case Counted():
                    self._note(message)

    def _get_back(self, member: _Member, message: Back, descriptor: int) -> None:
        lent = self._forget(member, message.id)
        if descriptor < 0:
            return
        sock = socket.socket(fileno=descriptor)
        if lent is None:
            # It had to give way, and was on its way back.
            sock.close()
            return
        sock.setblocking(False)
        person = self._known.person_in(message.said)
        self._take_back(Opening(sock, lent.address, message.said, person))

    def _forget(self, member: _Member, number: int) -> Lent | None:
        lent = member.lent.pop(number, None)
        if lent is None:
            return None
        is_there = self._connections.has(lent)
        self._connections.leave(lent)
        return lent if is_there else None

    async def _end_when_silent(self, member: _Member) -> None:
        while trio.current_time() < member.heard + SILENT_S:  # noqa: ASYNC110 - a deadline moves on
            await trio.sleep_until(member.heard + SILENT_S)
        _log.error("a page process has said nothing for %.0f s, and is ended", SILENT_S)
        with suppress(ProcessLookupError):
            member.process.kill()

"""The loop of a bridge: waits for the pipe and the connections, reads them and writes them.

One turn reads what there is, passes it on, and writes what came of it at once. It waits for room to
write only where a socket had none, as each wait is one system call more for every guest call.
"""

import os
import select
from typing import TYPE_CHECKING, NoReturn

from sandbox_child.bridge.calls import CallRefused, Calls, ProgramLeft
from sandbox_child.bridge.ends import Ends
from sandbox_child.bridge.links import Link
from sandbox_child.gob.errors import GobError
from sandbox_child.goplugin.errors import GoPluginError
from sandbox_child.goplugin.happenings import MAIN
from sandbox_child.grpc.errors import GrpcError
from sandbox_child.lockdown.policy import ACCEPTED, LISTENER, PIPE_IN, PIPE_OUT, PLUGIN_SOCKET
from sandbox_child.wire.frames import FrameDecoder
from sandbox_child.wire.messages import CLOSED, MAX_FUNCTION_NAME
from sandbox_child.wire.spec import BridgeSpec
from sandbox_child.yamux.errors import YamuxError

if TYPE_CHECKING:
    from sandbox_child.goplugin.tls import Identity, TlsLink

_READ_BYTES = 64 * 1024
_BROKEN = (YamuxError, GobError, GoPluginError, GrpcError)


class Loop:
    """Serves until either side ends."""

    def __init__(
        self, spec: BridgeSpec, ends: Ends, identity: "Identity | None", controls: bytes
    ) -> None:
        """``controls``: the report of the lockdown, for READY."""
        self._side = ends.side
        self._door = ends.door
        self._identity = identity
        self._links = {PLUGIN_SOCKET: Link(MAIN, PLUGIN_SOCKET, self._tls(MAIN))}
        self._accepted = MAIN
        """Number of the last link: a descriptor's number comes again, and answers must not."""
        self._frames = FrameDecoder(
            max(spec.max_answer_bytes, spec.max_arguments_bytes) + MAX_FUNCTION_NAME
        )
        self._calls = Calls(spec, ends.side, controls)

    def run(self, poll: select.poll) -> NoReturn:
        """Never returns. The pipe is among what ``poll`` waits for already."""
        if self._door is not None:
            poll.register(LISTENER, select.POLLIN)
        try:
            self._write(poll)
            while True:
                for descriptor, event in poll.poll():
                    self._happened(descriptor, event, poll)
                self._calls.next()
                self._write(poll)
        except _BROKEN as exc:
            self._fail(f"the plugin broke its protocol: {exc}")
        except ProgramLeft:
            self._fail(CLOSED)
        except CallRefused as exc:
            self._fail(str(exc))
        except MemoryError:
            self._fail("what the plugin sent needs more memory than there is for it")
        except OSError as exc:
            self._fail(f"the connection to the plugin's program broke: {exc.strerror}")

    def _happened(self, descriptor: int, event: int, poll: select.poll) -> None:
        if descriptor == PIPE_IN:
            self._hear()
        elif descriptor == LISTENER:
            self._accept(poll)
        elif (link := self._links.get(descriptor)) is not None and event & ~select.POLLOUT:
            self._read(link, poll)

    def _hear(self) -> None:
        data = os.read(PIPE_IN, _READ_BYTES)
        if not data:
            os._exit(0)
        for frame in self._frames.feed(data):
            self._calls.hear(frame)

    def _read(self, link: Link, poll: select.poll) -> None:
        data = link.read()
        if data:
            for happened in self._side.feed(data, link.number):
                self._calls.take(happened)
        if data is None or link.has_ended:
            self._lost(link, poll)

    def _lost(self, link: Link, poll: select.poll) -> None:
        """Forget a connection that has ended; with the first of them everything does."""
        if link.number == MAIN:
            self._exit(self._calls.leave())
        del self._links[link.descriptor]
        self._side.close_link(link.number)
        poll.unregister(link.descriptor)
        os.close(link.descriptor)
        poll.register(LISTENER, select.POLLIN)

    def _accept(self, poll: select.poll) -> None:
        descriptor = self._door.accept() if self._door else None
        if descriptor is None:
            return
        self._accepted += 1
        self._side.open_link(self._accepted)
        self._links[descriptor] = Link(self._accepted, descriptor, self._tls(self._accepted))
        if len(self._links) > len(ACCEPTED):
            poll.register(LISTENER, 0)

    def _tls(self, number: int) -> "TlsLink | None":
        if self._identity is None:
            return None
        from sandbox_child.goplugin.tls import TlsLink  # noqa: PLC0415

        return TlsLink(self._identity, opened_by_peer=number != MAIN)

    def _write(self, poll: select.poll) -> None:
        """Write what the turn has brought, to the supervisor first: it waits for it."""
        self._tell()
        for link in self._links.values():
            link.write(self._side)
            if link.watched != (wanted := link.wanted):
                poll.register(link.descriptor, wanted)
                link.watched = wanted

    def _tell(self) -> None:
        rest = memoryview(self._calls.output())
        while rest:
            rest = rest[os.write(PIPE_OUT, rest) :]

    def _fail(self, why: str) -> NoReturn:
        self._exit(self._calls.end(why))

    def _exit(self, status: int) -> NoReturn:
        self._tell()
        os._exit(status)

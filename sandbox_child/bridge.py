"""Turns a new fork into a native plugin's bridge: from our frames to go-plugin.

Everything that a native plugin says is parsed here, in a process that has nothing but two pipes and
one connected socket; over gRPC also a few connections that the program makes to the host. To the
supervisor it is a child as any other: one call at a time, and what a plugin asks outside of a call
is refused, as it would be nobody's request.
"""

import ctypes
import gc
import importlib
import json
import os
import select
import struct
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from sandbox_child.child import lock_down_or_refuse, refuse
from sandbox_child.gob.decoder import Caps
from sandbox_child.gob.errors import GobError
from sandbox_child.goplugin.errors import GoPluginError
from sandbox_child.goplugin.happenings import (
    HEALTH_PING,
    MAIN,
    Dispensed,
    Happening,
    HostCalled,
    Left,
    Printed,
    Returned,
    Side,
)
from sandbox_child.goplugin.host import Host
from sandbox_child.goplugin.output import Output
from sandbox_child.grpc.errors import GrpcError
from sandbox_child.lockdown import process
from sandbox_child.lockdown.libc import check, libc
from sandbox_child.lockdown.policy import ACCEPTED, LISTENER, PIPE_IN, PIPE_OUT, PLUGIN_SOCKET
from sandbox_child.plans import Surroundings, bridge_plan
from sandbox_child.wire.frames import Frame, FrameDecoder, encode_frame
from sandbox_child.wire.messages import (
    ANSWER,
    CALL,
    CLOSED,
    INVOKE,
    LOG,
    MAX_FUNCTION_NAME,
    MAX_RESULT,
    MAX_TEXT,
    NATIVE_EVENT,
    NATIVE_INIT,
    NATIVE_SHUTDOWN,
    PROGRAM_GONE,
    READY,
    REGISTER,
    RESULT,
    HostCall,
    LogLevel,
    OutcomeCode,
    named_call,
)
from sandbox_child.wire.spec import BridgeSpec
from sandbox_child.yamux.errors import YamuxError

if TYPE_CHECKING:
    from sandbox_child.goplugin.tls import Identity, TlsLink

_READ_BYTES = 64 * 1024
_ROOM = 64 * 1024
"""What a message has besides the data that it carries."""
_MAX_WAITING = 64
"""Calls of the host that a plugin may have open at one time; they are made one after another."""
_NOT_NOW = "a plugin can call the host only while it answers a call"


_GRPC, _TLS = "sandbox_child.goplugin.grpc_host", "sandbox_child.goplugin.tls"
_NEW_SOCKET = 0x800 | 0x80000  # NONBLOCK, CLOEXEC
_SOL_SOCKET, _SO_PEERCRED = 1, 17
_PEER = struct.Struct("iII")
_BROKEN = (YamuxError, GobError, GoPluginError, GrpcError)


def load_protocol(spec: BridgeSpec) -> None:
    """Load what this bridge needs and others do not; done by the fork server, before the fork.

    Only a server with such a plugin pays for it, and only its first start.
    """
    wanted = [_GRPC] * (spec.protocol == "grpc") + [_TLS] * bool(spec.certificate)
    if all(name in _loaded for name in wanted):
        return
    for name in wanted:
        importlib.import_module(name)
        _loaded.add(name)
    gc.collect()
    gc.freeze()


_loaded: set[str] = set()


def run_bridge(spec: BridgeSpec, around: Surroundings) -> NoReturn:
    """Never returns. The descriptors stand where they belong already."""
    process.set_name("ohd-bridge")
    poll = select.poll()
    poll.register(PIPE_IN, select.POLLIN)
    listens = spec.protocol == "grpc"
    try:
        identity = _load_identity(spec)
    except GoPluginError as exc:
        refuse(str(exc))
    controls = lock_down_or_refuse(bridge_plan(spec.cage, around, listens=listens), lambda: None)
    try:
        bridge = Bridge(spec, _side(spec), identity)
    except GoPluginError as exc:
        refuse(str(exc))
    bridge.run(poll, controls)


def _side(spec: BridgeSpec) -> Side:
    largest = max(MAX_RESULT, spec.max_request_bytes) + _ROOM
    if spec.protocol == "netrpc":
        return Host(Caps(message_bytes=largest))
    from sandbox_child.goplugin.grpc_host import GrpcHost  # noqa: PLC0415
    from sandbox_child.grpc.connection import Caps as GrpcCaps  # noqa: PLC0415

    return GrpcHost(GrpcCaps(message=largest), spec.address, tls=bool(spec.certificate))


def _load_identity(spec: BridgeSpec) -> "Identity | None":
    if not spec.certificate:
        return None
    from sandbox_child.goplugin.tls import load_identity  # noqa: PLC0415

    # OpenSSL takes a key from a file alone: one in memory, which goes with this process's lockdown.
    file = os.memfd_create("ohd-identity")
    os.write(file, spec.identity.encode())
    try:
        return load_identity(Path(f"/proc/self/fd/{file}"), spec.certificate)
    finally:
        os.close(file)


class _Link:
    """One connection to the program, perhaps under TLS."""

    def __init__(self, number: int, descriptor: int, tls: "TlsLink | None") -> None:
        self.number = number
        self.descriptor = descriptor
        self.unwritten = memoryview(b"")
        self._tls = tls

    def fill(self, side: Side) -> None:
        """Take what is to be written next, once all of it before has been."""
        if not self.unwritten:
            plain = side.output(self.number)
            self.unwritten = memoryview(self._tls.output(plain) if self._tls else plain)

    def plain(self, data: bytes) -> bytes:
        """Return what the program's bytes hold."""
        return self._tls.feed(data) if self._tls else data

    @property
    def ended(self) -> bool:
        """Whether the program has said that it sends no more."""
        return self._tls is not None and self._tls.ended


@dataclass(slots=True)
class _Work:
    """The guest call that runs."""

    seq: int
    started: float
    call: int
    """Of the plugin; the answer to it ends the work."""
    name: bytes
    host_calls: int = 0
    result: bytes | None = None
    """The RESULT, where something is still to come before it."""


class Bridge:
    """The loop, and what it must remember."""

    def __init__(self, spec: BridgeSpec, side: Side, identity: "Identity | None") -> None:
        self._spec = spec
        self._host = side
        self._identity = identity
        if identity is not None:
            from sandbox_child.goplugin.tls import trust  # noqa: PLC0415

            trust(identity)
        self._links = {PLUGIN_SOCKET: _Link(MAIN, PLUGIN_SOCKET, self._tls(MAIN))}
        self._listens = spec.protocol == "grpc"
        self._accepted = MAIN
        """Number of the last link: a descriptor's number comes again, and answers must not."""
        self._frames = FrameDecoder(
            max(spec.max_answer_bytes, spec.max_arguments_bytes) + MAX_FUNCTION_NAME
        )
        self._requests: deque[Frame] = deque()
        self._ready = False
        self._work: _Work | None = None
        self._waiting: deque[HostCalled] = deque()
        self._open: HostCalled | None = None
        self._calls = 0
        self._output = Output(spec.max_log_lines, spec.max_log_line_bytes)

    def run(self, poll: select.poll, controls: bytes) -> NoReturn:
        """Serve until either side ends."""
        while True:
            self._watch(poll)
            for descriptor, event in poll.poll():
                try:
                    if descriptor == PIPE_IN:
                        self._hear()
                    elif descriptor == LISTENER:
                        self._accept()
                    elif descriptor in self._links:
                        self._serve(self._links[descriptor], event, poll, controls)
                except _BROKEN as exc:
                    self._fail(f"the plugin broke its protocol: {exc}")
                except MemoryError:
                    self._fail("what the plugin sent needs more memory than there is for it")
                except OSError as exc:
                    self._fail(f"the connection to the plugin's program broke: {exc.strerror}")
            self._next()

    def _watch(self, poll: select.poll) -> None:
        try:
            for link in self._links.values():
                link.fill(self._host)
                wanted = select.POLLIN | (select.POLLOUT if link.unwritten else 0)
                poll.register(link.descriptor, wanted)
        except _BROKEN as exc:
            self._fail(f"the plugin broke its protocol: {exc}")
        if self._listens:
            has_room = len(self._links) <= len(ACCEPTED)
            poll.register(LISTENER, select.POLLIN if has_room else 0)

    def _accept(self) -> None:
        descriptor = libc.accept4(LISTENER, None, None, _NEW_SOCKET)
        if descriptor < 0:
            return
        if self._peer(descriptor) != self._spec.program:
            os.close(descriptor)
            return
        self._accepted += 1
        self._host.open_link(self._accepted)
        link = _Link(self._accepted, descriptor, self._tls(self._accepted))
        self._links[descriptor] = link

    def _peer(self, descriptor: int) -> int:
        """Return the process that has connected; the kernel says so, not the process."""
        found = ctypes.create_string_buffer(_PEER.size)
        size = ctypes.c_uint32(_PEER.size)
        result = libc.getsockopt(descriptor, _SOL_SOCKET, _SO_PEERCRED, found, ctypes.byref(size))
        check(result, "getsockopt")
        pid: int = _PEER.unpack(found.raw)[0]
        return pid

    def _tls(self, number: int) -> "TlsLink | None":
        if self._identity is None:
            return None
        from sandbox_child.goplugin.tls import TlsLink  # noqa: PLC0415

        return TlsLink(self._identity, opened_by_peer=number != MAIN)

    def _serve(self, link: _Link, event: int, poll: select.poll, controls: bytes) -> None:
        try:
            if event & select.POLLOUT:
                self._write(link)
            if event & ~select.POLLOUT:
                self._read(link, controls)
        except (BrokenPipeError, ConnectionResetError):
            self._lost(link)
        if link.ended:
            self._lost(link)
        if link.descriptor not in self._links:
            poll.unregister(link.descriptor)
            os.close(link.descriptor)

    def _write(self, link: _Link) -> None:
        try:
            link.unwritten = link.unwritten[os.write(link.descriptor, link.unwritten) :]
        except BlockingIOError:
            return

    def _read(self, link: _Link, controls: bytes) -> None:
        try:
            data = os.read(link.descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        if not data:
            self._lost(link)
            return
        if plain := link.plain(data):
            for happened in self._host.feed(plain, link.number):
                self._take(happened, controls)

    def _lost(self, link: _Link) -> None:
        """Forget a connection that has ended; with the first of them everything does."""
        if link.number == MAIN:
            self._leave()
        if self._links.pop(link.descriptor, None) is not None:
            self._host.close_link(link.number)

    def _hear(self) -> None:
        data = os.read(PIPE_IN, _READ_BYTES)
        if not data:
            os._exit(0)
        for frame in self._frames.feed(data):
            if frame[0][0] == ANSWER:
                self._answered(frame)
            else:
                self._requests.append(frame)

    def _next(self) -> None:
        """Begin the next guest call where none runs."""
        if self._work is not None or not self._ready or not self._requests:
            return
        head, blob = self._requests.popleft()
        started = time.monotonic()
        name = b""
        if head[0] == REGISTER:
            call = self._host.register()
        elif head[0] != INVOKE:
            refuse("a native plugin takes calls by name only")
        else:
            name, arguments = blob[: head[3]], blob[head[3] :]
            if name == NATIVE_INIT:
                call = self._host.init(json.loads(arguments))
            elif name == NATIVE_SHUTDOWN:
                call = self._host.shutdown()
            elif name == HEALTH_PING.encode():
                call = self._host.ping()
            else:
                call = self._host.call(name.decode("utf-8", "replace"), arguments, head[2])
        self._work = _Work(head[1], started, call, name)
        self._tell_lines()

    def _take(self, happened: Happening, controls: bytes) -> None:
        if isinstance(happened, Printed):
            self._output.printed(happened.data, is_error=happened.is_error)
            self._tell_lines()
        elif isinstance(happened, HostCalled):
            self._called(happened)
        elif isinstance(happened, Returned):
            self._returned(happened)
        elif isinstance(happened, Left):
            self._fail(CLOSED)
        elif isinstance(happened, Dispensed):
            self._ready = True
            _send(encode_frame((READY, 0), controls))

    def _tell_lines(self) -> None:
        """Pass on what the plugin printed; what it prints between two calls waits for the next."""
        if self._work is not None:
            for level, line in self._output.lines():
                _send(encode_frame((LOG, level), line))

    def _called(self, called: HostCalled) -> None:
        function = called.function.encode()
        work = self._work
        if work is None or work.result is not None:
            self._host.answer(called, b"", _NOT_NOW)
        elif not 0 < len(function) <= MAX_FUNCTION_NAME or b"\0" in function:
            why = f"expected a function's name of 1 to {MAX_FUNCTION_NAME} bytes"
            self._host.answer(called, b"", why)
        elif len(called.arguments) > self._spec.max_request_bytes:
            most = self._spec.max_request_bytes
            self._host.answer(called, b"", f"its arguments have more than {most:,} bytes")
        elif work.host_calls >= self._spec.max_host_calls:
            most = self._spec.max_host_calls
            self._host.answer(called, b"", f"more than {most} host calls in one call")
        elif len(self._waiting) >= _MAX_WAITING:
            self._host.answer(called, b"", f"more than {_MAX_WAITING} host calls at one time")
        else:
            work.host_calls += 1
            self._waiting.append(called)
            self._ask()

    def _ask(self) -> None:
        """Make the next call of the host where none is open."""
        if self._open is None and self._waiting:
            self._open = self._waiting.popleft()
            self._calls += 1
            request = named_call(self._open.function.encode(), self._open.arguments)
            _send(encode_frame((CALL, self._calls, HostCall.NAMED), request))

    def _answered(self, frame: Frame) -> None:
        (_, _, status), body = frame
        called, self._open = self._open, None
        if called is not None:
            why = "" if status else body.decode("utf-8", "replace") or "the host call failed"
            self._host.answer(called, body if status else b"", why)
        work = self._work
        if work is not None and work.result is not None:
            if work.name != NATIVE_SHUTDOWN:
                self._finish(work.result)
        else:
            self._ask()

    def _returned(self, returned: Returned) -> None:
        work = self._work
        if work is None or returned.call != work.call:
            return
        outcome, value = OutcomeCode.OK, returned.result
        own = work.name not in (NATIVE_INIT, NATIVE_SHUTDOWN) and work.name != b""
        if returned.error and own:
            # The plugin's own refusal is an answer: only its process's failures are failures.
            value = json.dumps({"error": returned.error, "status": 500}).encode()
        elif returned.error:
            outcome, value = OutcomeCode.TRAP, returned.error.encode()[:MAX_TEXT]
        elif len(value) > MAX_RESULT:
            outcome = OutcomeCode.BAD_RESULT
            value = f"it returned {len(value):,} bytes; at most {MAX_RESULT:,} are allowed".encode()
        for waiting in self._waiting:
            self._host.answer(waiting, b"", _NOT_NOW)
        self._waiting.clear()
        work.result = self._result(work, outcome, value)
        if work.name == NATIVE_SHUTDOWN:
            # Its result waits for the end of the connection: the last lines come before that.
            self._host.quit()
        elif self._open is None:
            self._finish(work.result)

    def _result(self, work: _Work, outcome: OutcomeCode, value: bytes) -> bytes:
        spent = int((time.monotonic() - work.started) * 1e9)
        return encode_frame((RESULT, work.seq, outcome, spent, 0), value)

    def _finish(self, result: bytes) -> None:
        self._end_lines()
        self._work = None
        _send(result)

    def _end_lines(self) -> None:
        self._tell_lines()
        if dropped := self._output.end_call():
            text = f"{dropped} more log lines of this call were dropped"
            _send(encode_frame((LOG, LogLevel.WARN), text.encode()))

    def _leave(self) -> NoReturn:
        """End, as the program has: in the middle of an event without a result.

        Whether it was killed is for the supervisor to find out, which then gives the event back.
        """
        if self._work is not None and self._work.name == NATIVE_EVENT:
            self._end_lines()
            os._exit(PROGRAM_GONE)
        self._fail(CLOSED)

    def _fail(self, why: str) -> NoReturn:
        """Say why there is no more to come, as far as somebody waits for it, and end."""
        work = self._work
        if work is not None and work.name == NATIVE_SHUTDOWN and work.result is not None:
            self._finish(work.result)
            os._exit(0)
        if work is not None and self._open is None:
            self._end_lines()
            _send(self._result(work, OutcomeCode.TRAP, why.encode()[:MAX_TEXT]))
        elif work is not None:
            # No result may come before the answer of the host: the log says why.
            _send(
                encode_frame((LOG, LogLevel.ERROR), why.encode()[: self._spec.max_log_line_bytes])
            )
        elif not self._ready:
            refuse(why)
        os._exit(1)


def _send(frame: bytes) -> None:
    rest = memoryview(frame)
    while rest:
        rest = rest[os.write(PIPE_OUT, rest) :]

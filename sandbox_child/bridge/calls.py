"""Guest calls and calls of the host: which one runs, and what answers which.

To the supervisor a bridge is a child as any other: one call at a time, and what a plugin asks
outside of a call is refused, as it would be nobody's request. No I/O is done here.
"""

import json
import time
from collections import deque
from dataclasses import dataclass

from sandbox_child.goplugin.happenings import (
    HEALTH_PING,
    Dispensed,
    Happening,
    HostCalled,
    Left,
    Printed,
    Returned,
    Side,
)
from sandbox_child.goplugin.output import Output
from sandbox_child.wire.frames import Frame, encode_frame
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
    START_SEQ,
    HostCall,
    LogLevel,
    OutcomeCode,
    named_call,
)
from sandbox_child.wire.spec import BridgeSpec

_MAX_WAITING = 64
"""Calls of the host that a plugin may have open at one time; they are made one after another."""
_NOT_NOW = "a plugin can call the host only while it answers a call"
_LIFE = (NATIVE_INIT, NATIVE_SHUTDOWN, b"")
"""Names of what is no call of a function, the registration among it."""


class ProgramLeft(Exception):
    """The program cannot be asked to end, and has been called for the last time."""


class CallRefused(Exception):
    """The supervisor asked for something that no native plugin has."""


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


class Calls:
    """What a bridge must remember of its conversations with the supervisor and with the plugin."""

    def __init__(self, spec: BridgeSpec, side: Side, controls: bytes) -> None:
        """``controls``: the report for READY."""
        self._spec = spec
        self._side = side
        self._controls = controls
        self._out: list[bytes] = []
        self._requests: deque[Frame] = deque()
        self._ready = False
        self._work: _Work | None = None
        self._waiting: deque[HostCalled] = deque()
        self._open: HostCalled | None = None
        self._calls = 0
        self._output = Output(spec.max_log_lines, spec.max_log_line_bytes)

    def output(self) -> bytes:
        """Return the frames for the supervisor, which are as good as sent."""
        frames, self._out = self._out, []
        return b"".join(frames)

    def hear(self, frame: Frame) -> None:
        """Take what the supervisor says."""
        if frame[0][0] == ANSWER:
            self._answered(frame)
        else:
            self._requests.append(frame)

    def next(self) -> None:
        """Begin the next guest call where none runs."""
        if self._work is not None or not self._ready or not self._requests:
            return
        head, blob = self._requests.popleft()
        started = time.monotonic()
        name = b""
        if head[0] == REGISTER:
            call = self._side.register()
        elif head[0] != INVOKE:
            raise CallRefused("a native plugin takes calls by name only")
        else:
            name, arguments = blob[: head[3]], blob[head[3] :]
            if name == NATIVE_INIT:
                call = self._side.init(json.loads(arguments))
            elif name == NATIVE_SHUTDOWN:
                call = self._side.shutdown()
            elif name == HEALTH_PING.encode():
                call = self._side.ping()
            else:
                call = self._side.call(name.decode("utf-8", "replace"), arguments, head[2])
        self._work = _Work(head[1], started, call, name)
        self._tell_lines()

    def take(self, happened: Happening) -> None:
        """Take what the plugin says; raises ProgramLeft."""
        if isinstance(happened, Returned):
            self._returned(happened)
        elif isinstance(happened, HostCalled):
            self._called(happened)
        elif isinstance(happened, Printed):
            self._output.printed(happened.data, is_error=happened.is_error)
            self._tell_lines()
        elif isinstance(happened, Left):
            raise ProgramLeft
        elif isinstance(happened, Dispensed):
            self._ready = True
            self._send(encode_frame((READY, 0), self._controls))

    def _tell_lines(self) -> None:
        """Pass on what the plugin printed; what it prints between two calls waits for the next."""
        if self._work is not None:
            self._send_lines()

    def _send_lines(self) -> None:
        for level, line in self._output.lines():
            self._send(encode_frame((LOG, level), line))

    def _called(self, called: HostCalled) -> None:
        function = called.function.encode()
        work = self._work
        if work is None or work.result is not None:
            self._side.answer(called, b"", _NOT_NOW)
        elif not 0 < len(function) <= MAX_FUNCTION_NAME or b"\0" in function:
            why = f"expected a function's name of 1 to {MAX_FUNCTION_NAME} bytes"
            self._side.answer(called, b"", why)
        elif len(called.arguments) > self._spec.max_request_bytes:
            most = self._spec.max_request_bytes
            self._side.answer(called, b"", f"its arguments have more than {most:,} bytes")
        elif work.host_calls >= self._spec.max_host_calls:
            most = self._spec.max_host_calls
            self._side.answer(called, b"", f"more than {most} host calls in one call")
        elif len(self._waiting) >= _MAX_WAITING:
            self._side.answer(called, b"", f"more than {_MAX_WAITING} host calls at one time")
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
            self._send(encode_frame((CALL, self._calls, HostCall.NAMED), request))

    def _answered(self, frame: Frame) -> None:
        (_, _, status), body = frame
        called, self._open = self._open, None
        if called is not None:
            why = "" if status else body.decode("utf-8", "replace") or "the host call failed"
            self._side.answer(called, body if status else b"", why)
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
        own = work.name not in _LIFE
        if returned.error and own:
            # The plugin's own refusal is an answer: only its process's failures are failures.
            value = json.dumps({"error": returned.error, "status": 500}).encode()
        elif returned.error:
            outcome, value = OutcomeCode.TRAP, returned.error.encode()[:MAX_TEXT]
        elif len(value) > MAX_RESULT:
            outcome = OutcomeCode.BAD_RESULT
            value = f"it returned {len(value):,} bytes; at most {MAX_RESULT:,} are allowed".encode()
        for waiting in self._waiting:
            self._side.answer(waiting, b"", _NOT_NOW)
        self._waiting.clear()
        work.result = self._result(work, outcome, value)
        if work.name == NATIVE_SHUTDOWN:
            # Its result waits for the end of the connection: the last lines come before that.
            self._side.quit()
        elif self._open is None:
            self._finish(work.result)

    def _result(self, work: _Work, outcome: OutcomeCode, value: bytes) -> bytes:
        spent = int((time.monotonic() - work.started) * 1e9)
        return encode_frame((RESULT, work.seq, outcome, spent, 0), value)

    def _finish(self, result: bytes) -> None:
        self._end_lines()
        self._work = None
        self._send(result)

    def _end_lines(self) -> None:
        self._send_lines()
        if dropped := self._output.end_call():
            text = f"{dropped} more log lines of this call were dropped"
            self._send(encode_frame((LOG, LogLevel.WARN), text.encode()))

    def leave(self) -> int:
        """End, as the program has; return the status: in the middle of an event without a result.

        Whether it was killed is for the supervisor to find out, which then gives the event back.
        """
        if self._work is None or self._work.name != NATIVE_EVENT:
            return self.end(CLOSED)
        self._output.end_of_lines()
        self._end_lines()
        return PROGRAM_GONE

    def end(self, why: str) -> int:
        """Say why there is no more to come, as far as somebody waits for it; return the status."""
        work = self._work
        # The program is gone or given up: what it printed last has no other call to wait for.
        self._output.end_of_lines()
        if work is not None and work.name == NATIVE_SHUTDOWN and work.result is not None:
            self._finish(work.result)
            return 0
        text = why.encode()
        if work is not None and self._open is not None:
            # No result may come before the answer of the host: the log says why.
            self._send_lines()
            line = text[: self._spec.max_log_line_bytes]
            self._send(encode_frame((LOG, LogLevel.ERROR), line))
            return 1
        self._end_lines()
        if work is not None:
            self._send(self._result(work, OutcomeCode.TRAP, text[:MAX_TEXT]))
        elif not self._ready:
            head = (RESULT, START_SEQ, OutcomeCode.TRAP, 0, 0)
            self._send(encode_frame(head, text[:MAX_TEXT]))
        return 1

    def _send(self, frame: bytes) -> None:
        self._out.append(frame)

"""The loop of a plugin's child: frames in, guest calls, frames out.

Results are collected and written together, at the latest when no more work waits or when the
watchdog passes by, so that the supervisor always knows which event is running. Anything that ends a
guest call but success ends the process: the instance must not be used again, and a new process is
cheap.
"""

import os
import threading
import time
import traceback
from collections import deque

from sandbox_child.abi.instance import Instance
from sandbox_child.lockdown.policy import PIPE_IN, PIPE_OUT
from sandbox_child.runtime.errors import GuestError, SandboxFailed
from sandbox_child.runtime.watchdog import Watchdog
from sandbox_child.wire.frames import Frame, FrameDecoder, encode_frame
from sandbox_child.wire.messages import (
    ANSWER,
    CALL,
    INVOKE,
    LOG,
    MAX_TEXT,
    READY,
    RESULT,
    START_SEQ,
    HostCall,
    LogLevel,
    OutcomeCode,
    nearly_full,
)
from sandbox_child.wire.spec import PluginSpec

_READ_BYTES = 256 * 1024
_FLUSH_FRAMES = 64
_LIMIT_MET = 4
_NETWORK_ERROR = 0


class Channel:
    """The two pipes of a child: reads frames, and writes them from both threads."""

    def __init__(self, max_blob: int) -> None:
        self._decoder = FrameDecoder(max_blob)
        self._waiting: deque[Frame] = deque()
        self._out: list[bytes] = []
        self._write_lock = threading.Lock()

    def send(self, frame: bytes) -> None:
        """Put a frame behind those that wait; :meth:`flush` writes them."""
        self._out.append(frame)
        if len(self._out) >= _FLUSH_FRAMES:
            self.flush()

    def flush(self) -> None:
        """Write everything that waits. Both threads call this; the lock keeps the order."""
        # The lock is taken even when nothing waits: the other thread may be writing the last of it,
        # and the process may be about to end.
        with self._write_lock:
            count = len(self._out)
            rest = memoryview(b"".join(self._out[:count]))
            del self._out[:count]
            while rest:
                rest = rest[os.write(PIPE_OUT, rest) :]

    def next_work(self) -> Frame:
        """Return the next request for a guest call; ends the process at the end of the pipe."""
        while not self._waiting:
            self.flush()
            self._read()
        return self._waiting.popleft()

    @property
    def has_work(self) -> bool:
        """Whether another frame has been read already."""
        return bool(self._waiting)

    def wait_answer(self, call: int) -> tuple[int, bytes]:
        """Return status and body of the ANSWER to ``call``; work that comes before it waits."""
        self.flush()
        scanned = 0
        while True:
            for position in range(scanned, len(self._waiting)):
                head, blob = self._waiting[position]
                if head[0] == ANSWER and head[1] == call:
                    del self._waiting[position]
                    return head[2], blob
            scanned = len(self._waiting)
            self._read()

    def _read(self) -> None:
        data = os.read(PIPE_IN, _READ_BYTES)
        if not data:
            os._exit(0)
        self._waiting.extend(self._decoder.feed(data))


class Link:
    """The way from the guest's host calls to the supervisor, with this event's budgets.

    The supervisor counts as well, and trusts none of this; here the budgets give the guest a status
    in place of a kill.
    """

    def __init__(self, channel: Channel, spec: PluginSpec) -> None:
        self._channel = channel
        self._spec = spec
        self._calls = 0
        self._event_calls = 0
        self._lines = 0
        self._dropped = 0

    def log(self, level: LogLevel, text: str) -> None:
        """Send a line, cut to its limit, or count it as dropped."""
        if self._lines >= self._spec.max_log_lines:
            self._dropped += 1
            return
        self._lines += 1
        line = text.encode("utf-8", "replace")[: self._spec.max_log_line_bytes]
        self._channel.send(encode_frame((LOG, level), line))

    def end_event(self) -> None:
        """Say how many lines were dropped, and start new budgets."""
        if self._dropped:
            text = f"{self._dropped} more log lines of this event were dropped"
            self._channel.send(encode_frame((LOG, LogLevel.WARN), text.encode()))
        self._event_calls = self._lines = self._dropped = 0

    def call(self, name: HostCall, request: bytes) -> tuple[int, bytes]:
        """Ask the supervisor and wait."""
        if self._event_calls >= self._spec.max_host_calls:
            self.log(
                LogLevel.WARN, f"more than {self._spec.max_host_calls} host calls in one event"
            )
            return (_NETWORK_ERROR if name is HostCall.HTTP_REQUEST else _LIMIT_MET), b""
        self._event_calls += 1
        self._calls += 1
        self._channel.send(encode_frame((CALL, self._calls, name), request))
        return self._channel.wait_answer(self._calls)


class Server:
    """Runs one plugin until its pipe ends or its guest fails."""

    def __init__(
        self,
        plugin: Instance,
        channel: Channel,
        link: Link,
        watchdog: Watchdog,
        memory_limit: int,
    ) -> None:
        """``memory_limit``: bytes that the guest's memory may have."""
        self._plugin = plugin
        self._channel = channel
        self._link = link
        self._watchdog = watchdog
        self._memory_limit = memory_limit
        self._memory_at_start = 0

    def start(self, report: bytes) -> None:
        """Run the plugin's start sequence; says READY with ``report``, or ends the process."""
        started = time.monotonic()
        self._watchdog.begin(started)
        try:
            self._plugin.start()
        except Exception as exc:
            self._fail(START_SEQ, started, exc)
        self._link.end_event()
        self._watchdog.end()
        self._memory_at_start = self._plugin.memory_bytes()
        self._channel.send(encode_frame((READY, self._memory_at_start), report))
        self._channel.flush()

    def run(self) -> None:
        """Serve until the guest has left or its memory is nearly full; never returns."""
        plugin, channel, link, watchdog = self._plugin, self._channel, self._link, self._watchdog
        clock = time.monotonic
        at_start, limit = self._memory_at_start, self._memory_limit
        while True:
            if not channel.has_work:
                watchdog.end()
            work, blob = channel.next_work()
            seq = work[1]
            started = clock()
            allowed = work[2] / 1000 if work[0] == INVOKE else None
            if watchdog.begin(started, allowed):
                plugin.rearm()
            try:
                value = plugin.serve(work, blob)
                plugin.flush()
            except Exception as exc:
                self._fail(seq, started, exc)
            link.end_event()
            spent = int((clock() - started) * 1e9)
            memory = plugin.memory_bytes()
            outcome = OutcomeCode.OK_AND_LEFT if plugin.left else OutcomeCode.OK
            channel.send(encode_frame((RESULT, seq, outcome, spent, memory), value))
            if plugin.left or nearly_full(memory, at_start, limit):
                channel.flush()
                os._exit(0)

    def _fail(self, seq: int, started: float, exc: Exception) -> None:
        """Report the failure and end the process: nothing of it may be used again."""
        failure = exc if isinstance(exc, GuestError) else SandboxFailed(traceback.format_exc())
        self._plugin.flush()
        failure = self._plugin.explain(failure)
        outcome = self._plugin.classify(failure)
        self._link.end_event()
        text = f"{failure}\n{failure.backtrace}".strip().encode("utf-8", "replace")[:MAX_TEXT]
        spent = int((time.monotonic() - started) * 1e9)
        try:
            memory = self._plugin.memory_bytes()
        except GuestError:
            memory = 0
        self._channel.send(encode_frame((RESULT, seq, outcome, spent, memory), text))
        self._channel.flush()
        os._exit(0)

"""The state machine of one child's conversation: pure, fed with bytes and the time.

It decides what a child may say now. A child that says anything else has broken the protocol, and
:class:`~sandbox_child.wire.errors.WireError` ends it. Nothing here is taken from the child but what
it may know: how its guest call ended, its log lines and its requests.

::

    STARTING --READY--> SERVING --RESULT other than ok--> ENDED
        |                  |--RESULT ok, memory nearly full--> ENDED
        +---RESULT 0-------+--(deadline, end of pipe, protocol)--> ENDED
"""

# How it works, and why
#
# The child is the enemy here: a guest may have escaped wasmtime and write any bytes it likes. So
# this module decides, from its own state alone, what may come next, and everything else raises. It
# does no I/O and takes the time as an argument, so that the fuzzer and the model test can drive it
# through any conversation, at any time.
#
# What it holds:
#
#     phase       see the diagram above; after ENDED not one more message is accepted
#     in_line     the guest calls that the child was asked for, in order; the first one runs
#     _open_call  the number of the host call that waits for its answer; there is at most one
#
# A guest is single-threaded and its child serves one call after another. That gives the rules:
#
# - A RESULT can only be of the first in line. The child says which one, and is compared with it.
# - A CALL can only come while a guest call runs, with the next number, and never while another is
#   open: a guest that waits for an answer cannot ask for something else.
# - A RESULT cannot come while a host call is open, for the same reason.
# - Log lines belong to the guest call that runs, or to the start. A native plugin's bridge also
#   tells what its program printed last, once in its life.
#
# Nothing is matched by an id that the child chooses: sequence numbers only confirm what is known
# already. So a child cannot answer for an event that it was not given, or twice for one.
#
# Time. Several results can arrive in one read, and how long each took is known to the child alone.
# It is believed only as far as it cannot do harm: all durations together are at most the time that
# passed here (``_accounted``). Deadlines never depend on what the child says.
#
# Budgets are counted here as well as in the child. The child's count is for honest guests, with an
# error they can understand; this one is for a child that no longer counts.

import enum
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from sandbox_child.wire.errors import MessageError
from sandbox_child.wire.frames import FrameDecoder, Head
from sandbox_child.wire.messages import (
    CALL,
    FROM_CHILD,
    INVOKE,
    LOG,
    MAX_FUNCTION_NAME,
    MAX_REPORT,
    MAX_TEXT,
    REGISTER,
    RESULT,
    START_SEQ,
    HostCall,
    LogLevel,
    OutcomeCode,
    check_head,
    nearly_full,
)
from supervisor.views import HostCallRecord

_HOST_CALLS = {call.value: call for call in HostCall}
_LEVELS = {level.value: level for level in LogLevel}
_OUTCOMES = {outcome.value: outcome for outcome in OutcomeCode}
_OK = OutcomeCode.OK
_GIVE_BYTES = frozenset({INVOKE, REGISTER})
_LONGEST_NAME = MAX_FUNCTION_NAME + 1
_SUCCESSES = frozenset({OutcomeCode.OK, OutcomeCode.OK_AND_LEFT})


class Spent(enum.Enum):
    """Why a child that did nothing wrong begins no other guest call."""

    MEMORY_FULL = enum.auto()
    GUEST_LEFT = enum.auto()


LEAST_START_S = 5.0
"""Time for a process to start, where its plugin's deadline is shorter."""


class Phase(enum.Enum):
    """State of a conversation."""

    STARTING = enum.auto()
    SERVING = enum.auto()
    ENDED = enum.auto()


@dataclass(frozen=True, slots=True)
class Budgets:
    """Limits of what a child can send during one guest call; sizes in bytes."""

    request_bytes: int
    log_lines: int
    log_line_bytes: int
    host_calls: int
    memory_bytes: int
    """Not sent, but had: the most that the guest's memory may grow to."""
    result_bytes: int = MAX_TEXT
    last_lines: int = 0
    """Log lines outside of a guest call: the last ones of a native plugin's program."""


Key = TypeVar("Key")
"""Key by which the caller knows a guest call."""


@dataclass(slots=True, eq=False)
class Work(Generic[Key]):
    """One guest call that a child was asked for, in the order of asking."""

    kind: int
    """EVENT, PANEL, INVOKE or REGISTER."""
    blob: bytes
    key: Key
    """What the caller knows it by; nobody else looks at it."""
    number: int = 0
    """Id of an event's delivery in the delivery log."""
    event_id: str | None = None
    """Of the event that it handles; None for anything else."""
    depth: int = 0
    """Length of the chain of plugin causes that led to that event."""
    seq: int = 0
    started: float = 0.0
    """When it became the first in line, in seconds of the monotonic clock."""
    log_lines: int = 0
    host_calls: list[HostCallRecord] = field(default_factory=list)
    calls: int = 0
    head: tuple[int, ...] = ()
    """Content of the message after kind and seq."""
    deadline_s: float | None = None
    """Time limit, if it is not the plugin's deadline."""
    cause: str = ""
    """What it follows from in the end; empty as long as that is nothing but itself."""

    @property
    def gives_bytes(self) -> bool:
        """Whether its result is data for the caller, and not text."""
        return self.kind in _GIVE_BYTES


AnyWork: TypeAlias = Work[Any]
"""A guest call to those for whom it is nobody's in particular."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The child is locked down and its guest has started."""

    memory_bytes: int
    report: bytes


class Finished(msgspec.Struct, Generic[Key], frozen=True):
    """A guest call has ended; ``work`` is None for the start sequence.

    One is made for every delivery, and a frozen dataclass takes five times as long to make.
    """

    work: Work[Key] | None
    outcome: OutcomeCode
    duration_s: float
    memory_bytes: int
    text: str
    """The panel's URL where ok, else the error."""
    result: bytes = b""
    """Return value of a function, as the guest wrote it."""


@dataclass(frozen=True, slots=True)
class Called:
    """The guest asks for something and waits; at most one at a time."""

    call: int
    name: HostCall
    request: bytes
    work: AnyWork


@dataclass(frozen=True, slots=True)
class Logged:
    """The guest logged a line; ``work`` is None outside of a guest call."""

    level: LogLevel
    text: str
    work: AnyWork | None


Occurrence: TypeAlias = Ready | Finished[Key] | Called | Logged


class Conversation(Generic[Key]):
    """One child's side of the protocol, as the supervisor checks it."""

    def __init__(self, budgets: Budgets, started: float) -> None:
        """``started``: when the child was made, in seconds of the monotonic clock."""
        self.phase = Phase.STARTING
        self.in_line: deque[Work[Key]] = deque()
        self.memory_bytes = 0
        self.spent: Spent | None = None
        """Whether the child has ended because its guest's memory was nearly full."""
        self._memory_at_start = 0
        self._budgets = budgets
        self._decoder = FrameDecoder(
            max(budgets.request_bytes + _LONGEST_NAME, budgets.result_bytes, MAX_REPORT)
        )
        self._next_seq = START_SEQ + 1
        self._calls = 0
        self._open_call: int | None = None
        self._busy_since = started
        self._accounted = started
        self._start_log_lines = 0
        self._last_lines = 0

    def busy_since(self) -> float | None:
        """Return since when the child has been in the guest call that runs now; None when idle."""
        if self.phase is Phase.STARTING or self.in_line:
            return self._busy_since
        return None

    def allowed_s(self, deadline_s: float) -> float:
        """Return how long the guest call that runs may take; ``deadline_s`` where it says nothing.

        Calls of functions bring a deadline of their own. A start has some seconds in any case: it
        is the machine that takes its time to make a process, and the child itself holds its guest
        to the deadline.
        """
        if self.phase is Phase.STARTING:
            return max(deadline_s, LEAST_START_S)
        own = self.in_line[0].deadline_s if self.in_line else None
        return deadline_s if own is None else own

    def ask(self, work: Work[Key], now: float) -> int:
        """Put ``work`` in line and return its seq; the caller sends the message."""
        if self.phase is Phase.STARTING:
            raise RuntimeError("a child was asked before it was ready")
        if not self.in_line:
            self._busy_since = self._accounted = work.started = now
        work.seq = self._next_seq
        self._next_seq += 1
        self.in_line.append(work)
        return work.seq

    def answered(self, call: int) -> None:
        """The answer to ``call`` is about to be sent."""
        if call == self._open_call:
            self._open_call = None

    def hear(self, data: bytes, now: float) -> list[Occurrence[Key]]:
        """Return what ``data`` from the child tells; raises WireError where it breaks the protocol.

        What was heard before the break is lost with it: a child that lies once is not believed in
        the same breath.
        """
        heard: list[Occurrence[Key]] = []
        for head, blob in self._decoder.feed(data):
            if self.phase is Phase.ENDED:
                raise MessageError("a message behind the last one")
            kind = check_head(head, FROM_CHILD)
            if kind == RESULT:
                heard.append(self._result(head, blob, now))
            elif kind == LOG:
                heard.append(self._log(head, blob))
            elif kind == CALL:
                heard.append(self._call(head, blob))
            else:
                heard.append(self._ready(head, blob))
        return heard

    def _ready(self, head: Head, blob: bytes) -> Ready:
        if self.phase is not Phase.STARTING:
            raise MessageError("READY a second time")
        if len(blob) > MAX_REPORT:
            raise MessageError("READY with too long a report")
        self.phase = Phase.SERVING
        self.memory_bytes = self._memory_at_start = head[1]
        return Ready(head[1], blob)

    def _result(self, head: Head, blob: bytes, now: float) -> Finished[Key]:
        _, seq, code, nanoseconds, memory = head
        outcome = _OUTCOMES.get(code)
        if outcome is None:
            raise MessageError("RESULT with an unknown outcome")
        if len(blob) > (self._budgets.result_bytes if outcome in _SUCCESSES else MAX_TEXT):
            raise MessageError("RESULT with too long a text")
        if self._open_call is not None:
            raise MessageError("RESULT while a host call is open")
        work: Work[Key] | None = None
        if self.phase is Phase.STARTING:
            if seq != START_SEQ or outcome in _SUCCESSES:
                raise MessageError("RESULT of a guest call before READY")
        elif not self.in_line or self.in_line[0].seq != seq:
            raise MessageError("RESULT of a guest call that does not run")
        else:
            work = self.in_line.popleft()
        # Several results may come at once. A child tells how long each took, but all of them
        # together no longer than it was busy.
        spent = min(nanoseconds / 1e9, now - self._accounted)
        self._accounted += spent
        self._busy_since = now
        if self.in_line:
            self.in_line[0].started = now
        self.memory_bytes = memory
        self.spent = self._why_spent(outcome)
        if self.spent is not None or outcome not in _SUCCESSES:
            self.phase = Phase.ENDED
        known = _OK if outcome in _SUCCESSES else outcome
        if known is _OK and work is not None and work.gives_bytes:
            return Finished(work, _OK, spent, memory, "", blob)
        text = blob.decode("utf-8", "replace") if blob else ""
        return Finished(work, known, spent, memory, text)

    def _why_spent(self, outcome: OutcomeCode) -> Spent | None:
        if outcome is OutcomeCode.OK_AND_LEFT:
            return Spent.GUEST_LEFT
        full = nearly_full(self.memory_bytes, self._memory_at_start, self._budgets.memory_bytes)
        return Spent.MEMORY_FULL if full and outcome is _OK else None

    def _call(self, head: Head, blob: bytes) -> Called:
        _, call, code = head
        name = _HOST_CALLS.get(code)
        if name is None:
            raise MessageError("CALL of an unknown name")
        if self._open_call is not None:
            raise MessageError("CALL while another is open")
        if self.phase is not Phase.SERVING or not self.in_line:
            raise MessageError("CALL outside of a guest call")
        if call != self._calls + 1:
            raise MessageError("CALL with a number out of turn")
        room = _LONGEST_NAME if name is HostCall.NAMED else 0
        if len(blob) > self._budgets.request_bytes + room:
            raise MessageError("CALL with too long a request")
        work = self.in_line[0]
        work.calls += 1
        if work.calls > self._budgets.host_calls:
            raise MessageError("more host calls than one event may make")
        self._calls = call
        self._open_call = call
        return Called(call, name, blob, work)

    def _log(self, head: Head, blob: bytes) -> Logged:
        level = _LEVELS.get(head[1])
        if level is None:
            raise MessageError("LOG with an unknown level")
        if len(blob) > self._budgets.log_line_bytes:
            raise MessageError("LOG with too long a line")
        work = self.in_line[0] if self.in_line else None
        if work is None:
            if self.phase is not Phase.STARTING:
                return self._last_words(level, blob)
            self._start_log_lines += 1
            lines = self._start_log_lines
        else:
            work.log_lines += 1
            lines = work.log_lines
        # One more than the guest may log: the line that says how many were dropped.
        if lines > self._budgets.log_lines + 1:
            raise MessageError("more log lines than one event may write")
        return Logged(level, blob.decode("utf-8", "replace"), work)

    def _last_words(self, level: LogLevel, blob: bytes) -> Logged:
        self._last_lines += 1
        if self._last_lines > self._budgets.last_lines:
            raise MessageError("LOG outside of a guest call")
        return Logged(level, blob.decode("utf-8", "replace"), None)

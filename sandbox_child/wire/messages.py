"""The messages: their kinds, the shape of each head, and what its blob holds.

To the child::

    EVENT    [1, seq]                 blob: the payload, JSON
    PANEL    [2, seq]                 blob: the ticket id, UTF-8
    ANSWER   [3, call, status]        blob: the response body of an HTTP request, the JSON that a
                                      named call answers, else empty
    INVOKE   [4, seq, milliseconds, name]
                                      blob: a function's name of ``name`` bytes, then its arguments;
                                      the call may take that long, host calls included
    REGISTER [5, seq]                 blob: empty

From the child::

    READY    [10, memory]             blob: which controls are active, JSON
    RESULT   [11, seq, outcome, nanoseconds, memory]
                                      blob: what the guest returned where ok (a panel's URL, a
                                      function's JSON), else the error, UTF-8
    CALL     [12, call, name]         blob: the guest's request, as the guest wrote it; of a named
                                      call its name, a zero byte, its arguments
    LOG      [13, level]              blob: the text, UTF-8

``seq`` counts the requests for guest calls (EVENT, PANEL, INVOKE, REGISTER) of one child from 1,
``call`` its CALL messages.
``memory`` is the size of the guest's linear memory in bytes. A child answers in the order in which
it was asked, makes one call at a time, and says READY, or RESULT for seq 0 where the start failed,
before anything but LOG. The end of the pipe ends the child.

A child whose guest's memory is :func:`nearly_full` behind a guest call begins no other: that RESULT
is its last message, and what it was asked for besides goes to the next child.
"""

import enum
from typing import Final

from sandbox_child.wire.errors import MessageError
from sandbox_child.wire.frames import Head

EVENT: Final = 1
PANEL: Final = 2
ANSWER: Final = 3
INVOKE: Final = 4
REGISTER: Final = 5
READY: Final = 10
RESULT: Final = 11
CALL: Final = 12
LOG: Final = 13

START_SEQ: Final = 0
"""The seq that stands for the start sequence."""

MAX_TEXT: Final = 16 * 1024
"""Bytes of an error with its backtrace, or of a panel's URL."""
MAX_FUNCTION_NAME: Final = 128
"""Bytes of the name of a function, the host's or the guest's."""
NATIVE_INIT: Final = b"__init__"
NATIVE_SHUTDOWN: Final = b"__shutdown__"
"""Names of INVOKE that a native plugin's bridge turns into the calls of their own that they are
there: the first has the settings as its arguments, a JSON object of strings. No client may use
them."""
NATIVE_EVENT: Final = b"on_event"
"""Name of the INVOKE that brings an event."""
PROGRAM_GONE: Final = 3
"""Exit status of a bridge whose program went in the middle of an event."""
CLOSED: Final = "the plugin's program closed its connection"
MAX_RESULT: Final = 4 * 1024 * 1024
"""Bytes that a guest's function may return."""
MAX_REPORT: Final = 64 * 1024
"""Bytes of the blob of READY."""

_UINT_LIMIT: Final = 1 << 63


def nearly_full(memory: int, at_start: int, limit: int) -> bool:
    """Tell whether a guest with ``memory`` bytes had better not begin another guest call.

    An eighth of the limit is kept free. A guest that had more than that ``at_start`` is served
    until it grows, as a fresh one would have no less.
    """
    return memory > max(limit - limit // 8, at_start)


class OutcomeCode(enum.IntEnum):
    """Outcome of a guest call, as the child saw it."""

    OK = 0
    TRAP = 1
    TIMEOUT = 2
    OUT_OF_MEMORY = 3
    EXIT = 4
    BAD_RESULT = 5
    """A panel that gave back something that is no string in its memory."""
    OK_AND_LEFT = 6
    """The guest did its work and left by ``proc_exit(0)``: this child begins no other call."""


class HostCall(enum.IntEnum):
    """The host calls that need the supervisor."""

    HTTP_REQUEST = 1
    ADD_REPLY = 2
    SET_CUSTOM_FIELD = 3
    NAMED = 4
    """A function of GoatKit's host: its name is part of the request. Status 1 where it went well,
    0 where it failed, which is all that the guest is told."""


def named_call(name: bytes, arguments: bytes) -> bytes:
    """Return the blob of a CALL for ``HostCall.NAMED``."""
    return name + b"\0" + arguments


def read_named_call(blob: bytes) -> tuple[str, bytes]:
    """Return name and arguments of such a blob; raises MessageError."""
    name, zero, arguments = blob.partition(b"\0")
    if not zero or not 0 < len(name) <= MAX_FUNCTION_NAME:
        raise MessageError("CALL by name without a name")
    return name.decode("utf-8", "replace"), arguments


class LogLevel(enum.IntEnum):
    """Levels of ``ohd_log``."""

    DEBUG = 0
    INFO = 1
    WARN = 2
    ERROR = 3


_SHAPES: Final[dict[int, tuple[str, int]]] = {
    EVENT: ("EVENT", 2),
    PANEL: ("PANEL", 2),
    ANSWER: ("ANSWER", 3),
    INVOKE: ("INVOKE", 4),
    REGISTER: ("REGISTER", 2),
    READY: ("READY", 2),
    RESULT: ("RESULT", 5),
    CALL: ("CALL", 3),
    LOG: ("LOG", 2),
}

FROM_CHILD: Final = frozenset({READY, RESULT, CALL, LOG})
TO_CHILD: Final = frozenset({EVENT, PANEL, ANSWER, INVOKE, REGISTER})


def check_head(head: Head, allowed: frozenset[int]) -> int:
    """Return the kind of a head that has its kind's shape: that many unsigned integers.

    Raises MessageError for anything else, so that later code may trust the types.
    """
    kind = head[0]
    if type(kind) is not int or kind not in allowed:
        raise MessageError("a message of an unknown kind")
    name, length = _SHAPES[kind]
    if len(head) != length:
        raise MessageError(f"{name} with {len(head)} items; it has {length}")
    for item in head:
        if type(item) is not int or not 0 <= item < _UINT_LIMIT:
            raise MessageError(f"{name} with an item that is not an unsigned integer")
    return kind

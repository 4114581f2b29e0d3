"""Frames as they come in, looked at before h2 keeps them: their size, and what they cost.

Data is free, as the window bounds it. Everything else is paid for from an allowance that grows with
time and with each finished call, so that frames which cost the peer nothing (pings, settings,
resets, window updates, empty data) end the connection before they cost much here. A frame costs its
bytes, or more where it makes more work than these show.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sandbox_child.grpc.errors import GrpcError, GrpcFlood

Clock = Callable[[], float]
"""Seconds that never go back."""
MAX_FRAME = 16_384
"""Bytes of a frame, as HTTP/2 has it where nobody says otherwise."""
PREFACE_BYTES = 24
"""What a client sends before its first frame."""

_HEAD = 9
_DATA, _PADDED = 0, 8
_LEAST = {1: 256, 3: 256, 4: 64, 5: 256, 8: 16, 9: 256}
"""HEADERS, RST_STREAM, SETTINGS, PUSH_PROMISE, WINDOW_UPDATE, CONTINUATION."""
_LEAST_OF_OTHERS = 32


@dataclass(frozen=True, slots=True)
class Rates:
    """How much of an allowance there is. In bytes."""

    most: int = 128 << 10
    per_s: int = 32 << 10
    per_call: int = 4 << 10


class Toll:
    """What one peer may still spend."""

    def __init__(self, rates: Rates, *, skip: int = 0, clock: Clock = time.monotonic) -> None:
        """``skip``: bytes before the first frame."""
        self._rates = rates
        self._clock = clock
        self._left = float(rates.most)
        self._then = clock()
        self._head = bytearray()
        self._skip = skip
        """Bytes still to come of the frame that is passing, or before the first."""

    def ended_call(self) -> None:
        """Give what goes with one call more."""
        self._give(self._rates.per_call)

    def feed(self, data: bytes) -> None:
        """Charge for the frames that begin in ``data``; raises GrpcError, GrpcFlood."""
        now = self._clock()
        self._give((now - self._then) * self._rates.per_s)
        self._then = now
        position = 0
        while position < len(data):
            if self._skip:
                step = min(self._skip, len(data) - position)
                self._skip -= step
                position += step
                continue
            if not self._head and len(data) - position >= _HEAD:
                self._begins(data[position : position + _HEAD])
                position += _HEAD
                continue
            part = data[position : position + _HEAD - len(self._head)]
            self._head += part
            position += len(part)
            if len(self._head) == _HEAD:
                self._begins(bytes(self._head))
                self._head.clear()
        if self._left < 0:
            raise GrpcFlood("it sends more than calls need besides their data")

    def _begins(self, head: bytes) -> None:
        length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
        if length > MAX_FRAME:
            raise GrpcError(f"HTTP/2: a frame of {length:,} bytes; at most {MAX_FRAME:,} fit")
        self._skip = length
        if kind != _DATA or not length or flags & _PADDED:
            self._left -= max(length + _HEAD, _LEAST.get(kind, _LEAST_OF_OTHERS))

    def _give(self, count: float) -> None:
        self._left = min(self._rates.most, self._left + count)

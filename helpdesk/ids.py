"""New identifiers: ULIDs that grow.

A ULID is 26 characters of Crockford base 32: 48 bits of milliseconds, 80 of randomness. Each is
greater than the one before, also when the machine's clock steps back, and, where ``grow_from``
knows the greatest one that is stored, greater than those of processes before this one. So sorting
by id is sorting by creation.
"""

import threading
import time

from ulid import ULID, ULIDGenerator


class _GrowingIds:
    """The last millisecond used and the generator behind it, under one lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._generator = ULIDGenerator()
        self._last_ms = 0

    def new(self) -> str:
        with self._lock:
            self._last_ms = max(self._last_ms, time.time_ns() // 1_000_000)
            return str(self._generator.generate(self._last_ms))

    def grow_from(self, greatest: str) -> None:
        with self._lock:
            # Of the same millisecond a new one would have other random bits, which may be less.
            self._last_ms = max(self._last_ms, ULID.from_str(greatest).milliseconds + 1)


_ids = _GrowingIds()


def grow_from(greatest: str) -> None:
    """Let every id from now on be greater than ``greatest``, a ULID."""
    _ids.grow_from(greatest)


def new_id() -> str:
    """Return a ULID greater than every one before; any thread may ask."""
    return _ids.new()

"""New identifiers: ULIDs that grow within this process.

A ULID is 26 characters of Crockford base 32: 48 bits of milliseconds, 80 of randomness. Within a
process each is greater than the one before, also when the machine's clock steps back, so that
sorting by id is sorting by creation.
"""

import threading
import time

from ulid import ULIDGenerator


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


_ids = _GrowingIds()


def new_id() -> str:
    """Return a ULID greater than every one returned before in this process; any thread may ask."""
    return _ids.new()

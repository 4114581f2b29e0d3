"""Slows down guessing: at most so many failures for a key within a sliding window.

It exists for log-ins and knows nothing of them: keys are any strings. Memory is bounded: the
oldest key is forgotten when too many are known, which needs more distinct keys than an attacker
gains by it, since the address is a key too.
"""

from collections import OrderedDict, deque
from collections.abc import Callable

import trio


class Throttle:
    """Failures a key, in memory, in monotonic time."""

    def __init__(
        self,
        *,
        window_s: float,
        max_keys: int = 10_000,
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        self._window_s = window_s
        self._max_keys = max_keys
        self._clock = clock
        self._attempts: OrderedDict[str, deque[float]] = OrderedDict()

    def begin(self, key: str, limit: int) -> float:
        """Count one attempt as failed until ``succeeded`` says otherwise.

        Counting first keeps many attempts at the same moment within the limit. Returns 0.0 when
        the attempt may go on, else the seconds to wait; then nothing is counted.
        """
        now = self._clock()
        times = self._attempts.setdefault(key, deque())
        self._attempts.move_to_end(key)
        while times and times[0] <= now - self._window_s:
            times.popleft()
        if len(times) >= limit:
            return times[0] + self._window_s - now
        times.append(now)
        while len(self._attempts) > self._max_keys:
            self._attempts.popitem(last=False)
        return 0.0

    def take_back(self, key: str) -> None:
        """Uncount the newest attempt: it did not fail, and says nothing about the others."""
        times = self._attempts.get(key)
        if times:
            times.pop()

    def forget(self, key: str) -> None:
        """Forget every attempt for ``key``: they have proven who they are."""
        self._attempts.pop(key, None)

    def __len__(self) -> int:
        return len(self._attempts)

"""Counts of one plugin's deliveries since the server started, for whoever watches it.

Fed on the hot path: two additions and a binary search, no lock, no allocation.
"""

from bisect import bisect_left
from collections import Counter

from supervisor.delivery.durations import BOUNDS_S


class Tally:
    """Outlives the plugin's runners, so that its counters only grow."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.buckets = [0] * (len(BOUNDS_S) + 1)
        """Deliveries by duration, each in one bucket."""
        self.seconds = 0.0
        self.errors = 0
        """Errors: failed deliveries, panels and starts."""
        self.starts = 0
        """Processes that were started."""

    @property
    def deliveries(self) -> int:
        """How many there were, well or not."""
        return sum(self.outcomes.values())

    def delivery(self, outcome: str, duration_s: float) -> None:
        """Count one delivery."""
        self.outcomes[outcome] += 1
        self.buckets[bisect_left(BOUNDS_S, duration_s)] += 1
        self.seconds += duration_s

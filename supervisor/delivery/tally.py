"""Counts of one plugin's deliveries since the server started, for whoever watches it.

Fed on the hot path: two additions and a binary search, no lock, no allocation.
"""

from bisect import bisect_left
from collections import Counter

BOUNDS_S = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the duration buckets; what is slower falls into one more."""


class Tally:
    """Outlives the plugin's runners, so that its counters only grow."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.buckets = [0] * (len(BOUNDS_S) + 1)
        """Deliveries by duration, each in one bucket."""
        self.seconds = 0.0
        self.starts = 0
        """Processes that were started."""

    def delivery(self, outcome: str, duration_s: float) -> None:
        """Count one delivery."""
        self.outcomes[outcome] += 1
        self.buckets[bisect_left(BOUNDS_S, duration_s)] += 1
        self.seconds += duration_s

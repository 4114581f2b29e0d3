"""When a plugin's child is started again, and when no more: pure, fed with monotonic time."""

import random
from dataclasses import dataclass, field

from supervisor.views import Outcome

FIRST_DELAY_S = 0.1
LONGEST_DELAY_S = 30.0
GIVE_UP_AFTER = 8
"""Failures of the process itself in a row; with the delays between them, about half a minute."""
STEADY_S = 60.0
"""A child that has lived this long has not failed in a row with what comes after."""

_OF_THE_PROCESS = frozenset({Outcome.START_FAILED, Outcome.LOST, Outcome.PROTOCOL})


@dataclass(slots=True)
class RestartPolicy:
    """Exponential backoff with jitter over failures of the process.

    A guest that traps, loops or runs out of memory on an event gets a fresh child at once: its next
    event may be fine, and the health rule looks after a plugin whose events keep failing.
    """

    jitter: random.Random = field(default_factory=random.Random)
    failures: int = 0

    def after(self, outcome: Outcome, lived_s: float) -> float | None:
        """Return the seconds to wait before the next start; None: give up."""
        if outcome not in _OF_THE_PROCESS:
            return 0.0
        if lived_s >= STEADY_S:
            self.failures = 0
        self.failures += 1
        if self.failures >= GIVE_UP_AFTER:
            return None
        delay = min(LONGEST_DELAY_S, FIRST_DELAY_S * 2.0 ** (self.failures - 1))
        return delay * self.jitter.uniform(0.75, 1.25)

    def delivered(self) -> None:
        """A guest call has gone well."""
        self.failures = 0

"""Restart policy and back-off of a plugin's child: pure, fed with monotonic time."""

import random
from dataclasses import dataclass, field

from supervisor.states import Outcome

_OF_THE_PROCESS = frozenset({Outcome.START_FAILED, Outcome.LOST, Outcome.PROTOCOL})


@dataclass(frozen=True, slots=True)
class RestartRule:
    """Exponential backoff: the delay doubles with each failure in a row. Times in seconds."""

    first_delay_s: float = 0.1
    longest_delay_s: float = 30.0
    give_up_after: int = 8
    """Failures of the process itself in a row; the delays before add up to 13 seconds."""
    steady_s: float = 60.0
    """A child that has lived this long has not failed in a row with what comes after."""


@dataclass(slots=True)
class RestartPolicy:
    """Exponential backoff with jitter over failures of the process.

    A guest that traps, loops or runs out of memory on an event gets a new child at once: its next
    event may be fine, and the health rule looks after a plugin whose events keep failing.
    """

    rule: RestartRule = field(default_factory=RestartRule)
    jitter: random.Random = field(default_factory=random.Random)
    failures: int = 0

    def after(self, outcome: Outcome, lived_s: float) -> float | None:
        """Return the seconds to wait before the next start; None: give up."""
        if outcome not in _OF_THE_PROCESS:
            return 0.0
        if lived_s >= self.rule.steady_s:
            self.failures = 0
        self.failures += 1
        if self.failures >= self.rule.give_up_after:
            return None
        delay = self.rule.first_delay_s * 2.0 ** (self.failures - 1)
        return min(self.rule.longest_delay_s, delay) * self.jitter.uniform(0.75, 1.25)

    def delivered(self) -> None:
        """A guest call has gone well."""
        self.failures = 0

"""Back-off of calls that end the plugin's process: pure, fed with monotonic time.

A page that fails is worth another try, and a page that always fails costs a new process each time
somebody looks. So a function that ended the process several times in a row for the same person is
not called for them for a while, which doubles with each further failure. Nobody else waits for it,
and the plugin goes on: whoever opens a page can neither disable a plugin nor keep it from others.
"""

from collections import OrderedDict
from dataclasses import dataclass

FREE = 3
"""Failures in a row without a wait."""
FIRST_S = 1.0
LONGEST_S = 60.0
MOST = 1_000
"""Functions and people that are remembered; the one that failed longest ago is forgotten."""


@dataclass(slots=True)
class _Failures:
    count: int = 0
    until: float = 0.0


class CallBackoff:
    """The failures of one plugin's functions, each by the person for whom it was called."""

    def __init__(self) -> None:
        self._failures: OrderedDict[tuple[str, str], _Failures] = OrderedDict()

    def wait_s(self, function: str, person: str, now: float) -> float:
        """Return for how long a function is not to be called for somebody; 0 where it may be."""
        found = self._failures.get((function, person))
        return max(found.until - now, 0.0) if found else 0.0

    def failed(self, function: str, person: str, now: float) -> None:
        """Note a call that ended the process."""
        key = (function, person)
        found = self._failures.setdefault(key, _Failures())
        self._failures.move_to_end(key)
        found.count += 1
        if found.count >= FREE:
            doubled = FIRST_S * 2.0 ** min(found.count - FREE, 16)
            found.until = now + min(doubled, LONGEST_S)
        if len(self._failures) > MOST:
            self._failures.popitem(last=False)

    def passed(self, function: str, person: str) -> None:
        """Note a call that went well."""
        self._failures.pop((function, person), None)

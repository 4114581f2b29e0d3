"""Error threshold at which a plugin is disabled: pure, fed with monotonic time."""

from collections import deque
from dataclasses import dataclass, field

from supervisor.text import counted


@dataclass(frozen=True, slots=True)
class ErrorThreshold:
    """More than ``threshold`` of the deliveries of the last ``window_s`` seconds have failed."""

    threshold: float = 0.5
    window_s: float = 600.0
    least: int = 5
    """Deliveries in the window, below which nothing is decided."""


@dataclass(slots=True)
class Health:
    """The deliveries of one plugin in the window. Bounded: old entries go as new ones come."""

    rule: ErrorThreshold
    what: str = "deliveries"
    _failed: deque[float] = field(default_factory=deque)
    _passed: deque[tuple[float, int]] = field(default_factory=deque)
    _passed_count: int = 0

    def passed(self, count: int, now: float) -> None:
        """Note ``count`` deliveries that went well."""
        # Entries are merged by the second, so that a busy plugin's window stays small.
        if self._passed and now - self._passed[-1][0] < 1.0:
            at, before = self._passed[-1]
            self._passed[-1] = (at, before + count)
        else:
            self._passed.append((now, count))
        self._passed_count += count

    def failed(self, now: float) -> str | None:
        """Note a delivery that failed; return the reason to switch the plugin off, if it is one."""
        self._failed.append(now)
        self._forget(now - self.rule.window_s)
        errors = len(self._failed)
        total = errors + self._passed_count
        if total < self.rule.least or errors <= total * self.rule.threshold:
            return None
        return (
            f"{errors} of {total} {self.what} failed within "
            f"{counted(self.rule.window_s / 60, 'minute')}, "
            f"more than {self.rule.threshold:.0%}"
        )

    def _forget(self, before: float) -> None:
        while self._failed and self._failed[0] < before:
            self._failed.popleft()
        while self._passed and self._passed[0][0] < before:
            self._passed_count -= self._passed.popleft()[1]

"""Write quota of one plugin per minute: pure, fed with monotonic time.

The budgets of an event bound what comes of one event. This bounds what comes of all of them, so
that no plugin fills the disk or floods tickets, however many events it gets.
"""

import time
from collections import deque
from collections.abc import Callable

from supervisor.limits import MIB, Limits
from supervisor.text import counted

WINDOW_S = 60.0


class WriteQuota:
    """Of one plugin. Bounded: entries are merged by the second."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self.exceeded: str | None = None
        """Reason why the plugin must stop, if there is one."""
        self._clock = clock
        self._entries: deque[tuple[float, int, int]] = deque()
        self._changes = 0
        self._bytes = 0

    def change(self, size: int) -> str | None:
        """Note a change of ``size`` bytes; return why it must not be made, None where it may."""
        self._note(1, size)
        return self.exceeded

    def stored(self, size: int) -> None:
        """Note that so many bytes of the plugin's doing are kept."""
        self._note(0, size)

    def fits(self, size: int, *, changes: int = 0) -> bool:
        """Note so many bytes and changes where they fit into the window; else note nothing.

        Nothing is exceeded by that: there is room again once the window has moved on.
        """
        self._forget()
        within = (
            self._bytes + size <= self.limits.stored_per_minute_bytes
            and self._changes + changes <= self.limits.changes_per_minute
        )
        if within:
            self._note(changes, size)
        return within

    def _forget(self) -> None:
        now = self._clock()
        while self._entries and self._entries[0][0] <= now - WINDOW_S:
            _, old_changes, old_size = self._entries.popleft()
            self._changes -= old_changes
            self._bytes -= old_size

    def _note(self, changes: int, size: int) -> None:
        self._forget()
        at = now = self._clock()
        self._changes += changes
        self._bytes += size
        if self._entries and now - self._entries[-1][0] < 1.0:
            at, old_changes, old_size = self._entries.pop()
            changes, size = changes + old_changes, size + old_size
        self._entries.append((at, changes, size))
        if self.exceeded is None:
            self.exceeded = self._problem()

    def _problem(self) -> str | None:
        limits = self.limits
        if self._changes > limits.changes_per_minute:
            made = counted(limits.changes_per_minute, "change")
            return (
                f"it made more than {made} to tickets within a minute (its limit "
                "changes_per_minute)"
            )
        if self._bytes > limits.stored_per_minute_bytes:
            return (
                f"it made the server store more than {limits.stored_per_minute_bytes / MIB:g} MiB "
                "within a minute (its limit stored_per_minute_mib)"
            )
        return None

"""The deadline of a child: of its start, of each guest call, and of working with nothing to do.

Says when a child has to be killed; the session kills it. A child's own word about durations plays
no part in it.
"""

# How it works, and why
#
# There is no timer per guest call. It is computed when the call that runs now must have ended: its
# start, plus its deadline, plus the grace. This task sleeps until then and computes again, as other
# calls may have ended and begun meanwhile, each with its own time. One that has less time than the
# call before it wakes this task early (``look_again``).
#
# Within the grace the child interrupts its guest by itself and reports the backtrace, which is
# worth the wait. A child that does not is killed all the same.
#
# An idle child has no deadline, and could still burn processor time, with a thread or a signal that
# an escape left behind. So its processor time is looked at now and then.

from collections.abc import Callable
from typing import Any

import trio

from supervisor.process.conversation import Conversation
from supervisor.process.handle import ChildHandle

GRACE_S = 0.1
"""A guest is interrupted at its deadline, never before it; its child has this long to say where it
was, then it is killed."""
IDLE_LOOK_S = 5.0
IDLE_CPU_S = 2.0
"""Processor time that a child may use between two guest calls: it has nothing to do then."""


class Deadline:
    """Of one child."""

    def __init__(
        self,
        handle: ChildHandle,
        conversation: Conversation[Any],
        deadline_s: Callable[[], float],
        grace_s: float,
    ) -> None:
        """``deadline_s`` returns the plugin's, which a guest call may bring one of its own for."""
        self._handle = handle
        self._conversation = conversation
        self._deadline_s = deadline_s
        self._grace_s = grace_s
        self._busy = trio.Event()
        self._watched = 0.0
        """When it looks next."""
        self._sooner = trio.Event()

    def begin(self) -> None:
        """The child has something to do from here on."""
        self._busy.set()
        self.look_again()

    def rest(self) -> None:
        """The child has nothing to do from here on."""
        self._busy = trio.Event()

    def look_again(self) -> None:
        """Another guest call runs: look sooner where it has less time than the one before it."""
        ends = self._ends()
        if ends is not None and ends < self._watched:
            self._sooner.set()

    async def passed(self) -> str | None:
        """Return once the child has to be killed: why, or None where its time is up."""
        while True:
            ends = self._ends()
            if ends is None:
                # The guest call that ended the child leaves nothing behind it that says so.
                self.rest()
                if (why := await self._idle()) is not None:
                    return why
                continue
            self._watched, self._sooner = ends, trio.Event()
            with trio.move_on_at(ends):
                await self._sooner.wait()
                continue
            # Another guest call may run by now, with its own time.
            ends = self._ends()
            if ends is not None and trio.current_time() >= ends:
                return None

    def _ends(self) -> float | None:
        """Return when the guest call that runs must have ended; None when idle."""
        since = self._conversation.busy_since()
        if since is None:
            return None
        return since + self._conversation.allowed_s(self._deadline_s()) + self._grace_s

    async def _idle(self) -> str | None:
        """Return None once the child has work, or why it must end without any."""
        began = self._handle.cpu_s()
        while not self._busy.is_set():
            with trio.move_on_after(IDLE_LOOK_S):
                await self._busy.wait()
                return None
            if self._handle.cpu_s() - began > IDLE_CPU_S:
                return f"it used {IDLE_CPU_S:g} s of processor time with nothing to do"
        return None

"""A thread that looks after a guest call while the main thread is inside it.

It does two things that the main thread cannot do then: it sends what is waiting to be sent, so that
the supervisor always knows which event is running; and at the deadline it moves the
engine's epoch, which makes a looping guest trap with a backtrace. It enforces nothing: the
supervisor's SIGKILL does, and waits for neither.

An idle child has no ticking thread: the watchdog sleeps on a lock until there is work.
"""

import queue
import threading
import time
from collections.abc import Callable

import wasmtime

_TICK_S = 0.02
_STACK_BYTES = 256 * 1024


class Watchdog:
    """Watches one guest call at a time."""

    def __init__(
        self, engine: wasmtime.Engine, deadline_s: float, flush: Callable[[], None]
    ) -> None:
        self._engine = engine
        self._allowed = deadline_s
        self._flush = flush
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._asleep = True
        self._interrupt_at: float | None = None
        self._interrupting = threading.Lock()
        self._interrupted = False

    def start(self) -> None:
        """Start the thread; to be called where the lockdown lets threads start."""
        threading.stack_size(_STACK_BYTES)
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def begin(self, now: float, allowed: float | None = None) -> bool:
        """A guest call starts at ``now``, in seconds of the monotonic clock.

        ``allowed``: seconds that it may take, where that is not the deadline of all. Returns
        whether the epoch has moved since the last call: that interruption came too late for the
        guest call that it was for, and must not hit this one.
        """
        with self._interrupting:
            self._interrupt_at = now + (self._allowed if allowed is None else allowed)
            too_late, self._interrupted = self._interrupted, False
        if self._asleep:
            self._asleep = False
            self._wake.put(None)
        return too_late

    def end(self) -> None:
        """The guest call has returned and none follows at once."""
        self._interrupt_at = None

    def _run(self) -> None:
        while True:
            self._wake.get()
            while not self._falls_asleep():
                time.sleep(_TICK_S)
                self._flush()
                self._interrupt_if_due()

    def _falls_asleep(self) -> bool:
        if self._interrupt_at is not None:
            return False
        self._asleep = True
        # A call may have begun between the two lines above, and found the thread awake. Waking it
        # once too often does no harm, once too seldom would.
        if self._interrupt_at is None:
            return True
        self._asleep = False
        return False

    def _interrupt_if_due(self) -> None:
        with self._interrupting:
            due = self._interrupt_at
            if due is not None and time.monotonic() >= due:
                self._interrupt_at = None
                self._interrupted = True
                self._engine.increment_epoch()

"""Calls of one plugin's functions that somebody waits for: a route, a widget, a job, a neighbour.

Each is answered in any case. One that was under way when its child ended is not repeated: what it
did is not known.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

import trio

from supervisor.calls.behalf import EVERYTHING, Behalf
from supervisor.process.conversation import Finished
from supervisor.process.session import OUTCOMES
from supervisor.states import DeliveryKind, Outcome
from supervisor.text import json_problem
from supervisor.views import CallResult

MOST_WAITING = 64


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a function is called for, as the delivery log has it."""

    kind: DeliveryKind = DeliveryKind.CALL
    name: str = ""
    """Method and path of a route, id of a widget or job, id of the plugin that calls."""


COMMAND = Occasion()
"""Somebody names the function."""


@dataclass(slots=True, eq=False)
class CallRequest:
    """Somebody waits for what a function returns."""

    function: str
    arguments: bytes
    deadline_s: float
    behalf: Behalf = EVERYTHING
    occasion: Occasion = COMMAND
    sent: bool = False
    done: trio.Event = field(default_factory=trio.Event)
    result: CallResult | None = None

    def finish(self, result: CallResult) -> None:
        """Give the one who waits the result."""
        self.result = result
        self.done.set()


class CallQueue:
    """Used by the runner's task, its session's, and those of the people who wait."""

    def __init__(self) -> None:
        self._waiting: deque[CallRequest] = deque()

    def add(self, request: CallRequest) -> bool:
        """Put a call in line; return whether there was room."""
        if len(self._waiting) >= MOST_WAITING:
            return False
        self._waiting.append(request)
        return True

    def drop(self, request: CallRequest) -> None:
        """Nobody waits any more."""
        if request in self._waiting:
            self._waiting.remove(request)

    def next(self) -> CallRequest | None:
        """Return the next one that no child has been asked for."""
        for request in self._waiting:
            if not request.sent:
                request.sent = True
                return request
        return None

    def answer(self, request: CallRequest, result: CallResult) -> None:
        """Give the one who waits the result of a guest call."""
        request.finish(result)
        self.drop(request)

    def fail(self, error: str) -> None:
        """End the calls that wait: there is no process to wait for just now."""
        for request in list(self._waiting):
            self.answer(request, CallResult.failed(error))

    def close(self) -> None:
        """Tell everybody who still waits that nothing will come."""
        for request in list(self._waiting):
            self.answer(request, CallResult.failed("the plugin was disabled"))


def returned(result: Finished[Any]) -> CallResult:
    """Return what a guest call came to; what a function returns has to be JSON."""
    spent, memory = result.duration_s, result.memory_bytes
    calls = tuple(result.work.host_calls) if result.work else ()
    outcome, error = OUTCOMES[result.outcome], result.text or None
    if outcome is Outcome.OK:
        error = None
        if result.result and (problem := json_problem(result.result)) is not None:
            outcome, error = Outcome.TRAP, f"it returned {problem}"
    value = result.result if outcome is Outcome.OK else b""
    return CallResult(str(outcome), value, error, spent, memory, calls)

"""The steps of a delivery, and how a server is made to die at one of them.

Nothing of this exists in the product. ``tests.faults.server`` runs the product's own entry point in
a process of its own, in which one function is wrapped: behind, or in front of, its n-th call that
matters the process sends itself SIGKILL. No handler runs and nothing is flushed, whichever thread
it happens on. Every step of ``docs/reliability.md`` is a row of :data:`STEPS`.
"""

import functools
import importlib
import inspect
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


def always(_result: object, _arguments: tuple[Any, ...]) -> bool:
    return True


def something(result: object, _arguments: tuple[Any, ...]) -> bool:
    return bool(result)


def of_an_event(_result: object, arguments: tuple[Any, ...]) -> bool:
    """Tell whether a conversation is past its start."""
    return bool(arguments[0].in_line)


def of_a_finished_event(result: Any, _arguments: tuple[Any, ...]) -> bool:
    return result.work is not None


def of_a_deadline(_result: object, arguments: tuple[Any, ...]) -> bool:
    return arguments[1].value == "timeout"


def nothing_is_open(_result: object, arguments: tuple[Any, ...]) -> bool:
    feed = arguments[0]
    return not feed._open and feed._cursor > 0


def with_deliveries(_result: object, arguments: tuple[Any, ...]) -> bool:
    return bool(arguments[1].deliveries)


@dataclass(frozen=True, slots=True)
class Step:
    """One place to die at."""

    where: str
    """``module:name`` or ``module:Class.name``."""
    before: bool = False
    """Whether to die in front of the call, and not behind it."""
    matters: Callable[[Any, tuple[Any, ...]], bool] = always
    """Whether a call counts, by its result (None in front of it) and its arguments."""
    subject: str = "Any ticket"
    """Of the ticket that leads there."""


STEPS = {
    "event committed": Step("helpdesk.outbox:Outbox._observe", matters=something),
    "taken from the outbox": Step("supervisor.delivery.feed:Feed._choose", matters=something),
    "claim written": Step("supervisor.store.running:RunningStore.claim"),
    "sent": Step("supervisor.process.session:Session.ask"),
    "running in the guest": Step(
        "supervisor.process.conversation:Conversation._log",
        matters=of_an_event,
        subject="~g logs, and runs on",
    ),
    "host call begun": Step("supervisor.calls.host_calls:HostCalls.answer", before=True),
    "host call done": Step("supervisor.calls.host_calls:HostCalls.answer"),
    "host call answered": Step("supervisor.process.session:Session._answer"),
    "result read": Step(
        "supervisor.process.conversation:Conversation._result", matters=of_a_finished_event
    ),
    "guest killed at the deadline": Step(
        "supervisor.process.session:Session._end", matters=of_a_deadline, subject="~l loops"
    ),
    "journal begun": Step("supervisor.store.recorded:write_batch", matters=with_deliveries),
    "journal written": Step("supervisor.store.recorded:RecordStore.write"),
    "settled": Step("supervisor.delivery.feed:Feed.wait", before=True, matters=nothing_is_open),
    "redelivery marked": Step("supervisor.store.running:RunningStore.mark_redelivered"),
    "stopping": Step("supervisor.delivery.runners:Runners.drain", before=True),
}


CHANGES = {
    "module compiled": Step("supervisor.plugins.compiler:Compiler.compile"),
    "change written": Step("supervisor.administration.change:ChangeContext.write"),
    "stopped for another version": Step(
        "supervisor.administration.versions:Versions._swap", before=True
    ),
}
"""The steps of an installation, and of a change to another version."""


def arm(name: str, count: int) -> None:
    """Make this process die at the ``count``-th time that the step ``name`` is reached."""
    step = (STEPS | CHANGES)[name]
    module_name, _, path = step.where.partition(":")
    owner: Any = importlib.import_module(module_name)
    *classes, function = path.split(".")
    for each in classes:
        owner = getattr(owner, each)
    left = count

    def strike(result: object, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        if step.matters(result, arguments):
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    original = getattr(owner, function)
    setattr(owner, function, _wrapped(original, strike, before=step.before))


def _wrapped(
    original: Callable[..., Any], strike: Callable[[Any, tuple[Any, ...]], None], *, before: bool
) -> Callable[..., Any]:
    if inspect.iscoroutinefunction(original):

        @functools.wraps(original)
        async def asynchronous(*arguments: Any, **named: Any) -> Any:
            if before:
                strike(None, arguments)
            result = await original(*arguments, **named)
            if not before:
                strike(result, arguments)
            return result

        return asynchronous

    @functools.wraps(original)
    def synchronous(*arguments: Any, **named: Any) -> Any:
        if before:
            strike(None, arguments)
        result = original(*arguments, **named)
        if not before:
            strike(result, arguments)
        return result

    return synchronous

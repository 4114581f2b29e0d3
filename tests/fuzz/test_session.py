"""Malformed sequences through real pipes: every session ends, soon, and no other one notices."""

import gc
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest
import trio

from sandbox_child.wire.messages import EVENT
from supervisor.process import conversation
from supervisor.process.conversation import Work
from supervisor.process.forkserver import open_fork_server
from supervisor.states import Outcome
from tests.children import QUICK, Recorder, Workshop, assemble
from tests.fuzz import grammar
from tests.fuzz.grammar import frame
from tests.fuzz.theatre import DEADLINE_S, LIMITS, Line, open_theatre, script
from tests.guests.toolchains import CACHE

SEQUENCES = 2_000
AT_ONCE = 8
SEED = 30_261
HANG_S = DEADLINE_S + 1.0 + 30.0
"""A deadline, the last breath of a process that has closed its pipe, and a machine with much to do
beside this."""
AMPLE_S = 60.0
"""A deadline for what comes before any."""
GROWTH_BYTES = 8 << 20
READY = frame((grammar.READY, 65536), b"[]")
WORKING: list[Line] = [("say", READY), ("hear", None)]
"""A child that is ready and has its first event."""
NOOP = '(module (memory (export "memory") 1) (func (export "on_event") (param i32 i32)))'


@pytest.fixture
async def theatre(monkeypatch):
    # What plays the child here starts at once, and many of its sequences never do.
    monkeypatch.setattr(conversation, "LEAST_START_S", DEADLINE_S)
    async with open_theatre() as opened:
        yield opened


@dataclass
class Neighbour:
    """An honest plugin's child that gets one event after the other."""

    delivered: int = 0
    slowest_s: float = 0.0


@asynccontextmanager
async def honest_neighbour() -> AsyncIterator[Neighbour]:
    """Keep an honest child busy for the length of the block."""
    neighbour = Neighbour()
    async with open_fork_server() as fork_server, trio.open_nursery() as nursery:
        recorder = Recorder(0, lambda _called: (0, b""))
        workshop = Workshop(fork_server, CACHE / "compiled")
        session = await workshop.spawn(assemble(NOOP), QUICK, recorder.hooks())

        async def deliver() -> None:
            await recorder.ready.wait()
            while True:
                recorder.run.finished.clear()
                recorder.done = trio.Event()
                began = trio.current_time()
                await session.ask([Work(EVENT, b"{}", None)])
                await recorder.done.wait()
                neighbour.delivered += 1
                neighbour.slowest_s = max(neighbour.slowest_s, trio.current_time() - began)
                await trio.sleep(0.005)  # an event now and then, not a benchmark

        nursery.start_soon(session.run)
        nursery.start_soon(deliver)
        yield neighbour
        assert session.conversation.busy_since() is None or neighbour.delivered
        nursery.cancel_scope.cancel()


async def test_thousands_of_malformed_sequences_end_each_session_and_touch_no_other(theatre):
    outcomes: Counter[Outcome] = Counter()
    took: list[float] = []
    rng = random.Random(SEED)
    scripts = iter([script(rng) for _ in range(SEQUENCES)])

    async def perform() -> None:
        for lines in scripts:
            performance = await theatre.play(lines)
            outcomes[performance.ended.outcome] += 1
            took.append(performance.took_s)

    await theatre.play([("say", b"x")])  # what is made once is made before it is counted
    gc.collect()
    descriptors, memory = _descriptors(), _memory()
    async with honest_neighbour() as neighbour, trio.open_nursery() as stage:
        for _ in range(AT_ONCE):
            stage.start_soon(perform)
    assert outcomes.total() == SEQUENCES
    assert max(took) < HANG_S
    # A hostile child's session ends in many ways, and never as if all had been well.
    assert {Outcome.PROTOCOL, Outcome.LOST, Outcome.TIMEOUT, Outcome.START_FAILED} <= set(outcomes)
    # OK: a child may say that its guest has left, and that it begins no other call.
    assert set(outcomes) <= set(Outcome) - {Outcome.DROPPED}
    assert outcomes[Outcome.PROTOCOL] > SEQUENCES / 2
    assert neighbour.delivered > 100
    assert neighbour.slowest_s < HANG_S
    gc.collect()
    assert _descriptors() <= descriptors
    assert _memory() - memory < GROWTH_BYTES
    assert [c for c in _children() if c.status() == psutil.STATUS_ZOMBIE] == []


@pytest.mark.parametrize(
    ("lines", "outcome", "word"),
    [
        ([("say", b"garbage, and no frame at all")], Outcome.PROTOCOL, "head of"),
        ([("babble", b"\0" * 4096)], Outcome.PROTOCOL, "head of"),
        ([("say", frame((10, 1), b"{}"))], Outcome.PROTOCOL, "report"),
        ([("say", READY[:5])], Outcome.START_FAILED, "within"),
        ([("say", READY[:5]), ("exit", 0)], Outcome.LOST, "exit status 0"),
        ([], Outcome.START_FAILED, "within"),
        ([*WORKING, ("die", 11)], Outcome.LOST, "SIGSEGV"),
        ([*WORKING, ("gone", None)], Outcome.TIMEOUT, "within"),
        ([*WORKING, ("stop", None)], Outcome.TIMEOUT, "within"),
        ([*WORKING, ("say", frame((11, 1, 0, 0, 0))[:-1])], Outcome.TIMEOUT, "within"),
        ([*WORKING, ("drip", frame((11, 2, 0, 0, 0)))], Outcome.PROTOCOL, "does not run"),
        ([*WORKING, ("babble", frame((13, 1), b"x"))], Outcome.PROTOCOL, "log lines"),
    ],
)
async def test_each_way_to_break_the_protocol_has_its_outcome(
    theatre,
    monkeypatch: pytest.MonkeyPatch,
    lines: list[Line],
    outcome: Outcome,
    word: str,
):
    # Only what is meant to be late has a deadline that a busy machine may miss.
    if outcome is not Outcome.START_FAILED:
        monkeypatch.setattr(conversation, "LEAST_START_S", AMPLE_S)
    is_late = outcome in {Outcome.START_FAILED, Outcome.TIMEOUT}
    limits = LIMITS if is_late else replace(LIMITS, deadline_s=AMPLE_S)
    performance = await theatre.play(lines, limits)
    assert performance.ended.outcome is outcome
    assert word in performance.ended.error
    assert performance.took_s < HANG_S


async def test_a_child_that_never_reads_does_not_stop_its_supervisor(theatre, monkeypatch):
    monkeypatch.setattr(conversation, "LEAST_START_S", AMPLE_S)
    # The pipe to it fills up, and whoever writes there waits until the child is killed.
    request = frame((grammar.CALL, 1, 1), b"{}")
    lines: list[Line] = [*WORKING, ("say", request), ("stop", None)]
    performance = await theatre.play(lines)
    assert performance.ended.outcome is Outcome.TIMEOUT
    assert [work.seq for work in performance.ended.left] == [2, 3]


async def test_a_child_that_closes_its_pipe_and_goes_on_is_not_waited_for(theatre):
    lines: list[Line] = [*WORKING, ("gone", None)]
    performance = await theatre.play(lines, replace(LIMITS, deadline_s=60.0))
    assert performance.ended.outcome is Outcome.PROTOCOL
    assert "went on running" in performance.ended.error


def _descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def _memory() -> int:
    return int(psutil.Process().memory_info().rss)


def _children() -> list[psutil.Process]:
    return psutil.Process(os.getpid()).children()

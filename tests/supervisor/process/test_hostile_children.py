"""Sessions with children that break the rules: each ends in its outcome, and nothing is left."""

import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import trio

from supervisor.limits import Limits
from supervisor.process.conversation import LEAST_START_S
from supervisor.process.handle import ChildHandle
from supervisor.process.session import Session
from tests.children import Recorder, Run, event, serve

PROGRAM = Path(__file__).with_name("hostile_child.py")
LIMITS = Limits(deadline_s=2.0, host_calls=10, log_lines=10, payload_bytes=1 << 20)
IMPATIENT = Limits(deadline_s=0.6)

Serve = Callable[..., Awaitable[Run]]


def start(habit: str) -> tuple[ChildHandle, trio.lowlevel.FdStream, trio.lowlevel.FdStream]:
    child_reads, we_write = os.pipe()
    we_read, child_writes = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(PROGRAM), habit],
        stdin=child_reads,
        stdout=child_writes,
        stderr=subprocess.DEVNULL,
    )
    process.returncode = 0  # the handle reaps it
    os.close(child_reads)
    os.close(child_writes)
    handle = ChildHandle(process.pid, os.pidfd_open(process.pid))
    return handle, trio.lowlevel.FdStream(we_write), trio.lowlevel.FdStream(we_read)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.fixture
async def serve_child() -> AsyncIterator[Serve]:
    """Return ``await serve_child(habit, limits, works)``; checks that nothing of it is left."""
    before = descriptors()

    async def run(habit: str, limits: Limits = LIMITS, count: int = 3, size: int = 2) -> Run:
        recorder = Recorder(count, lambda _called: (200, b"body"))
        handle, to_child, from_child = start(habit)
        session = Session(handle, to_child, from_child, limits, recorder.hooks())
        with trio.fail_after(120):
            done = await serve(session, recorder, [event(b"x" * size) for _ in range(count)])
        assert handle.ended
        with pytest.raises(ProcessLookupError):
            os.kill(handle.pid, 0)
        return done

    yield run
    assert descriptors() <= before


@pytest.mark.parametrize(
    ("habit", "outcome", "said"),
    [
        ("exits_at_once", "lost", "exit status 7"),
        ("exits_when_asked", "lost", "exit status 9"),
        ("kills_itself", "lost", "killed by SIGSEGV"),
        ("closes_its_pipe", "protocol", "closed its pipe"),
        ("garbage_at_once", "protocol", "broke the protocol: a head of"),
        ("garbage_when_asked", "protocol", "a head of"),
        ("wrong_seq", "protocol", "RESULT of a guest call that does not run"),
        ("result_twice", "protocol", "does not run"),
        ("unasked_result", "protocol", "does not run"),
        ("ready_twice", "protocol", "READY a second time"),
        ("report_that_is_none", "protocol", "a report that does not fit"),
        ("report_of_a_million", "protocol", "a report that does not fit"),
        ("floods_with_lines", "protocol", "more log lines"),
        ("floods_with_zeros", "protocol", "a head of 0 bytes"),
        ("floods_while_starting", "protocol", "more log lines"),
        # Which of its two offences is heard first depends on how quickly it is answered.
        ("floods_with_calls", "protocol", "CALL while another is open|more host calls"),
        ("calls_for_ever", "protocol", "more host calls than one event may make"),
        ("head_too_large", "protocol", "a head of 257 bytes"),
        ("blob_too_large", "protocol", "a blob of 2147483648 bytes"),
        ("bomb_of_maps", "protocol", "a head that is not a msgpack array"),
        ("ends_its_calls_by_lying", "protocol", "RESULT while a host call is open"),
        ("fails_its_start_and_goes_on", "protocol", "a message behind the last one"),
    ],
)
async def test_a_child_that_breaks_the_rules_is_ended_at_once(
    serve_child: Serve, habit: str, outcome: str, said: str
) -> None:
    run = await serve_child(habit, Limits(deadline_s=25, host_calls=10, log_lines=10))
    assert run.outcome == outcome
    assert re.search(said, run.error)
    assert run.finished == []


@pytest.mark.parametrize(
    ("habit", "outcome"),
    [
        ("never_ready", "start_failed"),
        ("half_a_ready", "start_failed"),
        ("half_a_frame", "timeout"),
        ("stops_reading", "timeout"),
        ("reads_one_byte", "timeout"),
        ("ignores_every_signal_it_can", "timeout"),
        ("stops_itself", "timeout"),
    ],
)
async def test_a_child_that_keeps_silent_is_killed_at_the_deadline(
    serve_child: Serve, habit: str, outcome: str
) -> None:
    began = trio.current_time()
    run = await serve_child(habit, IMPATIENT)
    assert run.outcome == outcome
    # What makes a process is the machine, which has its time whatever the plugin's deadline is.
    allowed_s = LEAST_START_S if outcome == "start_failed" else IMPATIENT.deadline_s
    assert trio.current_time() - began >= allowed_s
    assert f"within {allowed_s:g} s and was killed" in run.error


async def test_a_child_that_does_not_read_a_megabyte_blocks_nobody_but_itself(
    serve_child: Serve,
) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await trio.sleep(0.01)
            ticks += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(tick)
        run = await serve_child("stops_reading", LIMITS, count=8, size=1 << 20)
        nursery.cancel_scope.cancel()
    assert run.outcome == "timeout"
    assert run.ended is not None
    assert run.ended.culprit is not None
    assert len(run.ended.left) == 7
    assert ticks > 5


async def test_work_that_got_no_result_is_the_culprit_or_left(serve_child: Serve) -> None:
    run = await serve_child("exits_when_asked", count=4)
    assert run.ended is not None
    assert run.ended.started
    assert run.ended.culprit is not None
    assert run.ended.culprit.seq == 1
    assert [work.seq for work in run.ended.left] == [2, 3, 4]


async def test_a_child_may_say_that_it_timed_out_and_is_ended(serve_child: Serve) -> None:
    run = await serve_child("says_it_timed_out")
    assert (run.outcome, run.outcomes) == ("timeout", ["TIMEOUT"])


async def test_a_session_that_is_cancelled_leaves_nothing(serve_child: Serve) -> None:
    recorder = Recorder(1, lambda _called: (200, b""))
    handle, to_child, from_child = start("stops_reading")
    session = Session(handle, to_child, from_child, LIMITS, recorder.hooks())
    with trio.CancelScope() as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(session.run)
            await recorder.ready.wait()
            scope.cancel()
    assert handle.ended
    with pytest.raises(ProcessLookupError):
        os.kill(handle.pid, 0)


async def test_what_is_asked_of_a_session_as_it_ends_is_left(serve_child: Serve) -> None:
    recorder = Recorder(5, lambda _called: (200, b""))
    handle, to_child, from_child = start("exits_when_asked")
    session = Session(handle, to_child, from_child, LIMITS, recorder.hooks())
    late = event()

    async def feed() -> None:
        await recorder.ready.wait()
        await session.ask([event()])
        await over.wait()
        await session.ask([late])

    over = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(feed)
        ended = await session.run()
        over.set()
    assert ended.outcome == "lost"
    assert list(ended.left) == [late]


async def test_stopping_an_idle_session_is_no_failure(serve_child: Serve) -> None:
    run = await serve_child("stops_reading", count=0)
    assert (run.outcome, run.error) == ("ok", "")


async def test_an_answer_that_is_still_being_made_is_cancelled_with_its_child(
    serve_child: Serve,
) -> None:
    cancelled = trio.Event()

    async def answer(_called: object) -> tuple[int, bytes]:
        try:
            await trio.sleep_forever()
        finally:
            cancelled.set()

    recorder = Recorder(1, answer)
    handle, to_child, from_child = start("calls_for_ever")
    session = Session(handle, to_child, from_child, IMPATIENT, recorder.hooks())
    run = await serve(session, recorder, [event()])
    assert run.outcome == "timeout"
    assert cancelled.is_set()

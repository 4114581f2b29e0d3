"""The child's loop: events in order, each with its own time, and what the end of one leaves."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import trio

from supervisor.limits import Limits
from supervisor.process.conversation import Called
from supervisor.states import Outcome
from tests.children import QUICK, SHORT, SharedWorkshop, event, panel

Guest = Callable[[str], bytes]

# Sleeps for as many milliseconds as the payload is long.
SLEEPER = """(module
  (import "gojs" "runtime.sleepTicks" (func $sleep (param f64)))
  (memory (export "memory") 1)
  (func (export "on_event") (param i32 i32)
    (call $sleep (f64.convert_i32_u (local.get 1)))))"""

# Loops for the payload "loop", and logs every other.
PICKY = """(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (func $spin_for_ever (loop $again (br $again)))
  (func (export "on_event") (param $ptr i32) (param $len i32)
    (if (i32.eq (i32.load (local.get $ptr)) (i32.const 0x706f6f6c)) (then (call $spin_for_ever)))
    (call $log (local.get $ptr) (local.get $len) (i32.const 1))))"""

# Waits in a host call, and returns at once behind it.
CALLER = """(module
  (import "ohd" "ohd_set_custom_field" (func $field (param i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func $work (param i32) (loop $again
    (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "on_event") (param i32 i32)
    (if (i32.eq (local.get 1) (i32.const 4))
      (then (drop (call $field (i32.const 0) (i32.const 0))))
      (else (call $work (i32.const 1000))))))"""


def test_results_come_in_the_order_of_the_events(children: SharedWorkshop, guest: Guest) -> None:
    works = [event(b"%d" % n) for n in range(2_000)]
    run = children.run(guest("wat/echo"), *works)
    assert [result.work for result in run.finished] == works
    assert run.lines == [str(n) for n in range(2_000)]


def test_an_instance_keeps_its_state_from_event_to_event(
    children: SharedWorkshop, guest: Guest
) -> None:
    run = children.run(guest("wat/counter"), *(event() for _ in range(5)))
    assert [len(line) for line in run.lines] == [1, 2, 3, 4, 5]


def test_each_of_many_results_at_once_has_its_own_duration(children: SharedWorkshop) -> None:
    waits = [1, 40, 1, 80, 1]
    run = children.run(SLEEPER, *(event(b"x" * wait) for wait in waits))
    for wait, result in zip(waits, run.finished, strict=True):
        assert result.duration_s >= wait / 1000
    assert run.finished[2].duration_s < run.finished[3].duration_s


def test_a_loop_is_named_as_the_culprit_and_what_waits_behind_it_is_left(
    children: SharedWorkshop,
) -> None:
    works = [event(b"one."), event(b"two."), event(b"loop"), event(b"four"), event(b"five")]
    run = children.run(PICKY, *works, limits=SHORT)
    assert run.outcomes[:2] == ["OK", "OK"]
    assert run.lines == ["one.", "two."]
    assert run.outcome == "timeout"
    assert run.ended is not None
    # The kill does not wait for the backtrace: on a busy machine it comes first.
    assert (run.ended.culprit or run.finished[2].work) is works[2]
    assert list(run.ended.left) == works[3:]
    assert "it did not end within 1.5 s and was killed" in run.error


def test_the_backtrace_of_a_loop_names_its_function(children: SharedWorkshop) -> None:
    run = children.run(PICKY, event(b"loop"), limits=SHORT, patience_s=20)
    assert run.outcomes == ["TIMEOUT"]
    assert "spin_for_ever" in run.error


def test_a_trap_leaves_what_waits_behind_it(children: SharedWorkshop, guest: Guest) -> None:
    works = [event(), event(), event()]
    run = children.run(guest("wat/trap"), *works)
    assert run.outcomes == ["TRAP"]
    assert run.ended is not None
    assert list(run.ended.left) == works[1:]


def test_a_looping_panel_is_ended_like_an_event(children: SharedWorkshop, guest: Guest) -> None:
    run = children.run(guest("wat/panel_loop"), event(), panel(), event(), limits=SHORT)
    assert run.outcomes[0] == "OK"
    assert run.outcome == "timeout"


def test_the_time_of_one_event_is_not_taken_from_the_next(children: SharedWorkshop) -> None:
    # Together they take longer than the deadline; each has much time to spare.
    limits = replace(QUICK, deadline_s=3.0)
    run = children.run(SLEEPER, *(event(b"x" * 700) for _ in range(5)), limits=limits)
    assert run.outcomes == ["OK"] * 5


def test_one_bulk_operation_after_another_is_killed_at_the_deadline(
    children: SharedWorkshop, guest: Guest
) -> None:
    began = time.monotonic()
    run = children.run(guest("wat/bulk"), event(), limits=SHORT)
    assert run.outcome == "timeout"
    assert time.monotonic() - began < 60


def test_an_allocator_that_loops_is_ended_like_an_event(
    children: SharedWorkshop, guest: Guest
) -> None:
    assert children.run(guest("wat/malloc_loop"), event(), limits=SHORT).outcome == "timeout"


def test_waiting_for_an_answer_counts_and_is_ended(children: SharedWorkshop) -> None:
    async def never(_called: Called) -> tuple[int, bytes]:
        await trio.sleep_forever()
        raise AssertionError

    works = [event(b"call"), event(b"other")]
    run = children.run(CALLER, *works, answer=never, limits=SHORT)
    assert (run.outcome, run.finished) == ("timeout", [])
    assert run.ended is not None
    assert run.ended.culprit is works[0]
    assert list(run.ended.left) == works[1:]


def test_an_interruption_that_missed_its_event_does_not_hit_the_next(
    children: SharedWorkshop,
) -> None:
    # The answer comes when the child's own deadline is past and the supervisor's is not: the event
    # returns without noticing, and the one behind it must not pay for it.
    async def late(_called: Called) -> tuple[int, bytes]:
        await trio.sleep(2 * limits.deadline_s)
        return 0, b""

    limits = replace(QUICK, deadline_s=1.0)
    works = [event(b"call"), event(b"others"), event(b"others")]
    run = children.run(CALLER, *works, answer=late, limits=limits, patience_s=60)
    assert run.outcomes == ["OK"] * 3


@pytest.mark.parametrize(
    "name", ["wat/trap", "wat/memory_hog", "wat/stack_overflow", "wat/exit_three", "wat/start_trap"]
)
def test_the_next_child_of_a_module_that_failed_is_as_good_as_new(
    children: SharedWorkshop, guest: Guest, name: str
) -> None:
    first, second = (children.run(guest(name), event()) for _ in range(2))
    assert (first.outcome, first.outcomes) == (second.outcome, second.outcomes)
    assert children.run(guest("wat/echo"), event(b"fine")).lines == ["fine"]


def test_a_crowd_of_large_events_behind_a_host_call_does_not_fill_the_child(
    children: SharedWorkshop,
) -> None:
    # More than a child may have of memory, all asked for at once.
    module = """(module
      (import "ohd" "ohd_set_custom_field" (func $field (param i32 i32) (result i32)))
      (memory (export "memory") 1)
      (func (export "on_event") (param i32 i32)
        (drop (call $field (i32.const 0) (i32.const 0)))))"""
    works = [event(b"x" * (1 << 20)) for _ in range(256)]
    run = children.run(module, *works, answer=lambda _called: (0, b""))
    assert run.outcomes == ["OK"] * 256, run.error


@pytest.mark.parametrize("deadline_s", [0.3, 1.0])
def test_a_guest_that_loops_has_its_whole_deadline(
    children: SharedWorkshop, deadline_s: float
) -> None:
    module = """(module
      (memory (export "memory") 1)
      (func (export "ohd_alloc") (param i32) (result i32) (i32.const 1024))
      (func (export "ohd_free") (param i32 i32))
      (func (export "on_event") (param i32 i32) (loop $again (br $again))))"""
    for _ in range(5):
        run = children.run(module, event(), limits=Limits(deadline_s=deadline_s))
        assert run.outcome == Outcome.TIMEOUT
        assert all(done.duration_s >= deadline_s for done in run.finished)

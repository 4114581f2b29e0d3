"""WASI without capabilities: clocks and random numbers work, everything else is not there."""

import time
from collections.abc import Callable

import pytest

from sandbox_child.abi.signatures import RUNTIME_IMPORTS, WASI
from tests.children import SHORT, SharedWorkshop, event

Guest = Callable[[str], bytes]


def calling(name: str, arguments: str, check: str = "(drop)") -> str:
    """Return a guest that calls one function of WASI and does ``check`` with its result."""
    type_ = RUNTIME_IMPORTS[(WASI, name)]
    return f"""(module
      (import "{WASI}" "{name}"
        (func $f (param {" ".join(type_.params)}) (result {" ".join(type_.results)})))
      (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
      (memory (export "memory") 2)
      (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
      (func (export "ohd_free") (param i32 i32))
      (func (export "on_event") (param i32 i32)
        (call $f {arguments}) {check}))"""


def expecting(error: int) -> str:
    return f"(if (i32.ne (i32.const {error})) (then unreachable))"


PATH_OPEN = "(i32.const 3) " + "(i32.const 0) " * 4 + "(i64.const 0) " * 2 + "(i32.const 0) " * 2


def test_a_c_program_finds_clocks_and_random_numbers_and_nothing_else(
    children: SharedWorkshop, guest: Guest
) -> None:
    run = children.run(guest("c/wasi"), event(b'{"a":1}'), event(b"second"))
    found = [
        ("INFO", "started 1"),
        ("INFO", "payload %s"),
        ("INFO", "environment empty"),
        ("INFO", "file refused"),
        ("INFO", "stdin silent"),
        ("INFO", "clock runs"),
        ("INFO", "year plausible"),
        ("INFO", "random differs"),
        ("WARN", "and a line on standard error"),
    ]
    first = [(level, text.replace("%s", "7 bytes from '{'")) for level, text in found]
    second = [(level, text.replace("%s", "6 bytes from 's'")) for level, text in found]
    assert run.leveled_lines == first + second


def test_text_without_a_line_end_is_logged_when_the_event_ends(children: SharedWorkshop) -> None:
    module = f"""(module
      (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "\\20\\00\\00\\00\\06\\00\\00\\00\\10\\00\\00\\00\\08\\00\\00\\00")
      (data (i32.const 16) " two\\nend")
      (data (i32.const 32) "one,\\n\\n")
      (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
      (func (export "ohd_free") (param i32 i32))
      (func (export "on_event") (param i32 i32)
        (drop (call $write (i32.const 1) (i32.const 0) (i32.const 2) (i32.const 100)))
        (if (i32.ne (i32.load (i32.const 100)) (i32.const 14)) (then unreachable))
        (drop (call $write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 100)))
        (if (i32.eq (local.get 1) (i32.const 4)) (then unreachable))))"""
    run = children.run(module, event(b"ok"), event(b"trap"))
    lines = [("INFO", "one,"), ("INFO", ""), ("INFO", " two"), ("WARN", "one,"), ("WARN", "")]
    assert run.leveled_lines == [*lines, ("INFO", "end")] * 2
    assert run.outcomes == ["OK", "TRAP"]


@pytest.mark.parametrize(
    ("name", "arguments", "error"),
    [
        ("fd_prestat_get", "(i32.const 3) (i32.const 0)", 8),
        ("fd_read", "(i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0)", 8),
        ("fd_read", "(i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)", 0),
        ("fd_write", "(i32.const 3) (i32.const 0) (i32.const 0) (i32.const 0)", 8),
        ("fd_write", "(i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)", 8),
        ("fd_write", "(i32.const 1) (i32.const 0) (i32.const 1025) (i32.const 0)", 28),
        ("fd_seek", "(i32.const 1) (i64.const 0) (i32.const 0) (i32.const 0)", 70),
        ("fd_fdstat_get", "(i32.const 1) (i32.const 0)", 0),
        ("fd_fdstat_get", "(i32.const 4) (i32.const 0)", 8),
        ("fd_close", "(i32.const 1)", 8),
        ("path_open", PATH_OPEN, 8),
        ("path_unlink_file", "(i32.const 3) (i32.const 0) (i32.const 0)", 8),
        ("sock_accept", "(i32.const 3) (i32.const 0) (i32.const 0)", 8),
        ("proc_raise", "(i32.const 9)", 52),
        ("sched_yield", "", 0),
        ("args_sizes_get", "(i32.const 0) (i32.const 4)", 0),
        ("environ_get", "(i32.const 0) (i32.const 0)", 0),
        ("clock_res_get", "(i32.const 1) (i32.const 0)", 0),
        ("clock_time_get", "(i32.const 9) (i64.const 0) (i32.const 0)", 28),
        ("clock_time_get", "(i32.const 3) (i64.const 0) (i32.const 0)", 0),
        ("random_get", "(i32.const 0) (i32.const 131072)", 0),
        ("poll_oneoff", "(i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)", 28),
    ],
)
def test_each_call_answers_as_if_there_were_no_files_and_no_network(
    children: SharedWorkshop, name: str, arguments: str, error: int
) -> None:
    run = children.run(calling(name, arguments, expecting(error)), event())
    assert run.outcomes == ["OK"], run.error


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("random_get", "(i32.const 131071) (i32.const 2)"),
        ("random_get", "(i32.const 0) (i32.const -1)"),
        ("clock_time_get", "(i32.const 0) (i64.const 0) (i32.const 131065)"),
        ("args_sizes_get", "(i32.const -4) (i32.const 0)"),
        ("fd_write", "(i32.const 1) (i32.const 131068) (i32.const 1) (i32.const 0)"),
        ("fd_write", "(i32.const 1) (i32.const 0) (i32.const 0) (i32.const -1)"),
        ("fd_fdstat_get", "(i32.const 1) (i32.const 131060)"),
        ("fd_read", "(i32.const 0) (i32.const 0) (i32.const 0) (i32.const 131070)"),
        ("poll_oneoff", "(i32.const 131060) (i32.const 0) (i32.const 1) (i32.const 0)"),
        ("poll_oneoff", "(i32.const 0) (i32.const 131060) (i32.const 1) (i32.const 0)"),
    ],
)
def test_a_pointer_out_of_bounds_traps_the_plugin(
    children: SharedWorkshop, name: str, arguments: str
) -> None:
    run = children.run(calling(name, arguments), event())
    assert run.outcomes == ["TRAP"]
    assert f"{name}: " in run.error


def test_random_numbers_fill_exactly_what_was_asked_for(children: SharedWorkshop) -> None:
    # 70,000 bytes take two reads of the system's; the byte behind them stays.
    check = """(drop)
      (if (i32.load8_u (i32.const 70000)) (then unreachable))
      (call $log (i32.const 69984) (i32.const 16) (i32.const 1))"""
    module = calling("random_get", "(i32.const 0) (i32.const 70000)", check)
    run = children.run(module, event(), event())
    assert run.outcomes == ["OK", "OK"]
    assert len(set(run.lines)) == 2


SUBSCRIBE = """
  (i64.store (i32.const 0) (i64.const 42))
  (i32.store (i32.const 16) (i32.const 1))
  (i64.store (i32.const 24) (i64.const %d))"""


def polling(nanoseconds: int) -> str:
    """Return a guest that waits so long on the monotonic clock, and checks the event it gets."""
    return f"""(module
      (import "{WASI}" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 2)
      (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
      (func (export "ohd_free") (param i32 i32))
      (func (export "on_event") (param i32 i32)
        {SUBSCRIBE % nanoseconds}
        (if (call $poll (i32.const 0) (i32.const 100) (i32.const 1) (i32.const 200))
          (then unreachable))
        (if (i32.ne (i32.load (i32.const 200)) (i32.const 1)) (then unreachable))
        (if (i64.ne (i64.load (i32.const 100)) (i64.const 42)) (then unreachable))
        (if (i32.load16_u (i32.const 108)) (then unreachable))))"""


def test_waiting_for_a_clock_takes_that_long(children: SharedWorkshop) -> None:
    run = children.run(polling(60_000_000), event())
    assert run.outcomes == ["OK"]
    assert run.finished[0].duration_s >= 0.06


def test_waiting_beyond_the_deadline_is_killed(children: SharedWorkshop) -> None:
    began = time.monotonic()
    run = children.run(polling(10**12), event(), limits=SHORT)
    assert (run.outcome, run.finished) == ("timeout", [])
    assert 1.5 <= time.monotonic() - began < 60
    assert "within 1.5 s and was killed" in run.error


@pytest.mark.parametrize(
    ("kind", "subject", "error"),
    [
        (0, 9, 28),  # a clock that there is not: INVAL
        (1, 7, 8),  # a descriptor that is not open: BADF
        (2, 7, 8),
        (1, 0, 0),
        (2, 1, 0),
        (9, 0, 28),  # no kind of event
    ],
)
def test_a_subscription_that_cannot_be_waited_for_says_so_in_its_event(
    children: SharedWorkshop, kind: int, subject: int, error: int
) -> None:
    module = f"""(module
      (import "{WASI}" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
      (memory (export "memory") 2)
      (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
      (func (export "ohd_free") (param i32 i32))
      (func (export "on_event") (param i32 i32)
        (i32.store8 (i32.const 8) (i32.const {kind}))
        (i32.store (i32.const 16) (i32.const {subject}))
        (if (call $poll (i32.const 0) (i32.const 64) (i32.const 1) (i32.const 128))
          (then unreachable))
        (if (i32.ne (i32.load (i32.const 128)) (i32.const 1)) (then unreachable))
        (if (i32.ne (i32.load16_u (i32.const 72)) (i32.const {error})) (then unreachable))))"""
    assert children.run(module, event()).outcomes == ["OK"]


def test_many_writes_of_one_byte_cost_no_more_than_their_number(children: SharedWorkshop) -> None:
    def spent(writes: int) -> float:
        module = f"""(module
          (import "{WASI}" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
          (memory (export "memory") 2)
          (data (i32.const 0) "\\10\\00\\00\\00\\01\\00\\00\\00")
          (data (i32.const 16) "x")
          (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
          (func (export "ohd_free") (param i32 i32))
          (func (export "on_event") (param i32 i32) (local $left i32)
            (local.set $left (i32.const {writes}))
            (loop $again
              (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
              (local.set $left (i32.sub (local.get $left) (i32.const 1)))
              (br_if $again (local.get $left)))))"""
        return min(children.run(module, event()).finished[0].duration_s for _ in range(3))

    # Copying what waits each time, twice as many took four times as long.
    assert spent(40_000) < 3 * spent(20_000)

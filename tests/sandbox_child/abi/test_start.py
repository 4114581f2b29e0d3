"""The start sequence: in its order, once, under the limits; what fails in it fails the start."""

from collections.abc import Callable

import pytest

from supervisor.limits import Limits
from tests.children import SHORT, SharedWorkshop, event

Guest = Callable[[str], bytes]

LOGGING = """(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 16) "section") (data (i32.const 32) "_initialize") (data (i32.const 48) "_start")
  (func $section (call $log (i32.const 16) (i32.const 7) (i32.const 1)))
  (func $initialize (call $log (i32.const 32) (i32.const 11) (i32.const 1)))
  (func $start (call $log (i32.const 48) (i32.const 6) (i32.const 1)))
  (func (export "on_event") (param i32 i32))
  %s)"""
SECTION = "(start $section)"
INITIALIZE = '(export "_initialize" (func $initialize))'
START = '(export "_start" (func $start))'


@pytest.mark.parametrize(
    ("parts", "logged"),
    [
        ((), []),
        ((SECTION,), ["section"]),
        ((INITIALIZE,), ["_initialize"]),
        ((START,), ["_start"]),
        ((SECTION, START), ["section", "_start"]),
        ((SECTION, INITIALIZE, START), ["section", "_initialize"]),
    ],
)
def test_the_start_section_comes_first_then_initialize_or_else_start(
    children: SharedWorkshop, parts: tuple[str, ...], logged: list[str]
) -> None:
    run = children.run(LOGGING % "".join(parts), event(), event())
    assert run.lines == logged
    assert all(line.work is None for line in run.logged)
    assert run.outcomes == ["OK", "OK"]


def test_a_command_that_exits_with_0_is_ready_for_events(
    children: SharedWorkshop, guest: Guest
) -> None:
    run = children.run(guest("wat/command"), event(b"one"), event(b"two"))
    assert run.lines == ["one", "two"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wat/command_fails", "proc_exit(1)"),
        ("wat/start_trap", "unreachable"),
        ("wat/memory_huge", "memory"),
        ("wat/table_huge", "table"),
    ],
)
def test_a_start_that_fails_says_why(
    children: SharedWorkshop, guest: Guest, name: str, said: str
) -> None:
    run = children.run(guest(name), event())
    assert (run.outcome, run.finished) == ("start_failed", [])
    assert said in run.error
    assert run.ended is not None
    assert not run.ended.started


@pytest.mark.parametrize(
    ("name", "function"),
    [("wat/start_loop", "start"), ("wat/initialize_loop", "wasm function")],
)
def test_a_start_that_loops_ends_at_the_deadline_and_names_the_function(
    children: SharedWorkshop, guest: Guest, name: str, function: str
) -> None:
    run = children.run(guest(name), event(), limits=SHORT)
    assert run.outcome == "start_failed"
    assert "it did not start within 1.5 s" in run.error
    told = children.run(guest(name), event(), limits=SHORT, patience_s=20)
    assert function in told.error


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("ohd_http_request", 4), ("ohd_add_reply", 2), ("ohd_set_custom_field", 2)],
)
@pytest.mark.parametrize("how", ["(start $g)", '(export "_initialize" (func $g))'])
def test_nothing_can_be_asked_of_the_supervisor_while_starting(
    children: SharedWorkshop, name: str, parameters: int, how: str
) -> None:
    module = f"""(module
      (import "ohd" "{name}" (func $f (param {"i32 " * parameters}) (result i32)))
      (memory (export "memory") 1)
      (func $g (drop (call $f {"(i32.const 0) " * parameters})))
      (func (export "on_event") (param i32 i32)) {how})"""
    run = children.run(module, event())
    assert run.outcome == "start_failed"
    assert "was called while the plugin was starting" in run.error


def test_lines_logged_while_starting_do_not_use_up_those_of_the_first_event(
    children: SharedWorkshop,
) -> None:
    module = """(module
      (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
      (memory (export "memory") 1)
      (func $five (param $left i32)
        (loop $again
          (call $log (i32.const 0) (i32.const 0) (i32.const 1))
          (br_if $again (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
      (func (export "_initialize") (call $five (i32.const 5)))
      (func (export "on_event") (param i32 i32) (call $five (i32.const 5))))"""
    run = children.run(module, event(), limits=Limits(deadline_s=20, log_lines=5))
    assert run.lines == [""] * 10


def test_a_child_says_which_controls_are_active_in_it(
    children: SharedWorkshop, guest: Guest
) -> None:
    run = children.run(guest("wat/noop"))
    assert {"seccomp", "rlimits", "no_new_privs", "descriptors"} <= set(run.controls)
    assert run.ready is not None
    assert run.ready.memory_bytes == 20 * 65_536

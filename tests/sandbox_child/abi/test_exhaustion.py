"""A guest that uses up what it was given, or leaves: each end has its name."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.children import QUICK, SharedWorkshop, event

Guest = Callable[[str], bytes]


def test_memory(children: SharedWorkshop, guest: Guest) -> None:
    run = children.run(guest("wat/memory_hog"), event())
    assert run.outcomes == ["OUT_OF_MEMORY"]
    assert run.finished[0].memory_bytes > QUICK.memory_bytes - (1 << 20)
    what, where = run.error.split("\n", 1)
    assert what.startswith("out of memory: ")
    assert f"the limit is {QUICK.memory_bytes // 1024} KiB" in what
    assert "unreachable" in where


def test_a_guest_at_its_limit_that_goes_on_is_no_failure(
    children: SharedWorkshop, guest: Guest
) -> None:
    limits = replace(QUICK, memory_bytes=4 << 20)
    run = children.run(guest("wat/memory_grower"), *(event() for _ in range(6)), limits=limits)
    assert run.outcomes == ["OK"] * 6
    assert run.finished[-1].memory_bytes <= 4 << 20


def test_a_small_guest_that_traps_is_not_out_of_memory(
    children: SharedWorkshop, guest: Guest
) -> None:
    assert children.run(guest("wat/trap"), event()).outcomes == ["TRAP"]


def test_standard_go_that_runs_out_of_memory_says_so(
    children: SharedWorkshop, guest: Guest
) -> None:
    started = children.run(guest("examples/slack"))
    assert started.ready is not None
    limits = replace(QUICK, memory_bytes=started.ready.memory_bytes + (1 << 20))
    payload = b'{"event":"ticket.created","x":"%s"}' % (b"x" * 1_000_000)
    works = [event(payload) for _ in range(8)]
    run = children.run(guest("examples/slack"), *works, answer=lambda _c: (200, b""), limits=limits)
    assert run.outcomes[-1] == "OUT_OF_MEMORY"
    assert ("WARN", "fatal error: out of memory") in run.leveled_lines


def test_table(children: SharedWorkshop, guest: Guest) -> None:
    run = children.run(guest("wat/table_hog"), event())
    assert run.outcomes == ["TRAP"]
    assert "unreachable" in run.error


def test_stack(children: SharedWorkshop, guest: Guest) -> None:
    run = children.run(guest("wat/stack_overflow"), event())
    assert run.outcomes == ["TRAP"]
    assert "call stack exhausted" in run.error
    assert "deeper" in run.error or "wasm function" in run.error


@pytest.mark.parametrize(
    ("name", "outcomes"),
    [("wat/exit_zero", ["OK"]), ("wat/exit_three", ["EXIT"])],
)
def test_leaving_with_0_is_done_and_with_another_code_is_failed(
    children: SharedWorkshop, guest: Guest, name: str, outcomes: list[str]
) -> None:
    # Either way the instance is not used again: its stack is where the guest left it.
    run = children.run(guest(name), event(), event(), event())
    assert run.outcomes == outcomes
    if outcomes == ["EXIT"]:
        assert "proc_exit(3)" in run.error


def test_a_trap_names_the_functions_it_came_through(children: SharedWorkshop) -> None:
    module = """(module
      (memory (export "memory") 1)
      (func $inner unreachable)
      (func $outer (call $inner))
      (func (export "on_event") (param i32 i32) (call $outer)))"""
    run = children.run(module, event())
    assert run.error.index("inner") < run.error.index("outer")


def test_a_name_as_long_as_the_module_allows_does_not_make_a_longer_error(
    children: SharedWorkshop,
) -> None:
    name = "n" * 60_000
    module = f"""(module (memory (export "memory") 1)
      (func ${name} unreachable) (func (export "on_event") (param i32 i32) (call ${name})))"""
    run = children.run(module, event())
    assert run.outcomes == ["TRAP"]
    assert len(run.error) <= 16 * 1024

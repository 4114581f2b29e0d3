"""Log lines: levels, text that is not UTF-8, lines that are too long or too many."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from supervisor.limits import KIB, Limits
from tests.children import QUICK, SharedWorkshop, event

Guest = Callable[[str], bytes]


def test_levels_are_kept_and_what_is_no_level_or_no_text_is_mended(
    children: SharedWorkshop, guest: Guest
) -> None:
    assert children.run(guest("wat/log_levels"), event()).leveled_lines == [
        ("DEBUG", "debug"),
        ("INFO", "info"),
        ("WARN", "warn"),
        ("ERROR", "error"),
        ("INFO", "nine"),
        ("INFO", "bad \ufffd\ufffd utf"),
        ("INFO", "\x1b[31mred\x1b[0m\x07"),
        ("INFO", ""),
    ]


def test_a_flood_is_cut_and_counted_in_each_event_again(
    children: SharedWorkshop, guest: Guest
) -> None:
    run = children.run(guest("wat/log_flood"), event(), event())
    assert run.outcomes == ["OK", "OK"]
    one_event = [("INFO", "log flood")] * 100
    one_event.append(("WARN", "99900 more log lines of this event were dropped"))
    assert run.leveled_lines == one_event * 2


def test_the_lines_of_an_event_belong_to_it(children: SharedWorkshop, guest: Guest) -> None:
    works = [event(b"one"), event(b"two"), event(b"three")]
    run = children.run(guest("wat/echo"), *works)
    assert [(line.work, line.text) for line in run.logged] == [
        (works[0], "one"),
        (works[1], "two"),
        (works[2], "three"),
    ]


def test_a_long_line_is_cut_to_its_limit(children: SharedWorkshop, guest: Guest) -> None:
    run = children.run(guest("wat/log_long"), event())
    assert run.lines == ["x" * 8 * KIB]


@pytest.mark.parametrize("size", [1, 7, 8, 9])
def test_a_cut_never_makes_a_line_longer_than_its_limit(
    children: SharedWorkshop, guest: Guest, size: int
) -> None:
    limits = replace(QUICK, log_line_bytes=8)
    for text in (b"\xff" * size, "ü".encode() * size):
        (line,) = children.run(guest("wat/echo"), event(text), limits=limits).lines
        assert len(line) <= 8


def test_the_lines_before_a_trap_arrive(children: SharedWorkshop) -> None:
    module = """(module
      (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
      (memory (export "memory") 1)
      (data (i32.const 0) "last words")
      (func (export "on_event") (param i32 i32)
        (call $log (i32.const 0) (i32.const 10) (i32.const 2))
        unreachable))"""
    run = children.run(module, event())
    assert (run.outcomes, run.leveled_lines) == (["TRAP"], [("WARN", "last words")])


def test_no_lines_at_all_may_be_allowed(children: SharedWorkshop, guest: Guest) -> None:
    run = children.run(guest("wat/echo"), event(), limits=Limits(deadline_s=20, log_lines=0))
    assert run.lines == ["1 more log lines of this event were dropped"]

"""Panels: the three shapes that compilers emit, and what is no address."""

from collections.abc import Callable

import pytest

from tests.children import SharedWorkshop, event, panel

Guest = Callable[[str], bytes]


def returning(body: str, results: str = "i32 i32") -> str:
    return f"""(module
      (memory (export "memory") 1)
      (data (i32.const 16) "https://panel.example.com/\\ff\\fe")
      (func (export "render_panel") (param i32 i32) (result {results}) {body}))"""


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("wat/panel_multi", "https://panel.example.com/t/01T"),
        ("wat/panel_sret", "https://panel.example.com/t/01T"),
        ("wat/panel_packed", "https://panel.example.com/t/01T"),
        ("c/probe", "https://panel.example.com/c/01T"),
        ("assemblyscript/reader", "https://panel.example.com/as/01T"),
    ],
)
def test_each_shape_gives_its_address_again_and_again(
    children: SharedWorkshop, guest: Guest, name: str, url: str
) -> None:
    run = children.run(guest(name), panel(b"01T"), panel(b"01T"), panel(b"01T"))
    assert run.outcomes == ["OK"] * 3
    assert [result.text for result in run.finished] == [url] * 3


def test_events_and_panels_take_their_turns_in_one_instance(
    children: SharedWorkshop, guest: Guest
) -> None:
    run = children.run(guest("c/probe"), event(b"one"), panel(b"A"), event(b"two"), panel(b"B"))
    assert run.lines == ["one", "two"]
    assert [result.text[-1:] for result in run.finished] == ["", "A", "", "B"]


@pytest.mark.parametrize(
    ("module", "outcome", "said"),
    [
        (returning("(i32.const 16) (i32.const 0)"), "BAD_RESULT", "returned 0 bytes"),
        (returning("(i32.const 16) (i32.const 8193)"), "BAD_RESULT", "returned 8193 bytes"),
        (returning("(i32.const 16) (i32.const -1)"), "BAD_RESULT", "1 to 8192 are expected"),
        (returning("(i32.const 16) (i32.const 28)"), "BAD_RESULT", "not UTF-8"),
        (returning("(i32.const 131070) (i32.const 3)"), "TRAP", "3 bytes at 0x1fffe do not"),
        (returning("(i32.const -4) (i32.const 20)"), "TRAP", "20 bytes at 0xfffffffc"),
        (returning("(i64.const 0xfffffffc00000014)", "i64"), "TRAP", "20 bytes at 0xfffffffc"),
        (returning("unreachable"), "TRAP", "unreachable"),
    ],
)
def test_what_is_no_text_in_its_memory_fails_the_panel(
    children: SharedWorkshop, module: str, outcome: str, said: str
) -> None:
    run = children.run(module, panel())
    assert run.outcomes == [outcome]
    assert said in run.error


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("wat/panel_empty", "BAD_RESULT"),
        ("wat/panel_out_of_bounds", "BAD_RESULT"),
        ("wat/panel_trap", "TRAP"),
    ],
)
def test_bad_panels_of_the_guests_fail(
    children: SharedWorkshop, guest: Guest, name: str, outcome: str
) -> None:
    assert children.run(guest(name), panel()).outcomes == [outcome]


def test_a_panel_that_exits_has_no_address(children: SharedWorkshop) -> None:
    module = """(module
      (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
      (memory (export "memory") 1)
      (func (export "render_panel") (param i32 i32) (result i64)
        (call $exit (i32.const 0)) (i64.const 0)))"""
    run = children.run(module, panel())
    assert run.outcomes == ["EXIT"]
    assert "proc_exit(0)" in run.error

"""Memory that the host writes into, by every way that compilers offer one."""

from collections.abc import Callable

import pytest

from tests.children import SharedWorkshop, event

Guest = Callable[[str], bytes]

ECHO = """(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (memory (export "memory") 2)
  (func (export "on_event") (param i32 i32) (call $log (local.get 0) (local.get 1) (i32.const 1)))
  %s)"""


@pytest.mark.parametrize(
    "name",
    ["wat/echo", "wat/echo_malloc", "wat/echo_realloc", "wat/arena", "c/probe"],
)
def test_a_payload_reaches_the_guest_by_its_allocator(
    children: SharedWorkshop, guest: Guest, name: str
) -> None:
    payloads = [b'{"n":%d,"padding":"%s"}' % (n, b"x" * n * 40) for n in range(12)]
    run = children.run(guest(name), *(event(payload) for payload in payloads))
    assert run.outcomes == ["OK"] * 12
    assert run.lines == [payload.decode() for payload in payloads]


def test_every_payload_is_freed_when_its_event_is_done(children: SharedWorkshop) -> None:
    # free() traps unless it gets exactly what malloc gave last, and malloc unless that is freed.
    module = """(module
      (memory (export "memory") 1)
      (global $held (mut i32) (i32.const 0))
      (global $next (mut i32) (i32.const 64))
      (func (export "ohd_alloc") (param i32) (result i32)
        (if (global.get $held) (then unreachable))
        (global.set $next (i32.xor (global.get $next) (i32.const 4096)))
        (global.set $held (local.get 0))
        (global.get $next))
      (func (export "ohd_free") (param i32 i32)
        (if (i32.ne (local.get 0) (global.get $next)) (then unreachable))
        (if (i32.ne (local.get 1) (global.get $held)) (then unreachable))
        (global.set $held (i32.const 0)))
      (func (export "on_event") (param i32 i32)
        (if (i32.ne (local.get 1) (global.get $held)) (then unreachable))))"""
    run = children.run(module, *(event(b"x" * n) for n in range(1, 400)))
    assert run.outcomes == ["OK"] * 399


@pytest.mark.parametrize("name", ["wat/arena", "wat/echo_realloc", "c/probe", "zig/probe"])
def test_memory_stays_bounded_over_ten_thousand_events(
    children: SharedWorkshop, guest: Guest, name: str
) -> None:
    run = children.run(guest(name), *(event(b'{"n":%d}' % n) for n in range(10_000)))
    assert run.outcomes == ["OK"] * 10_000
    assert run.finished[-1].memory_bytes == run.finished[100].memory_bytes


def test_an_arena_takes_as_many_pages_as_a_payload_needs_and_uses_them_again(
    children: SharedWorkshop, guest: Guest
) -> None:
    sizes = [100, 300_000, 300_000, 100, 299_999, 1_000_000, 1_000_000]
    run = children.run(guest("wat/arena"), *(event(b"x" * size) for size in sizes))
    memory = [result.memory_bytes >> 16 for result in run.finished]
    assert run.outcomes == ["OK"] * len(sizes)
    assert memory[1] == memory[2] == memory[3] == memory[4]
    assert memory[5] == memory[6] <= 1 + 1 + 8 + 16  # its own page, and blocks of powers of two


def test_an_arena_leaves_alone_what_the_guest_grows_for_itself(children: SharedWorkshop) -> None:
    # Each event grows a page, marks it, and looks for the mark of the page before.
    module = """(module
      (memory (export "memory") 1)
      (global $mine (mut i32) (i32.const 0))
      (func (export "on_event") (param $ptr i32) (param $len i32)
        (if (global.get $mine)
          (then (if (i32.ne (i32.load (global.get $mine)) (i32.const 77)) (then unreachable))))
        (global.set $mine (i32.mul (memory.grow (i32.const 1)) (i32.const 65536)))
        (i32.store (global.get $mine) (i32.const 77))
        (memory.fill (local.get $ptr) (i32.const 255) (local.get $len))))"""
    sizes = [10, 70_000, 5, 140_000, 40_000, 300_000, 9]
    run = children.run(module, *(event(b"x" * size) for size in sizes))
    assert run.outcomes == ["OK"] * len(sizes)


def test_an_arena_that_cannot_grow_is_out_of_memory(children: SharedWorkshop, guest: Guest) -> None:
    run = children.run(guest("wat/arena_full"), event())
    assert run.outcomes == ["OUT_OF_MEMORY"]
    assert "the host needs 16 bytes in it" in run.error


def test_the_imported_allocator_is_the_guests_own(children: SharedWorkshop, guest: Guest) -> None:
    run = children.run(guest("wat/host_alloc"), event(), event())
    assert run.outcomes == ["OK", "OK"]
    assert run.lines == ["from a host buffer"] * 2


def test_nothing_may_be_asked_for_and_freed(children: SharedWorkshop) -> None:
    module = """(module
      (import "ohd" "ohd_alloc" (func $alloc (param i32) (result i32)))
      (import "ohd" "ohd_free" (func $free (param i32 i32)))
      (memory (export "memory") 1)
      (func (export "malloc") (param i32) (result i32)
        (select (i32.const 64) (i32.const 0) (local.get 0)))
      (func (export "free") (param i32))
      (func (export "on_event") (param i32 i32)
        (call $free (call $alloc (i32.const 0)) (i32.const 0))))"""
    assert children.run(module, event()).outcomes == ["OK"]


def test_an_allocator_may_be_asked_for_memory_while_the_plugin_starts(
    children: SharedWorkshop,
) -> None:
    start = """
      (import "ohd" "ohd_alloc" (func $alloc (param i32) (result i32)))
      (memory (export "memory") 1)
      (func $start (drop (call $alloc (i32.const 8))))
      (func (export "on_event") (param i32 i32))"""
    assert children.run(f'(module {start} (export "_initialize" (func $start)))').outcome == "ok"
    refused = children.run(f"(module {start} (start $start))")
    assert refused.outcome == "start_failed"
    assert "ohd_alloc was called by the start section; only ohd_log may be" in refused.error


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("wat/malloc_minus_one", "ohd_alloc(2) returned 0xffffffff"),
        ("wat/malloc_null", "ohd_alloc(2) returned 0x0"),
        ("wat/malloc_last_byte", "ohd_alloc(2) returned 0x13ffff"),
        ("wat/malloc_trap", "unreachable"),
        ("wat/free_trap", "unreachable"),
    ],
)
def test_an_allocator_that_lies_or_traps_fails_the_event(
    children: SharedWorkshop, guest: Guest, name: str, said: str
) -> None:
    run = children.run(guest(name), event(b"{}"))
    assert run.outcomes == ["TRAP"]
    assert said in run.error


def test_an_allocator_that_hands_out_its_own_data_hurts_nobody_else(
    children: SharedWorkshop, guest: Guest
) -> None:
    assert children.run(guest("wat/malloc_inside"), event(b"x" * 500)).outcomes == ["OK"]


def test_an_allocator_of_the_wrong_type_is_not_used(children: SharedWorkshop, guest: Guest) -> None:
    assert children.run(guest("wat/malloc_signature"), event()).outcomes == ["OK"]


@pytest.mark.parametrize("name", ["wat/reenter_alloc", "wat/reenter", "wat/reenter_http"])
def test_an_allocator_may_not_call_the_host_while_the_host_calls_it(
    children: SharedWorkshop, guest: Guest, name: str
) -> None:
    run = children.run(guest(name), event(), answer=lambda _called: (200, b"body"))
    assert run.outcomes == ["TRAP"]
    assert "while it was running" in run.error or "plugin's own allocator" in run.error


MALLOC_ALONE = '(func (export "malloc") (param i32) (result i32) (i32.const 70000))'
ASSEMBLYSCRIPT = """(func (export "__new") (param i32 i32) (result i32) (i32.const 70000))
  (func (export "__pin") (param i32) (result i32) (local.get 0))
  (func (export "__unpin") (param i32))"""


@pytest.mark.parametrize("exports", [MALLOC_ALONE, ASSEMBLYSCRIPT])
def test_an_allocator_without_a_way_to_free_or_with_pins_works(
    children: SharedWorkshop, exports: str
) -> None:
    run = children.run(ECHO % exports, event(b"one"), event(b"two"))
    assert (run.outcomes, run.lines) == (["OK", "OK"], ["one", "two"])


def test_a_heap_that_takes_all_memory_as_its_own_is_told_by_its_growth(
    children: SharedWorkshop,
) -> None:
    # As TinyGo's for wasm-unknown: it doubles its memory, and everything up to the end is heap.
    module = """(module
      (memory (export "memory") 1)
      (func (export "on_event") (param i32 i32)
        (drop (memory.grow (memory.size)))
        (memory.fill (i32.const 65536) (i32.const 0)
          (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 65536)))))"""
    run = children.run(module, event())
    assert run.outcomes == ["TRAP"]
    assert "takes all of the memory as its own" in run.error


def test_a_guest_that_grows_its_memory_beside_the_hosts_pages_is_left_alone(
    children: SharedWorkshop,
) -> None:
    module = """(module
      (memory (export "memory") 1)
      (func (export "on_event") (param i32 i32)
        (memory.fill (i32.mul (memory.grow (i32.const 1)) (i32.const 65536))
          (i32.const 1) (i32.const 65536))))"""
    assert children.run(module, *(event() for _ in range(20))).outcomes == ["OK"] * 20

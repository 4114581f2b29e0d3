"""The hand-assembled guests, against the text that says what they are meant to be."""

import pytest
import wasmtime

from supervisor.sandbox_check import guest_code

MODULE = """
(module
  (type (func (param i32) (result i32)))
  (type (func (param i32 i32)))
  (type (func))
  (type (func (param i32 i32) (result i32)))
  (type (func (param i32 i32 i32)))
  (import "ohd" "ohd_log" (func (type 4)))
  (import "ohd" "ohd_add_reply" (func (type 3)))
  (func (type 0) (local i32) (i32.const 4096))
  (func (type 1) (local i32))
  (func (type 1) (local i32) {event})
  (func (type 2) (local i32) {start})
  (table 1 funcref)
  (memory 2)
  (export "memory" (memory 0))
  (export "ohd_alloc" (func 2))
  (export "ohd_free" (func 3))
  (export "on_event" (func 4))
  (export "_initialize" (func 5)))
"""
SPIN = "(loop (br 0))"
LOG = "(call 0 (i32.const 0) (i32.const 1) (i32.const 1))"
REPLY = "(drop (call 1 (i32.const 0) (i32.const 0)))"
COUNT = "(br_if 0 (i32.lt_u (local.tee 2 (i32.add (local.get 2) (i32.const 1))) (i32.const {n})))"
FILL = """(loop
  (memory.fill (i32.const 0) (i32.const 1) (i32.shl (memory.size) (i32.const 16))) (br 0))"""
GROW_MEMORY = f"""
(loop (br_if 0 (i32.and
  (i32.ne (memory.grow (i32.const 16)) (i32.const -1))
  (i32.lt_u (memory.size) (i32.const 512)))))
(if (i32.gt_u (memory.size) (i32.const 256)) (then {LOG}))"""
GROW_TABLE = f"""
(loop (br_if 0 (i32.ne (table.grow 0 (ref.null func) (i32.const 1000)) (i32.const -1))))
(if (i32.gt_u (table.size 0) (i32.const 50000)) (then {LOG}))"""


def text(event: str = "", start: str = "") -> bytes:
    return bytes(wasmtime.wat2wasm(MODULE.format(event=event, start=start)))


@pytest.mark.parametrize(
    ("code", "event"),
    [
        (b"", ""),
        (guest_code.SPIN, SPIN),
        (guest_code.FILL, FILL),
        (guest_code.CALL, REPLY),
        (guest_code.GROW_MEMORY, GROW_MEMORY),
        (guest_code.GROW_TABLE, GROW_TABLE),
        (guest_code.FLOOD_LOG, f"(loop {LOG} {COUNT.format(n=500)})"),
        (guest_code.FLOOD_CALLS, f"(loop {REPLY} {COUNT.format(n=300)})"),
    ],
)
def test_a_guest_is_what_its_text_says(code, event):
    assert guest_code.module(on_event=code) == text(event)


def test_a_guest_that_spins_at_its_start_is_what_its_text_says():
    assert guest_code.module(initialize=guest_code.SPIN) == text(start=SPIN)


@pytest.mark.parametrize("times", [1, 63, 64, 127, 128, 8191, 8192, 1_000_000])
def test_a_count_is_written_as_a_positive_number(times):
    code = guest_code.repeat(times, guest_code.CALL)
    assert guest_code.module(on_event=code) == text(f"(loop {REPLY} {COUNT.format(n=times)})")

"""A no-op plugin, events in memory, pipelined through a real session and a real locked child."""

import trio
import wasmtime

from benchmarks.bench import Bench, payload
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from benchmarks.peer import open_peer

_DELIVERIES = 30_000

# The shape of tests/guests/wat/noop.wat as Extism has it. Extism leaves the input in memory of its
# own, so its guest reads nothing unless it asks: "unread" is the least that Extism can do. Our
# guest finds the payload in its memory; "read" brings it there with the calls that Extism has.
EXTISM_GUEST = """
(module
  (import "extism:host/env" "input_length" (func $length (result i64)))
  (import "extism:host/env" "input_load_u64" (func $load (param i64) (result i64)))
  (memory (export "memory") 20)
  (func (export "unread") (result i32)
    (drop (call $length))
    (i32.const 0))
  (func (export "read") (result i32)
    (local $at i64) (local $end i64)
    (local.set $end (i64.and (call $length) (i64.const -8)))
    (loop $next
      (i64.store (i32.add (i32.const 4096) (i32.wrap_i64 (local.get $at)))
        (call $load (local.get $at)))
      (br_if $next
        (i64.lt_u
          (local.tee $at (i64.add (local.get $at) (i64.const 8)))
          (local.get $end))))
    (i32.const 0)))
"""


async def measure(bench: Bench) -> list[Row]:
    """Compare with Extism's Python SDK in a process of its own."""
    workshop, count, event = bench.workshop, bench.count(_DELIVERIES), payload()
    module = await trio.to_thread.run_sync(wasmtime.wat2wasm, EXTISM_GUEST)
    files = workshop.file("extism.wasm", bytes(module)), workshop.file("noop.json", event)
    async with (
        workshop.child("wat/noop") as child,
        open_peer("extism_call", files[0], "unread", files[1]) as unread,
        open_peer("extism_call", files[0], "read", files[1]) as read,
    ):
        samples = await interleave(
            {
                "ours": lambda: child.pipeline(event, count),
                "Extism": lambda: unread.microseconds(count),
                "Extism, input read": lambda: read.microseconds(count),
            },
            rounds=bench.rounds,
        )
    limits = [Limit(20.0), Limit(0.6, of="Extism")]
    return [Row.of("no-op delivery, pipelined", "us", samples, limits=limits)]

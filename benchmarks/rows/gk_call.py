"""A GoatKit call that returns 200 bytes, beside an ``ohd`` delivery and beside wazero.

All three are pipelined in the same run: the same child, fork server and session as the delivery's,
and the same module in wazero, in whose process the guest runs.
"""

import json

import trio
import wasmtime

from benchmarks import native
from benchmarks.bench import Bench, payload
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from benchmarks.peer import open_program
from supervisor.process.work import call_work

_CALLS = 30_000
_DELIVERY = "ohd no-op delivery"
_RESULT = json.dumps({"rows": "x" * 188}, separators=(",", ":"))
_ARGUMENTS = json.dumps({"range": "30d", "_user_id": 104, "_user_role": "Agent"}).encode()
_DEADLINE_S = 30.0

_GUEST = """
(module
  (memory (export "memory") 2)
  (data (i32.const 1024) "RESULT")
  (global $next (mut i32) (i32.const 65536))
  (func (export "gk_malloc") (param $size i32) (result i32)
    (local $at i32)
    (local.set $at (global.get $next))
    (global.set $next (i32.add (local.get $at) (local.get $size)))
    (if (i32.gt_u (global.get $next) (i32.const 130000))
      (then (global.set $next (i32.const 65536))))
    (local.get $at))
  (func (export "gk_free") (param i32))
  (func (export "gk_register") (result i64) (i64.const 0))
  (func (export "gk_call") (param i32 i32 i32 i32) (result i64)
    (i64.or (i64.shl (i64.const 1024) (i64.const 32)) (i64.const LENGTH))))
"""


async def measure(bench: Bench) -> list[Row]:
    """Compare the three."""
    workshop, count, event = bench.workshop, bench.count(_CALLS), payload()
    text = _GUEST.replace("LENGTH", str(len(_RESULT))).replace(
        "RESULT", _RESULT.replace('"', '\\"')
    )
    module = bytes(await trio.to_thread.run_sync(wasmtime.wat2wasm, text))
    await workshop.compile_goatkit("gk_call", module)
    files = workshop.file("gk_call.wasm", module), workshop.file("gk_call.json", _ARGUMENTS)
    program = str(await trio.to_thread.run_sync(native.build_go_peer, "wazero"))
    async with (
        workshop.child("gk_call") as child,
        workshop.child("wat/noop") as noop,
        open_program("wazero", program, *files, "0s") as wazero,
    ):
        samples = await interleave(
            {
                "ours": lambda: child.pipeline(
                    _ARGUMENTS, count, lambda: call_work("noop", _ARGUMENTS, _DEADLINE_S, None)
                ),
                _DELIVERY: lambda: noop.pipeline(event, count),
                "wazero": lambda: wazero.microseconds(count),
            },
            rounds=bench.rounds,
        )
    limits = [Limit(1.5, of=_DELIVERY)]
    return [Row.of("GoatKit call of 200 bytes, pipelined", "us", samples, limits=limits)]

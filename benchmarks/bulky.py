"""A plugin whose compiled code is large and whose memory is small: what a child maps, and no more.

The plugins of real compilers bring a heap of their own, which no two children can share. This one
shows what the compiled code alone costs. Its functions are called once each when an event comes, so
that all of the code is in memory.
"""

import json

import wasmtime

from sandbox_child.wasm.caps import MANIFEST_SECTION
from sandbox_child.wasm.sections import replace_custom_section

_FUNCTIONS, _STEPS = 600, 1_150
"""Together some 10 MB of x86-64 code, and 6 MB of WebAssembly."""
_MANIFEST = {
    "id": "org.example.guest.bulky",
    "name": "Bulky",
    "version": "1.0.0",
    "description": "Much code, little memory.",
    "events": ["ticket.created", "ticket.assigned"],
}


def bulky_module() -> bytes:
    """Return the module with its manifest."""
    functions = "".join(_function(number) for number in range(_FUNCTIONS))
    calls = "".join(f"(local.set $x (call $f{n} (local.get $x)))" for n in range(_FUNCTIONS))
    text = f"""(module
      (memory (export "memory") 2)
      (func (export "ohd_alloc") (param i32) (result i32) (i32.const 1024))
      (func (export "ohd_free") (param i32 i32))
      {functions}
      (func (export "on_event") (param $ptr i32) (param $len i32) (local $x i64)
        (local.set $x (i64.extend_i32_u (local.get $len)))
        {calls}
        (i64.store (i32.const 8) (local.get $x))))"""
    module = bytes(wasmtime.wat2wasm(text))
    return replace_custom_section(module, MANIFEST_SECTION, json.dumps(_MANIFEST).encode())


def _function(number: int) -> str:
    # Each step needs the one before, so that no compiler can leave one out.
    steps = "".join(
        f"(local.set $x (i64.xor (i64.mul (local.get $x) (i64.const {number * _STEPS + step}))"
        f" (i64.rotl (local.get $x) (i64.const {step % 63 + 1}))))"
        for step in range(_STEPS)
    )
    return f"(func $f{number} (param $x i64) (result i64) {steps} (local.get $x))"

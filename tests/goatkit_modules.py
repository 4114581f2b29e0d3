"""GoatKit modules for tests: a registration and fixed answers, as WAT."""

import json
from collections.abc import Collection, Mapping

import wasmtime

_ROOM = 65_536


def goatkit_module(
    registration: Mapping[str, object],
    answers: Mapping[str, object],
    rounds: Mapping[str, int] | None = None,
    passed_on: Collection[str] = (),
) -> bytes:
    """Return a module whose functions give these answers; every other gives its arguments back.

    The first letter of a function's name decides. ``loop`` never ends, unless it has an answer,
    and ``!trap`` traps. ``rounds``: how often a function counts before it answers. ``passed_on``:
    functions that pass their arguments on to the host's function of the same name.
    """
    data, at = [], 1024
    branches = [
        "(if (i32.eq (local.get $letter) (i32.const 108)) (then (loop $on (br $on))))",
        "(if (i32.eq (local.get $letter) (i32.const 33)) (then unreachable))",
    ]

    def place(value: object) -> tuple[int, int]:
        nonlocal at
        raw = json.dumps(value).encode()
        text = "".join(f"\\{byte:02x}" for byte in raw)
        data.append(f'(data (i32.const {at}) "{text}")')
        start, at = at, at + len(raw)
        assert at < _ROOM
        return start, len(raw)

    register = place(registration)
    for name, answer in answers.items():
        start, length = place(answer)
        branches.insert(
            0,
            f"(if (i32.eq (local.get $letter) (i32.const {ord(name[0])})) "
            f"(then (return (call $pack (i32.const {start}) (i32.const {length})))))",
        )
    branches[:0] = [
        f"(if (i32.eq (local.get $letter) (i32.const {ord(name[0])})) (then (return (call $host"
        " (local.get $fn) (local.get $fn_len) (local.get $args) (local.get $len)))))"
        for name in passed_on
    ]
    imported = '(import "gk" "host_call" (func $host (param i32 i32 i32 i32) (result i64)))'
    branches[:0] = [
        f"(if (i32.eq (local.get $letter) (i32.const {ord(name[0])})) (then (loop $count"
        " (local.set $rounds (i32.add (local.get $rounds) (i32.const 1)))"
        f" (br_if $count (i32.lt_u (local.get $rounds) (i32.const {count}))))))"
        for name, count in (rounds or {}).items()
    ]
    return bytes(
        wasmtime.wat2wasm(f"""(module
      {imported if passed_on else ""}
      (memory (export "memory") 4)
      (global $next (mut i32) (i32.const {_ROOM}))
      {" ".join(data)}
      (func $pack (param i32 i32) (result i64)
        (i64.or (i64.shl (i64.extend_i32_u (local.get 0)) (i64.const 32))
                (i64.extend_i32_u (local.get 1))))
      (func (export "gk_malloc") (param $size i32) (result i32)
        (local $at i32)
        (if (i32.eqz (local.get $size)) (then unreachable))
        (local.set $at (global.get $next))
        (global.set $next (i32.add (local.get $at) (local.get $size)))
        (if (i32.gt_u (global.get $next) (i32.const 200000))
          (then (global.set $next (i32.const {_ROOM}))))
        (local.get $at))
      (func (export "gk_register") (result i64)
        (call $pack (i32.const {register[0]}) (i32.const {register[1]})))
      (func (export "gk_call")
        (param $fn i32) (param $fn_len i32) (param $args i32) (param $len i32)
        (result i64)
        (local $letter i32) (local $rounds i32)
        (local.set $letter (i32.load8_u (local.get $fn)))
        {" ".join(branches)}
        (call $pack (local.get $args) (local.get $len))))""")
    )

"""TinyGo's ``syscall/js``: what a program built with ``-target wasm`` asks for, in its own shapes.

TinyGo adds a context, one ``i32``, to most of these imports and leaves it out of others, by
version; both are tried.
"""

import math
import struct
from types import SimpleNamespace

import pytest

from sandbox_child.abi.javascript import MOST_REFERENCES, SIGNATURES, UNDEFINED, JavaScript
from sandbox_child.runtime.errors import GuestTrapped
from sandbox_child.wasm.facts import FuncType
from tests.children import SharedWorkshop, event

GLOBAL = 0x7FF80001_00000005

STRINGS = (
    "Object",
    "Array",
    "Date",
    "getTimezoneOffset",
    "crypto",
    "getRandomValues",
    "Uint8Array",
    "process",
    "fs",
    "constants",
    "O_WRONLY",
    "console",
    "log",
    "fetch",
    "pid",
)
PLACES = {text: 1024 + 64 * at for at, text in enumerate(STRINGS)}


def program(body: str, *, context: bool, start: str = "") -> str:
    """Return a module with every import of syscall/js, as TinyGo writes it."""
    imports = []
    for name, type_ in SIGNATURES.items():
        parameters = " ".join(type_.params) + (" i32" if context else "")
        result = f"(result {type_.results[0]})" if type_.results else ""
        imports.append(
            f'(import "gojs" "syscall/js.{name}" (func ${name} (param {parameters}) {result}))'
        )
    data = "".join(f'(data (i32.const {at}) "{text}")' for text, at in PLACES.items())
    return f"""(module
      {" ".join(imports)}
      (import "gojs" "runtime.ticks" (func $ticks (result f64)))
      (import "gojs" "runtime.sleepTicks" (func $sleep (param f64)))
      (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
      (memory (export "memory") 2)
      {data}
      (global $v (mut i64) (i64.const 0))
      (func (export "malloc") (param i32) (result i32) (i32.const 70000))
      (func (export "free") (param i32))
      (func (export "_start") {start})
      (func (export "on_event") (param i32 i32) {body}))"""


def call(name: str, *arguments: str, context: bool) -> str:
    return f"(call ${name} {' '.join(arguments)} {'(i32.const 0)' if context else ''})"


def text(of: str) -> tuple[str, str]:
    return f"(i32.const {PLACES[of]})", f"(i32.const {len(of)})"


@pytest.fixture(params=[True, False], ids=["with a context", "without"])
def context(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_the_package_start_gets_object_and_array(children: SharedWorkshop, context: bool) -> None:
    start = "".join(
        f"""(if (i64.ne (i64.and (i64.shr_u {
            call("valueGet", f"(i64.const {GLOBAL})", *text(name), context=context)
        } (i64.const 32)) (i64.const 7)) (i64.const 4)) (then unreachable))"""
        for name in ("Object", "Array")
    )
    run = children.run(program("", context=context, start=start), event(), event())
    assert run.outcomes == ["OK", "OK"]


def test_a_local_time_is_in_utc_and_of_today(children: SharedWorkshop, context: bool) -> None:
    # initLocal: new Date().getTimezoneOffset() is the number zero, a NaN with the index 1.
    body = f"""
      (global.set $v {call("valueGet", f"(i64.const {GLOBAL})", *text("Date"), context=context)})
      {
        call(
            "valueNew",
            "(i32.const 512)",
            "(global.get $v)",
            "(i32.const 0)",
            "(i32.const 0)",
            "(i32.const 0)",
            context=context,
        )
    }
      (if (i32.ne (i32.load8_u (i32.const 520)) (i32.const 1)) (then unreachable))
      {
        call(
            "valueCall",
            "(i32.const 544)",
            "(i64.load (i32.const 512))",
            *text("getTimezoneOffset"),
            "(i32.const 0)",
            "(i32.const 0)",
            "(i32.const 0)",
            context=context,
        )
    }
      (if (i64.ne (i64.load (i32.const 544)) (i64.const {0x7FF80000_00000001}))
        (then unreachable))
      {call("finalizeRef", "(i64.load (i32.const 512))", context=context)}
      ;; After 2026-01-01, in milliseconds.
      (if (f64.lt (call $ticks) (f64.const 1767225600000)) (then unreachable))"""
    run = children.run(program(body, context=context), *(event() for _ in range(50)))
    assert run.outcomes == ["OK"] * 50


def test_random_bytes_reach_the_program(children: SharedWorkshop, context: bool) -> None:
    at = f"(i64.const {GLOBAL})"
    body = f"""
      (global.set $v {call("valueGet", at, *text("Uint8Array"), context=context)})
      (f64.store (i32.const 600) (f64.const 32))
      {
        call(
            "valueNew",
            "(i32.const 512)",
            "(global.get $v)",
            "(i32.const 600)",
            "(i32.const 1)",
            "(i32.const 1)",
            context=context,
        )
    }
      (i64.store (i32.const 608) (i64.load (i32.const 512)))
      (global.set $v {call("valueGet", at, *text("crypto"), context=context)})
      {
        call(
            "valueCall",
            "(i32.const 544)",
            "(global.get $v)",
            *text("getRandomValues"),
            "(i32.const 608)",
            "(i32.const 1)",
            "(i32.const 1)",
            context=context,
        )
    }
      {
        call(
            "copyBytesToGo",
            "(i32.const 560)",
            "(i32.const 640)",
            "(i32.const 32)",
            "(i32.const 32)",
            "(i64.load (i32.const 512))",
            context=context,
        )
    }
      (if (i32.ne (i32.load (i32.const 560)) (i32.const 32)) (then unreachable))
      (if (i64.eqz (i64.or (i64.load (i32.const 640)) (i64.load (i32.const 648))))
        (then unreachable))"""
    assert children.run(program(body, context=context), event()).outcomes == ["OK"]


def test_the_constants_of_fs_are_numbers(children: SharedWorkshop, context: bool) -> None:
    body = f"""
      (global.set $v {call("valueGet", f"(i64.const {GLOBAL})", *text("fs"), context=context)})
      (global.set $v {call("valueGet", "(global.get $v)", *text("constants"), context=context)})
      (global.set $v {call("valueGet", "(global.get $v)", *text("O_WRONLY"), context=context)})
      (if (f64.ne (f64.reinterpret_i64 (global.get $v)) (f64.const -1)) (then unreachable))"""
    assert children.run(program(body, context=context), event()).outcomes == ["OK"]


def test_the_console_is_the_plugins_log(children: SharedWorkshop, context: bool) -> None:
    body = f"""
      (i64.store (i32.const 600) {call("stringVal", *text("process"), context=context)})
      (global.set $v {call("valueGet", f"(i64.const {GLOBAL})", *text("console"), context=context)})
      {
        call(
            "valueCall",
            "(i32.const 512)",
            "(global.get $v)",
            *text("log"),
            "(i32.const 600)",
            "(i32.const 1)",
            "(i32.const 1)",
            context=context,
        )
    }"""
    assert children.run(program(body, context=context), event()).lines == ["process"]


def test_what_is_not_there_is_undefined_and_calling_it_names_the_way_out(
    children: SharedWorkshop, context: bool
) -> None:
    get = call("valueGet", f"(i64.const {GLOBAL})", *text("fetch"), context=context)
    body = f"""
      (if (i64.ne {get} (i64.const 0)) (then unreachable))
      {
        call(
            "valueCall",
            "(i32.const 512)",
            f"(i64.const {GLOBAL})",
            *text("fetch"),
            "(i32.const 0)",
            "(i32.const 0)",
            "(i32.const 0)",
            context=context,
        )
    }"""
    run = children.run(program(body, context=context), event())
    assert run.outcomes == ["TRAP"]
    assert "the global object.fetch was called, and a plugin has no JavaScript" in run.error
    assert "-target wasip1" in run.error


def test_a_shape_that_is_not_known_traps_when_it_is_called_and_not_before(
    children: SharedWorkshop,
) -> None:
    module = """(module
      (import "gojs" "syscall/js.valueGet" (func $get (param i32 i64 i32 i32 i32)))
      (memory (export "memory") 1)
      (func (export "ohd_alloc") (param i32) (result i32) (i32.const 4096))
      (func (export "ohd_free") (param i32 i32))
      (func (export "on_event") (param i32 i32) %s))"""
    zeros = "(i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 0)"
    assert children.run(module % "", event()).outcomes == ["OK"]
    run = children.run(module % f"(call $get {zeros})", event())
    assert run.outcomes == ["TRAP"]
    assert "syscall/js.valueGet was called, and a plugin has no JavaScript" in run.error


# The table itself, over a guest of plain bytes.


class Memory:
    def __init__(self) -> None:
        self.data = bytearray(1 << 16)

    def size(self) -> int:
        return len(self.data)

    def holds(self, pointer: int, length: int) -> bool:
        return pointer + length <= len(self.data)

    def read(self, pointer: int, length: int) -> bytes:
        return bytes(self.data[pointer : pointer + length])

    def write(self, pointer: int, data: bytes) -> None:
        self.data[pointer : pointer + len(data)] = data


class Table:
    """A JavaScript with the memory that its guest would have."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.lines: list[tuple[object, str]] = []
        link = SimpleNamespace(log=lambda level, line: self.lines.append((level, line)))
        self.js = JavaScript(SimpleNamespace(memory=lambda: self.memory), link)

    def call(self, name: str, *arguments: int) -> int:
        return self.js.function(f"syscall/js.{name}", SIGNATURES[name])(*arguments)

    def text(self, of: str) -> tuple[int, int]:
        data = of.encode()
        self.memory.write(0, data)
        return 0, len(data)

    def string(self, of: str) -> int:
        return self.call("stringVal", *self.text(of))


@pytest.mark.parametrize("number", [1.0, -1.5, 1e300, math.inf, -math.inf, 5e-324])
def test_a_number_is_its_own_reference(number: float) -> None:
    table = Table()
    (ref,) = struct.unpack("<Q", struct.pack("<d", number))
    assert table.js._unbox(ref) == number
    assert table.js._box(number) == ref


@pytest.mark.parametrize(
    ("value", "ref"),
    [
        (UNDEFINED, 0),
        (math.nan, 0x7FF80000_00000000),
        (0.0, 0x7FF80000_00000001),
        (-0.0, 0x7FF80000_00000001),
        (None, 0x7FF80000_00000002),
        (True, 0x7FF80000_00000003),
        (False, 0x7FF80000_00000004),
    ],
)
def test_a_value_with_a_fixed_place_has_it(value: object, ref: int) -> None:
    assert Table().js._box(value) == ref


def test_equal_strings_are_one_reference_and_freed_ones_are_used_again() -> None:
    table = Table()
    first, again, other = table.string("a"), table.string("a"), table.string("b")
    assert first == again != other
    table.call("finalizeRef", first)
    assert table.string("a") == first
    for _ in range(2):
        table.call("finalizeRef", first)
    assert table.string("c") & 0xFFFFFFFF == first & 0xFFFFFFFF


def test_a_reference_that_is_none_traps_and_freeing_one_does_nothing() -> None:
    table = Table()
    table.call("finalizeRef", 0x7FF80001_0000FFFF)
    with pytest.raises(GuestTrapped, match="65535 is no reference"):
        table.call("valueLength", 0x7FF80001_0000FFFF)


def test_the_fixed_values_cannot_be_freed() -> None:
    table = Table()
    for _ in range(3):
        table.call("finalizeRef", GLOBAL)
    assert table.call("valueGet", GLOBAL, *table.text("Object")) >> 32 == 0x7FF80004


@pytest.mark.parametrize(
    ("length", "most"), [(1, MOST_REFERENCES), (60_000, 20)], ids=["in number", "in bytes"]
)
def test_references_are_bounded(length: int, most: int) -> None:
    table = Table()

    def hold_many() -> None:
        for number in range(most + 1):
            table.string(f"{number}" + "x" * length)

    with pytest.raises(GuestTrapped, match="values or 4 MiB are held"):
        hold_many()


def test_a_program_that_frees_what_it_makes_never_meets_the_bound() -> None:
    table = Table()
    for number in range(3 * MOST_REFERENCES):
        table.call("finalizeRef", table.string(f"s{number}"))


def test_a_string_is_prepared_and_loaded_as_go_does_it() -> None:
    table = Table()
    ref = table.string("größe")
    table.call("valuePrepareString", 100, ref)
    prepared, length = struct.unpack("<QI", table.memory.read(100, 12))
    assert length == 7
    table.call("valueLoadString", prepared, 200, 7, 7)
    assert table.memory.read(200, 7).decode() == "größe"


def test_arrays_and_objects_hold_what_is_put_there() -> None:
    table = Table()
    array = table.call("valueGet", GLOBAL, *table.text("Array"))
    table.memory.write(300, struct.pack("<d", 2.0))
    table.call("valueNew", 400, array, 300, 1, 1)
    ref, done = struct.unpack("<QB", table.memory.read(400, 9))
    assert (done, table.call("valueLength", ref)) == (1, 2)
    table.call("valueSetIndex", ref, 1, 0x7FF80000_00000003)
    assert table.call("valueIndex", ref, 1) == 0x7FF80000_00000003
    assert table.call("valueIndex", ref, 0) == table.call("valueIndex", ref, 9) == 0
    assert table.call("valueInstanceOf", ref, array) == 1
    object_ = table.call("valueGet", GLOBAL, *table.text("Object"))
    table.call("valueNew", 400, object_, 0, 0, 0)
    (ref,) = struct.unpack("<Q", table.memory.read(400, 8))
    table.call("valueSet", ref, *table.text("key"), 0x7FF80000_00000003)
    assert table.call("valueGet", ref, *table.text("key")) == 0x7FF80000_00000003
    table.call("valueDelete", ref, *table.text("key"))
    assert table.call("valueGet", ref, *table.text("key")) == 0


def test_a_property_of_nothing_traps() -> None:
    table = Table()
    with pytest.raises(GuestTrapped, match="undefined has no property x"):
        table.call("valueGet", 0, *table.text("x"))


def test_every_function_has_its_own_place_and_a_strange_shape_has_none() -> None:
    table = Table()
    for name, type_ in SIGNATURES.items():
        assert table.js.function(f"syscall/js.{name}", type_).__name__ != "trap"
    with pytest.raises(GuestTrapped, match="valueGet was called"):
        table.js.function("syscall/js.valueGet", FuncType(("i32",), ()))(0)

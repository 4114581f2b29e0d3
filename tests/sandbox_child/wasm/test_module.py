"""Facts about modules, caps, and bombs that must not reach a compiler."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import wasmtime

from sandbox_child.wasm.caps import DEFAULT_CAPS, Caps
from sandbox_child.wasm.errors import Malformed, ModuleError, OverLimit, Unsupported
from sandbox_child.wasm.facts import (
    Export,
    ExternKind,
    FuncType,
    GlobalType,
    Import,
    MemoryType,
    TableType,
    Toolchain,
)
from sandbox_child.wasm.module import read_module
from sandbox_child.wasm.toolchain import read_producers
from tests.guests.bombs import leb, long_function, many_exports, many_functions

Module = Callable[..., bytes]

EVERYTHING = """
(module
  (import "ohd" "ohd_log" (func $log (param i32 i32 i32)))
  (import "env" "seed" (func (result f64)))
  (import "env" "limit" (global i64))
  (table 3 10 funcref)
  (table 1 externref)
  (memory (export "memory") 2 16)
  (global $a (export "counter") (mut i32) (i32.const -70000))
  (global f64 (f64.const 1.5))
  (global i64 (i64.add (i64.const 9223372036854775807) (global.get 0)))
  (global funcref (ref.func $start))
  (global externref (ref.null extern))
  (global v128 (v128.const i32x4 1 2 3 4))
  (func $start)
  (start $start)
  (func (export "on_event") (param i32 i32))
  (func (export "pair") (param i32) (result i64 f32) (i64.const 1) (f32.const 2))
  (export "log" (func $log))
  (elem (i32.const 0) $start)
  (data (i32.const 0) "x")
  (data "y"))
"""


def test_every_fact_of_a_module_is_read() -> None:
    facts = read_module(wasmtime.wat2wasm(EVERYTHING))
    log = FuncType(("i32", "i32", "i32"), ())
    assert facts.imports == (
        Import("ohd", "ohd_log", ExternKind.FUNC, log),
        Import("env", "seed", ExternKind.FUNC, FuncType((), ("f64",))),
        Import("env", "limit", ExternKind.GLOBAL, GlobalType("i64", mutable=False)),
    )
    assert facts.exports == (
        Export("memory", ExternKind.MEMORY, MemoryType(2, 16)),
        Export("counter", ExternKind.GLOBAL, GlobalType("i32", mutable=True)),
        Export("on_event", ExternKind.FUNC, FuncType(("i32", "i32"), ())),
        Export("pair", ExternKind.FUNC, FuncType(("i32",), ("i64", "f32"))),
        Export("log", ExternKind.FUNC, log),
    )
    assert facts.tables == (TableType("funcref", 3, 10), TableType("externref", 1, None))
    assert facts.memory == MemoryType(2, 16)
    assert (facts.functions, facts.globals, facts.elements, facts.data) == (3, 6, 1, 2)
    assert facts.start_function == 2
    assert facts.exported_function("pair") == FuncType(("i32",), ("i64", "f32"))
    assert facts.exported_function("memory") is None
    assert facts.export("nothing") is None
    assert not facts.has_go_buildid


def test_types_are_said_in_words() -> None:
    facts = read_module(wasmtime.wat2wasm(EVERYTHING))
    assert [str(export.type) for export in facts.exports] == [
        "memory of 2 to 16 pages",
        "mutable i32",
        "(i32, i32) -> ()",
        "(i32) -> (i64, f32)",
        "(i32, i32, i32) -> ()",
    ]
    assert str(facts.tables[1]) == "externref table of 1 or more"


def test_the_facts_agree_with_the_engine(guest: Callable[[str], bytes]) -> None:
    for name in ("wat/noop", "zig/probe", "examples/slack", "wat/panel_multi"):
        data = guest(name)
        facts = read_module(data)
        module = wasmtime.Module(wasmtime.Engine(), data)
        assert [export.name for export in facts.exports] == [e.name for e in module.exports]
        wanted = [(i.module, i.name) for i in module.imports]
        assert [(i.module, i.name) for i in facts.imports] == wanted
        for ours, theirs in zip(facts.imports, module.imports, strict=True):
            assert isinstance(ours.type, FuncType)
            assert isinstance(theirs.type, wasmtime.FuncType)
            assert ours.type.params == tuple(str(p) for p in theirs.type.params)
            assert ours.type.results == tuple(str(r) for r in theirs.type.results)


def test_an_empty_module_is_fine(module: Module) -> None:
    facts = read_module(module())
    assert (facts.imports, facts.exports, facts.memory, facts.functions) == ((), (), None, 0)


def test_a_real_go_module_is_read_fast(guest: Callable[[str], bytes]) -> None:
    data = guest("examples/slack")
    began = time.process_time()
    facts = read_module(memoryview(data))
    assert time.process_time() - began < 0.3
    assert facts.toolchain is Toolchain.GO
    assert facts.has_go_buildid
    assert facts.producers["language"][0][0] == "Go"


def test_a_compile_bomb_is_refused_in_no_time() -> None:
    bomb = many_functions(200_000)
    assert len(bomb) < 1_000_000
    began = time.process_time()
    with pytest.raises(OverLimit, match="200,000 functions, and at most 50,000"):
        read_module(bomb)
    assert time.process_time() - began < 0.3


def test_an_export_bomb_is_refused() -> None:
    with pytest.raises(OverLimit, match="12,000 exports, and at most 1,000"):
        read_module(many_exports(12_000))


def test_modules_at_the_edge_of_the_bombs_are_read() -> None:
    assert read_module(many_functions(50_000)).functions == 50_000
    assert len(read_module(many_exports(1_000)).exports) == 1_000
    assert wasmtime.Module(wasmtime.Engine(), long_function(1_000)).exports


LOW = Caps(
    module_bytes=4_000,
    types=5,
    signature_values=4,
    all_signature_values=9,
    imports=3,
    exports=3,
    functions=4,
    tables=2,
    memories=1,
    globals=3,
    constant_instructions=6,
    tags=2,
    elements=2,
    data=2,
)


@pytest.mark.parametrize(
    ("wat", "words"),
    [
        ("(type (func (param i32 i32 i32 i32 i32)))", "5 parameters of one function.*at most 4"),
        ("(type (func (result i32 i32 i32 i32 i32)))", "5 results of one function"),
        ("(type (func (param i32 i32 i32 i32)))" * 3, "12 parameters and results in its types"),
        ('(import "a" "b" (func))' * 4, "4 imports, and at most 3"),
        ("(func)" * 5, "5 functions, and at most 4"),
        ("(table 1 funcref)" * 3, "3 tables, and at most 2"),
        ('(import "a" "b" (table 1 funcref))' * 3, "3 tables, and at most 2"),
        ("(memory 1)" * 2, "2 memories, and at most 1"),
        ('(import "a" "m" (memory 1)) (memory 1)', "2 memories, and at most 1"),
        ("(global i32 (i32.const 0))" * 4, "4 globals, and at most 3"),
        (
            "(global i32 (i32.add (i32.const 0) (i32.add (i32.const 1) (i32.const 2))))" * 2,
            "7 instructions in its globals' initial values, and at most 6",
        ),
        ("(memory 1)" + '(data (i32.const 0) "a")' * 3, "3 data segments, and at most 2"),
        ("(table 1 funcref) (func $f)" + "(elem (i32.const 0) $f)" * 3, "3 element segments"),
        ("(tag)" * 3, "3 exception tags"),
        (
            "(func)" + "".join(f'(export "{n}" (func 0))' for n in range(4)),
            "4 exports, and at most 3",
        ),
        ('(memory 1) (data (i32.const 0) "' + "x" * 4_000 + '")', "bytes, and at most 4,000"),
    ],
)
def test_each_cap_is_told_with_its_number(wat: str, words: str) -> None:
    with pytest.raises(OverLimit, match=words):
        read_module(wasmtime.wat2wasm(f"(module {wat})"), LOW)


def test_every_cap_is_kept_by_a_module_at_its_edge() -> None:
    edge = """(module
      (import "a" "f" (func)) (import "a" "t" (table 1 funcref)) (import "a" "m" (memory 1))
      (table 1 funcref) (global i32 (i32.const 0)) (global i32 (i32.const 1)) (tag) (tag)
      (func) (func) (func) (func (param i32 i32) (result i32 i32) unreachable)
      (export "a" (func 1)) (export "b" (func 2)) (export "c" (func 3))
      (data (i32.const 0) "x") (data (i32.const 0) "y"))"""
    assert read_module(wasmtime.wat2wasm(edge), LOW).functions == 4


@pytest.mark.parametrize("name", ["n" * 1_025, "ü" * 513])
def test_long_names_are_refused(name: str) -> None:
    for wat in (f'(import "{name}" "b" (func))', f'(import "a" "{name}" (func))'):
        with pytest.raises(OverLimit, match="import"):
            read_module(wasmtime.wat2wasm(f"(module {wat})"))
    with pytest.raises(OverLimit, match="the name of an export"):
        read_module(wasmtime.wat2wasm(f'(module (func (export "{name}")))'))


TYPES = (1, b"\1\x60\0\0")
FUNCS = (3, b"\1\0")
CODE = (10, b"\1\2\0\x0b")


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ([(1, b"\1\x60\0\0\0")], "1 bytes are left over"),
        ([(1, b"\1\x61\0\0")], "not the form of a function type"),
        ([(1, b"\1\x60\1\x01\0")], "0x01 is not a value type"),
        ([(1, b"\5\x60\0\0")], "5 types are announced and 3 bytes are left"),
        ([(2, b"\1\1a\1b\5\0")], "not a kind of import or export"),
        ([(2, b"\1\1a\1b\0\0")], "type 0 is named and there are 0"),
        ([(2, b"\1\1a\1\xff\0\0")], "the name of an import is not UTF-8"),
        ([TYPES, (3, b"\1\7")], "type 7 is named and there are 1"),
        ([TYPES, FUNCS], "1 functions are declared and 0 have a body"),
        ([TYPES, CODE], "0 functions are declared and 1 have a body"),
        ([(4, b"\1\x7f\0\0")], "a table cannot hold i32"),
        ([(4, b"\1\x70\1\5\2")], "the maximum 2 below its minimum 5"),
        ([(5, b"\1\x10\0")], "not flags of limits"),
        ([(5, b"\1\0\x81\x80\4")], "larger than 4 GiB"),
        ([(6, b"\1\x7f\2\x41\0\x0b")], "not a mutability"),
        ([(6, b"\1\x7f\0\x10\0\x0b")], "no instruction of a constant expression"),
        ([(6, b"\1\x7f\0\x41\xff\xff\xff\xff\xff\0\x0b")], "takes more than 5 bytes"),
        ([(6, b"\1\x7f\0\x41\0")], "end too early"),
        ([(7, b"\1\1e\0\0")], "func 0 is named and there are 0"),
        ([TYPES, FUNCS, (7, b"\2\1e\0\0\1e\0\0"), CODE], "the export 'e' is doubled"),
        ([(8, b"\0")], "function 0 does not exist"),
        ([(13, b"\1\1\0")], "attribute is not zero"),
    ],
)
def test_each_fault_is_told_with_its_place(
    module: Module, sections: list[tuple[int, bytes]], words: str
) -> None:
    with pytest.raises(Malformed, match=words):
        read_module(module(*sections))


@pytest.mark.parametrize(
    ("sections", "words"),
    [
        ([(1, b"\1\x5f\0")], "struct types"),
        ([(1, b"\1\x4e\0")], "recursive types"),
        ([(1, b"\1\x60\1\x64\0\0")], "typed references"),
        ([(4, b"\1\x40\0\x70\0\1\xd0\x70\x0b")], "tables with an initial value"),
        ([(5, b"\1\3\1\1")], "shared memory"),
        ([(5, b"\1\4\1")], "memory64"),
        ([(5, b"\1\x08\1\0")], "pages of another size"),
    ],
)
def test_a_proposal_that_is_off_is_named(
    module: Module, sections: list[tuple[int, bytes]], words: str
) -> None:
    with pytest.raises(Unsupported, match=words):
        read_module(module(*sections))


def producers(*tools: tuple[str, str]) -> bytes:
    body = b""
    for field, tool in tools:
        body += leb(len(field)) + field.encode() + b"\1" + leb(len(tool)) + tool.encode() + b"\0"
    return leb(len(tools)) + body


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        ([("language", "Rust"), ("processed-by", "rustc")], Toolchain.RUST),
        ([("language", "C11"), ("processed-by", "clang")], Toolchain.C),
        ([("processed-by", "clang")], Toolchain.C),
        ([("language", "Zig")], Toolchain.ZIG),
        ([("language", "Go"), ("processed-by", "TinyGo")], Toolchain.TINYGO),
        ([("language", "Go")], Toolchain.GO),
        ([("processed-by", "wit-component")], Toolchain.UNKNOWN),
        ([], Toolchain.UNKNOWN),
    ],
)
def test_the_compiler_is_told_by_the_producers_section(
    module: Module, tools: list[tuple[str, str]], expected: Toolchain
) -> None:
    assert read_module(module((0, b"\x09producers" + producers(*tools)))).toolchain is expected


def test_a_damaged_producers_section_counts_as_absent(module: Module) -> None:
    for payload in (b"", b"\xff", b"\1\1a\xff\xff", producers(("language", "Go")) + b"x"):
        assert read_producers(payload) == {}
        assert read_module(module((0, b"\x09producers" + payload))).producers == {}


def test_caps_are_those_of_the_threat_table() -> None:
    assert (DEFAULT_CAPS.functions, DEFAULT_CAPS.exports) == (50_000, 1_000)
    with pytest.raises(ModuleError):
        read_module(b"\0asm\1\0\0\0", replace(DEFAULT_CAPS, module_bytes=7))


@pytest.mark.parametrize(
    ("body", "empty"), [("", True), ("nop", False), ("(local i32)", False), ("unreachable", False)]
)
def test_a_function_without_code_is_told_from_one_with(body: str, empty: bool) -> None:
    facts = read_module(
        wasmtime.wat2wasm(f"""(module (import "gk" "log" (func (param i32 i32 i32)))
        (memory (export "memory") 1) (func nop nop) (func (export "gk_free") (param i32) {body})
        (func nop))""")
    )
    assert facts.does_nothing == (frozenset({"gk_free"}) if empty else frozenset())


def test_an_imported_function_has_no_code_to_be_looked_at() -> None:
    module = """(module (import "gk" "free" (func $free (param i32)))
        (export "gk_free" (func $free)) (func))"""
    assert not read_module(wasmtime.wat2wasm(module)).does_nothing

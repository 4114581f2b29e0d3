"""What is refused at install, and with which sentence; it takes no engine and no process."""

from collections.abc import Callable

import pytest

from sandbox_child.abi.contracts import examine
from sandbox_child.abi.errors import (
    AllocatorMissing,
    ExceptionsUsed,
    ExportMissing,
    UnknownImports,
    WrongSignature,
)
from sandbox_child.abi.structure import Needs
from sandbox_child.wasm.module import read_module
from sandbox_child.wasm.sections import replace_custom_section
from sandbox_child.wire.entry import ModuleReport
from tests.children import assemble

Guest = Callable[[str], bytes]
EVENTS = Needs(events=True, panel=False)
PANEL = Needs(events=False, panel=True)
NOTHING = Needs(events=False, panel=False)


def look(module: bytes | str, needs: Needs = EVENTS) -> ModuleReport:
    data = assemble(module) if isinstance(module, str) else module
    return examine(read_module(data), needs)


def test_every_unknown_import_is_listed(guest: Guest) -> None:
    with pytest.raises(UnknownImports) as caught:
        look(guest("wat/unknown_imports"))
    for name in (
        "env.do_magic",
        "ohd.ohd_delete_ticket",
        "wasi_snapshot_preview1.sock_teleport",
        "env.memory",
    ):
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("name", "needs", "error", "said"),
    [
        ("wat/memory_missing", EVENTS, ExportMissing, "does not export 'memory'"),
        ("wat/on_event_missing", EVENTS, ExportMissing, "does not export 'on_event'"),
        ("wat/panel_missing", PANEL, ExportMissing, "does not export 'render_panel'"),
        ("wat/on_event_signature", EVENTS, WrongSignature, "the export on_event"),
        ("wat/panel_signature", PANEL, WrongSignature, "(i32, i32) -> (i64)"),
        ("wat/initialize_signature", EVENTS, WrongSignature, "the export _initialize"),
        ("wat/import_signature", EVENTS, WrongSignature, "the import ohd.ohd_log"),
        ("go/no_allocator", EVENTS, AllocatorMissing, "//go:wasmexport ohd_alloc"),
    ],
)
def test_a_module_that_does_not_fit_is_refused_by_name(
    guest: Guest, name: str, needs: Needs, error: type[Exception], said: str
) -> None:
    with pytest.raises(error) as caught:
        look(guest(name), needs)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "type_",
    [
        "(func (result i32 i32))",
        "(func (param v128))",
        "(func (param funcref))",
        "(func (result v128))",
    ],
)
def test_the_javascript_bridge_takes_numbers_only(type_: str) -> None:
    with pytest.raises(WrongSignature, match="numbers, and one result at most"):
        look(f"""(module (import "gojs" "syscall/js.x" {type_}) (memory (export "memory") 1)
          (func (export "on_event") (param i32 i32)))""")


@pytest.mark.parametrize(
    "what",
    ['(import "ohd" "ohd_log" (global i32))', '(import "gojs" "syscall/js.x" (memory 1))'],
)
def test_a_known_name_of_another_kind_is_refused(what: str) -> None:
    memory = "" if "memory" in what else "(memory 1)"
    with pytest.raises((WrongSignature, UnknownImports)):
        look(f"""(module {what} {memory} (export "memory" (memory 0))
          (func (export "on_event") (param i32 i32)))""")


@pytest.mark.parametrize(
    ("name", "allocator", "has_free", "start", "panel"),
    [
        ("wat/noop", "ohd_alloc", True, "none", "none"),
        ("wat/echo_malloc", "malloc", True, "none", "none"),
        ("wat/echo_realloc", "cabi_realloc", False, "none", "none"),
        ("wat/arena", "arena", False, "none", "none"),
        ("wat/start_log", "ohd_alloc", True, "_initialize", "none"),
        ("wat/command", "ohd_alloc", True, "_start", "none"),
        ("wat/panel_multi", "ohd_alloc", True, "none", "multi_value"),
        ("wat/panel_sret", "ohd_alloc", True, "none", "struct_return"),
        ("assemblyscript/reader", "__new", True, "none", "packed_i64"),
        ("c/probe", "ohd_alloc", True, "none", "struct_return"),
        ("c/wasi", "malloc", True, "_initialize", "none"),
        ("examples/slack", "ohd_alloc", True, "_initialize", "none"),
    ],
)
def test_the_doors_of_real_modules_are_found(
    guest: Guest, name: str, allocator: str, has_free: bool, start: str, panel: str
) -> None:
    entry = look(guest(name), NOTHING).entry
    assert (entry.allocator, entry.has_free, entry.start, entry.panel) == (
        allocator,
        has_free,
        start,
        panel,
    )


def test_what_is_not_needed_is_a_warning(guest: Guest) -> None:
    assert look(guest("wat/panel_trap"), NOTHING).warnings == (
        "on_event is exported, but the manifest subscribes to no event",
        "render_panel is exported, but the manifest declares no ui_panel",
    )
    (warning,) = look(guest("wat/arena")).warnings
    assert "no allocator is exported" in warning


def with_producers(module: str, *fields: tuple[str, str, str]) -> bytes:
    """Return a module whose producers section has these (field, name, version)."""
    payload = bytes([len(fields)])
    for field, name, version in fields:
        texts = [part.encode() for part in (field, name, version)]
        first, *rest = [bytes([len(text)]) + text for text in texts]
        payload += first + b"\x01" + b"".join(rest)
    return replace_custom_section(assemble(module), "producers", payload)


BARE = """(module (memory (export "memory") 2) {rest}
  (func (export "on_event") (param i32 i32)))"""


def test_tinygos_wasm_unknown_is_refused_with_the_fix() -> None:
    module = with_producers(BARE.format(rest=""), ("processed-by", "TinyGo", "0.34.0"))
    with pytest.raises(AllocatorMissing, match=r"tinygo module .* build with -target wasip1"):
        look(module)


def test_emscripten_without_malloc_is_refused_and_its_growth_notice_is_known() -> None:
    growth = '(import "env" "emscripten_notify_memory_growth" (func (param i32)))'
    memory = '(memory (export "memory") 2)'
    bare = f"""(module {growth} {memory} (func (export "on_event") (param i32 i32)))"""
    with pytest.raises(AllocatorMissing, match="-sEXPORTED_FUNCTIONS=_malloc,_free"):
        look(bare)
    whole = f"""(module {growth} {memory} (func (export "on_event") (param i32 i32))
      (func (export "malloc") (param i32) (result i32) (i32.const 8))
      (func (export "free") (param i32)))"""
    assert look(whole).toolchain == "emscripten"


@pytest.mark.parametrize(
    "rest",
    [
        '(import "env" "__cxa_throw" (func (param i32 i32 i32)))',
        '(import "env" "invoke_vi" (func (param i32 i32)))',
        "(tag (param i32))",
    ],
)
def test_cpp_exceptions_are_named_with_the_flag_that_avoids_them(rest: str) -> None:
    before, after = (rest, "") if "import" in rest else ("", rest)
    module = f"""(module {before} (memory (export "memory") 2) {after}
      (func (export "on_event") (param i32 i32)))"""
    with pytest.raises(ExceptionsUsed, match="-fno-exceptions"):
        look(module)


def test_zig_is_told_from_c(guest: Guest) -> None:
    assert look(guest("languages/zig")).toolchain == "zig"
    assert look(guest("c/probe")).toolchain == "c"

"""Tells which compiler made a module, by the traces that compilers leave in it.

The answer decides one thing that matters (whether the host may place its own arena in the guest's
memory, which corrupts heaps that assume to own all of it) and words for people otherwise. A module
can lie about it; then it corrupts its own memory and nothing else.
"""

from collections.abc import Mapping, Sequence

from sandbox_child.wasm.cursor import Cursor
from sandbox_child.wasm.errors import ModuleError
from sandbox_child.wasm.facts import Export, FuncType, Import, Toolchain

Producers = Mapping[str, tuple[tuple[str, str], ...]]

_MOST_FIELDS = 8
_MOST_VALUES = 64
_LONGEST_NAME = 256

_BY_LANGUAGE = {"go": Toolchain.GO, "rust": Toolchain.RUST, "zig": Toolchain.ZIG}
_BY_TOOL = {
    "tinygo": Toolchain.TINYGO,
    "go": Toolchain.GO,
    "rustc": Toolchain.RUST,
    "zig": Toolchain.ZIG,
    "clang": Toolchain.C,
}
_EMSCRIPTEN = ("emscripten_", "_emscripten_")
_ABORT = FuncType(("i32",) * 4, ())


def read_producers(payload: bytes) -> Producers:
    """Read a ``producers`` section; an unreadable one counts as absent.

    A custom section never makes a module invalid, so a damaged one is no reason to refuse it.
    Source: the tool conventions of WebAssembly, "Producers Section".
    """
    cursor = Cursor(payload, base=0, where="producers section")
    try:
        fields = {}
        for _ in range(cursor.count("fields", _MOST_FIELDS)):
            name = cursor.name("a field name", _LONGEST_NAME)
            fields[name] = _read_pairs(cursor)
        cursor.finish()
    except ModuleError:
        return {}
    return fields


def _read_pairs(cursor: Cursor) -> tuple[tuple[str, str], ...]:
    return tuple(
        [
            (cursor.name("a tool", _LONGEST_NAME), cursor.name("a version", _LONGEST_NAME))
            for _ in range(cursor.count("values", _MOST_VALUES))
        ]
    )


def guess_toolchain(
    producers: Producers,
    custom_sections: Sequence[str],
    imports: Sequence[Import],
    exports: Sequence[Export],
) -> Toolchain:
    """Name the compiler, the surest traces first."""
    if "go:buildid" in custom_sections:
        return Toolchain.GO
    if any(imported.module == "gojs" for imported in imports):
        return Toolchain.TINYGO
    names = [i.name for i in imports] + [e.name for e in exports]
    if any(name.startswith(_EMSCRIPTEN) for name in names):
        return Toolchain.EMSCRIPTEN
    if _looks_like_assemblyscript(imports, exports):
        return Toolchain.ASSEMBLYSCRIPT
    return _by_producers(producers)


def _looks_like_assemblyscript(imports: Sequence[Import], exports: Sequence[Export]) -> bool:
    if any(export.name == "__rtti_base" for export in exports):
        return True
    return any((i.module, i.name, i.type) == ("env", "abort", _ABORT) for i in imports)


def _by_producers(producers: Producers) -> Toolchain:
    # Rust and TinyGo link C objects too, so C is the last guess.
    tools = [name.casefold().split(" ")[0] for name, _ in producers.get("processed-by", ())]
    if "tinygo" in tools:
        return Toolchain.TINYGO
    languages = [name.casefold() for name, _ in producers.get("language", ())]
    for language, toolchain in _BY_LANGUAGE.items():
        if language in languages:
            return toolchain
    for tool, toolchain in _BY_TOOL.items():
        if tool in tools:
            return toolchain
    if any(name.startswith("c") for name in languages):
        # Clang names itself; Zig's compiler says that its own code is C, and no tool.
        return Toolchain.C if tools else Toolchain.ZIG
    return Toolchain.UNKNOWN

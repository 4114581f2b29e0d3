"""Decides from a module's structure whether the ``ohd`` contract can be run on it, and how."""

from sandbox_child.abi.errors import (
    AllocatorMissing,
    ExportMissing,
    ManifestMissing,
    WrongSignature,
)
from sandbox_child.abi.ohd.signatures import IMPORTS
from sandbox_child.abi.signatures import GOJS
from sandbox_child.abi.structure import Needs, check_imports, check_memory, describe, find_start
from sandbox_child.wasm.facts import FuncType, ModuleFacts, Toolchain
from sandbox_child.wire.entry import (
    AllocatorKind,
    Entry,
    ModuleReport,
    PanelShape,
)

_I = "i32"
_NOTHING = FuncType((), ())
_ON_EVENT = FuncType((_I, _I), ())
_ALLOCATORS: tuple[tuple[AllocatorKind, FuncType, str, FuncType], ...] = (
    ("ohd_alloc", FuncType((_I,), (_I,)), "ohd_free", FuncType((_I, _I), ())),
    ("malloc", FuncType((_I,), (_I,)), "free", FuncType((_I,), ())),
    ("cabi_realloc", FuncType((_I,) * 4, (_I,)), "", _NOTHING),
    ("__new", FuncType((_I, _I), (_I,)), "__unpin", FuncType((_I,), ())),
)
_PANELS: dict[FuncType, PanelShape] = {
    FuncType((_I, _I), (_I, _I)): "multi_value",
    FuncType((_I, _I, _I), ()): "struct_return",
    FuncType((_I, _I), ("i64",)): "packed_i64",
}
_OWNS_ALL_MEMORY = {
    Toolchain.GO: "export a pair of functions with //go:wasmexport ohd_alloc and "
    "//go:wasmexport ohd_free",
    Toolchain.TINYGO: "build with -target wasip1, or export ohd_alloc and ohd_free",
    Toolchain.EMSCRIPTEN: "link with -sEXPORTED_FUNCTIONS=_malloc,_free",
    Toolchain.ASSEMBLYSCRIPT: "compile with --exportRuntime",
}


def examine(facts: ModuleFacts, needs: Needs) -> ModuleReport:
    """Return how ``facts`` can be run; raise AbiRefused where it cannot."""
    if not needs.manifest:
        raise ManifestMissing
    warnings: list[str] = []
    check_imports(facts, IMPORTS)
    check_memory(facts)
    allocator, has_free = _find_allocator(facts, warnings)
    entry = Entry(
        contract="ohd",
        allocator=allocator,
        has_free=has_free,
        start=find_start(facts, ("_initialize", "_start")),
        on_event=_check_on_event(facts, needs, warnings),
        panel=_find_panel(facts, needs, warnings),
    )
    return describe(facts, entry, warnings)


def _check_on_event(facts: ModuleFacts, needs: Needs, warnings: list[str]) -> bool:
    found = facts.exported_function("on_event")
    if found is None:
        if needs.events:
            raise ExportMissing("on_event", "because the manifest subscribes to events")
        return False
    if found != _ON_EVENT:
        raise WrongSignature("the export on_event", str(found), str(_ON_EVENT))
    if not needs.events:
        warnings.append("on_event is exported, but the manifest subscribes to no event")
    return True


def _find_panel(facts: ModuleFacts, needs: Needs, warnings: list[str]) -> PanelShape:
    found = facts.exported_function("render_panel")
    if found is None:
        if needs.panel:
            raise ExportMissing("render_panel", "because the manifest declares a ui_panel")
        return "none"
    shape = _PANELS.get(found)
    if shape is None:
        expected = ", or ".join(str(known) for known in _PANELS)
        raise WrongSignature("the export render_panel", str(found), expected)
    if not needs.panel:
        warnings.append("render_panel is exported, but the manifest declares no ui_panel")
    return shape


def _find_allocator(facts: ModuleFacts, warnings: list[str]) -> tuple[AllocatorKind, bool]:
    for name, type_, free_name, free_type in _ALLOCATORS:
        found = facts.exported_function(name)
        if found is None:
            continue
        if found != type_:
            warnings.append(f"the export {name} has the type {found}, not {type_}; not used")
            continue
        if name == "__new" and facts.exported_function("__pin") != FuncType((_I,), (_I,)):
            warnings.append("__new is exported without __pin; not used")
            continue
        has_free = facts.exported_function(free_name) == free_type
        return name, has_free
    fix = _OWNS_ALL_MEMORY.get(facts.toolchain)
    # Where TinyGo's runtime is JavaScript's it always exports malloc: such imports and none of it
    # are a module made by hand.
    by_hand = any(wanted.module == GOJS for wanted in facts.imports)
    if fix is not None and not by_hand:
        raise AllocatorMissing(facts.toolchain.value, fix)
    warnings.append("no allocator is exported; the host places data behind the module's own memory")
    return "arena", False

"""Decides from a module's structure whether the ``ohd`` contract can be run on it, and how.

Pure: no engine, no I/O. What is refused here is refused at install, with the reason.
"""

from dataclasses import dataclass

from sandbox_child.abi.errors import (
    AllocatorMissing,
    ExceptionsUsed,
    ExportMissing,
    UnknownImports,
    WrongSignature,
)
from sandbox_child.abi.signatures import GOJS, KNOWN_IMPORTS, fits, is_javascript_bridge
from sandbox_child.wasm.facts import ExternKind, FuncType, ModuleFacts, Toolchain
from sandbox_child.wire.entry import (
    AllocatorKind,
    Entry,
    ExportLine,
    ImportLine,
    ModuleReport,
    PanelShape,
    StartKind,
)

_I = "i32"
_NUMBERS = frozenset({"i32", "i64", "f32", "f64"})
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
_CPP_EXCEPTIONS = (
    "env.__cxa_",
    "env.__resumeException",
    "env.llvm_eh_typeid_for",
    "env.invoke_",
    "env._Unwind_",
)
"""What Emscripten imports for exceptions that JavaScript throws and catches."""
_OWNS_ALL_MEMORY = {
    Toolchain.GO: "export a pair of functions with //go:wasmexport ohd_alloc and "
    "//go:wasmexport ohd_free",
    Toolchain.TINYGO: "build with -target wasip1, or export ohd_alloc and ohd_free",
    Toolchain.EMSCRIPTEN: "link with -sEXPORTED_FUNCTIONS=_malloc,_free",
    Toolchain.ASSEMBLYSCRIPT: "compile with --exportRuntime",
}


@dataclass(frozen=True, slots=True)
class Needs:
    """What the manifest makes necessary."""

    events: bool
    panel: bool


def examine(facts: ModuleFacts, needs: Needs) -> ModuleReport:
    """Return how ``facts`` can be run; raise AbiRefused where it cannot."""
    warnings: list[str] = []
    _check_imports(facts)
    if (memory := facts.export("memory")) is None or memory.kind is not ExternKind.MEMORY:
        raise ExportMissing("memory", "by every plugin, to exchange data with the host")
    allocator, has_free = _find_allocator(facts, warnings)
    entry = Entry(
        allocator=allocator,
        has_free=has_free,
        start=_find_start(facts),
        on_event=_check_on_event(facts, needs, warnings),
        panel=_find_panel(facts, needs, warnings),
    )
    limits = facts.memory
    return ModuleReport(
        entry=entry,
        imports=tuple(ImportLine(i.module, i.name, str(i.type)) for i in facts.imports),
        exports=tuple(ExportLine(e.name, e.kind.value, str(e.type)) for e in facts.exports),
        toolchain=facts.toolchain.value,
        start_section=facts.start_function is not None,
        functions=facts.functions,
        memory_min_pages=limits.minimum if limits else 0,
        memory_max_pages=limits.maximum if limits else None,
        custom_sections=facts.custom_sections,
        warnings=tuple(warnings),
        table_min=max((table.minimum for table in facts.tables), default=0),
    )


def _check_imports(facts: ModuleFacts) -> None:
    unknown = []
    for wanted in facts.imports:
        if wanted.kind is ExternKind.FUNC and is_javascript_bridge(wanted.module, wanted.name):
            _check_bridge(wanted.name, wanted.type)
            continue
        if wanted.kind is ExternKind.TAG:
            raise ExceptionsUsed
        known = KNOWN_IMPORTS.get((wanted.module, wanted.name))
        if known is None:
            unknown.append(f"{wanted.module}.{wanted.name}")
        elif not fits(wanted.module, wanted.name, wanted.type):
            raise WrongSignature(
                f"the import {wanted.module}.{wanted.name}", str(wanted.type), str(known)
            )
    if any(name.startswith(_CPP_EXCEPTIONS) for name in unknown) or facts.tags:
        raise ExceptionsUsed
    if unknown:
        raise UnknownImports(unknown)


def _check_bridge(name: str, found: object) -> None:
    if (
        not isinstance(found, FuncType)
        or len(found.results) > 1
        or not _NUMBERS.issuperset(found.params + found.results)
    ):
        raise WrongSignature(
            f"the import {GOJS}.{name}", str(found), "numbers, and one result at most"
        )


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


def _find_start(facts: ModuleFacts) -> StartKind:
    names: tuple[StartKind, ...] = ("_initialize", "_start")
    for name in names:
        found = facts.exported_function(name)
        if found is None:
            continue
        if found != _NOTHING:
            raise WrongSignature(f"the export {name}", str(found), str(_NOTHING))
        return name
    return "none"


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

"""Checks of a module's structure that every contract makes.

Pure: no engine, no I/O. What is refused here is refused at install, with the reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox_child.abi.errors import (
    ExceptionsUsed,
    ExportMissing,
    UnknownImports,
    WrongSignature,
)
from sandbox_child.abi.signatures import (
    GOJS,
    RUNTIME_IMPORTS,
    ImportTable,
    fits,
    is_javascript_bridge,
)
from sandbox_child.wasm.facts import ExternKind, FuncType, ModuleFacts
from sandbox_child.wire.entry import Entry, ExportLine, ImportLine, ModuleReport, StartKind

_NUMBERS = frozenset({"i32", "i64", "f32", "f64"})
_NOTHING = FuncType((), ())
_CPP_EXCEPTIONS = (
    "env.__cxa_",
    "env.__resumeException",
    "env.llvm_eh_typeid_for",
    "env.invoke_",
    "env._Unwind_",
)
"""What Emscripten imports for exceptions that JavaScript throws and catches."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What is known of a plugin before its module is examined."""

    events: bool
    """Whether its manifest subscribes to events."""
    panel: bool
    """Whether its manifest declares a panel."""
    manifest: bool = True
    """Whether the module has a manifest section."""


def check_imports(facts: ModuleFacts, own: ImportTable) -> None:
    """Raise AbiRefused unless all imports are the contract's ``own`` or a compiler's runtime's."""
    known_imports = {**RUNTIME_IMPORTS, **own}
    unknown = []
    for wanted in facts.imports:
        if wanted.kind is ExternKind.FUNC and is_javascript_bridge(wanted.module, wanted.name):
            _check_bridge(wanted.name, wanted.type)
            continue
        if wanted.kind is ExternKind.TAG:
            raise ExceptionsUsed
        known = known_imports.get((wanted.module, wanted.name))
        if known is None:
            unknown.append(f"{wanted.module}.{wanted.name}")
        elif not fits(wanted.module, wanted.name, wanted.type, known):
            raise WrongSignature(
                f"the import {wanted.module}.{wanted.name}", str(wanted.type), str(known)
            )
    if any(name.startswith(_CPP_EXCEPTIONS) for name in unknown) or facts.tags:
        raise ExceptionsUsed
    if unknown:
        raise UnknownImports(unknown, sorted({module for module, _ in own}))


def _check_bridge(name: str, found: object) -> None:
    if (
        not isinstance(found, FuncType)
        or len(found.results) > 1
        or not _NUMBERS.issuperset(found.params + found.results)
    ):
        raise WrongSignature(
            f"the import {GOJS}.{name}", str(found), "numbers, and one result at most"
        )


def check_memory(facts: ModuleFacts) -> None:
    """Raise ExportMissing for a module whose memory the host cannot reach."""
    if (memory := facts.export("memory")) is None or memory.kind is not ExternKind.MEMORY:
        raise ExportMissing("memory", "by every plugin, to exchange data with the host")


def find_start(facts: ModuleFacts, names: tuple[StartKind, ...]) -> StartKind:
    """Return the first export of ``names``, which runs once; raises WrongSignature."""
    for name in names:
        found = facts.exported_function(name)
        if found is None:
            continue
        if found != _NOTHING:
            raise WrongSignature(f"the export {name}", str(found), str(_NOTHING))
        return name
    return "none"


def describe(facts: ModuleFacts, entry: Entry, warnings: Sequence[str]) -> ModuleReport:
    """Return the report of a module that a contract accepts."""
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

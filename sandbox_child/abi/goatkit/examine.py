"""Decides from a module's structure whether the GoatKit contract can be run on it.

What the plugin offers is not in its structure: it says so when ``gk_register`` is called.
"""

from sandbox_child.abi.errors import ExportMissing, WrongSignature
from sandbox_child.abi.goatkit.signatures import CALL, FREE, IMPORTS, MALLOC, REGISTER
from sandbox_child.abi.structure import check_imports, check_memory, describe, find_start
from sandbox_child.wasm.facts import FuncType, ModuleFacts
from sandbox_child.wire.entry import Entry, ModuleReport

_REQUIRED = {"gk_register": REGISTER, "gk_call": CALL, "gk_malloc": MALLOC}


def examine(facts: ModuleFacts) -> ModuleReport:
    """Return how ``facts`` can be run; raise AbiRefused where it cannot."""
    check_imports(facts, IMPORTS)
    check_memory(facts)
    for name, type_ in _REQUIRED.items():
        _check_export(facts, name, type_)
    warnings: list[str] = []
    entry = Entry(
        contract="goatkit",
        allocator="gk_malloc",
        has_free=_has_free(facts, warnings),
        # A command first: the platform runs _start, and knows no reactors.
        start=find_start(facts, ("_start", "_initialize")),
        on_event=False,
        panel="none",
    )
    return describe(facts, entry, warnings)


def _check_export(facts: ModuleFacts, name: str, expected: FuncType) -> None:
    found = facts.exported_function(name)
    if found is None:
        raise ExportMissing(name, "by every GoatKit plugin")
    if found != expected:
        raise WrongSignature(f"the export {name}", str(found), str(expected))


def _has_free(facts: ModuleFacts, warnings: list[str]) -> bool:
    found = facts.exported_function("gk_free")
    if found is None or found == FREE:
        # Most plugins leave it empty: their collector frees. Three calls into the guest are saved.
        return found is not None and "gk_free" not in facts.does_nothing
    warnings.append(f"the export gk_free has the type {found}, not {FREE}; not used")
    return False

"""Why a module that is well formed still cannot be a plugin here.

::

    AbiRefused
    ├── UnknownImports      imports that no host function stands behind
    ├── ExceptionsUsed      C++ exceptions
    ├── TwoContracts        exports of both contracts
    ├── ManifestMissing     no manifest, and no registration either
    ├── ExportMissing       an export that the manifest makes necessary
    ├── WrongSignature      an import or export whose type is not the contract's
    └── AllocatorMissing    a heap that owns all memory, and no exported way into it
"""

from collections.abc import Sequence

from sandbox_child.wasm.caps import MANIFEST_SECTION
from sandbox_child.wasm.errors import SectionMissing


class AbiRefused(Exception):
    """Base; the message is one sentence for the plugin's author."""


class UnknownImports(AbiRefused):
    """Imports that this host does not have."""

    def __init__(self, names: Sequence[str], own: Sequence[str]) -> None:
        """``own``: the modules whose functions are the contract's."""
        super().__init__(
            f"the module imports what this host does not have: {', '.join(names)}; "
            f"a plugin may import the {' and '.join(own)} functions, WASI preview 1, TinyGo's gojs,"
            " and of env what AssemblyScript and Emscripten's growing memory need"
        )


class ExceptionsUsed(AbiRefused):
    """C++ exceptions, or the instructions that they are compiled to."""

    def __init__(self) -> None:
        super().__init__(
            "the module throws exceptions, which plugins cannot; build it with -fno-exceptions"
        )


class TwoContracts(AbiRefused):
    """Exports of both contracts."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"the module exports the entry points of two contracts: {', '.join(names)}; a plugin "
            "has one: export on_event and render_panel, or gk_register and gk_call"
        )


class ManifestMissing(AbiRefused):
    """Neither a manifest section, nor the exports of a plugin that registers itself."""

    def __init__(self) -> None:
        super().__init__(str(SectionMissing(MANIFEST_SECTION)))


class ExportMissing(AbiRefused):
    """Something must be exported and is not."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"the module does not export {name!r}, which is needed {why}")


class WrongSignature(AbiRefused):
    """A type differs from the contract."""

    def __init__(self, what: str, found: str, expected: str) -> None:
        super().__init__(f"{what} has the type {found}; expected {expected}")


class AllocatorMissing(AbiRefused):
    """The host has no way to write into this module's memory."""

    def __init__(self, toolchain: str, fix: str) -> None:
        super().__init__(
            f"a {toolchain} module owns all of its memory, so it has to export an allocator; "
            f"fix: {fix}"
        )

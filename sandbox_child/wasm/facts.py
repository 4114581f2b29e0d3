"""Facts about a module from the reader: plain frozen values, without bytes of the module.

They live apart from the reader so that whoever decides by them (installation, the command line,
tests) depends on these shapes alone.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass

PAGE_SIZE = 64 * 1024


class ExternKind(enum.StrEnum):
    """Kinds of imports and exports."""

    FUNC = "func"
    TABLE = "table"
    MEMORY = "memory"
    GLOBAL = "global"
    TAG = "tag"


class Toolchain(enum.StrEnum):
    """The compiler that made a module, as far as its traces tell."""

    GO = "go"
    TINYGO = "tinygo"
    RUST = "rust"
    ZIG = "zig"
    C = "c"
    EMSCRIPTEN = "emscripten"
    ASSEMBLYSCRIPT = "assemblyscript"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class FuncType:
    """A function's signature, in value types such as ``i32``; also the type of a tag."""

    params: tuple[str, ...]
    results: tuple[str, ...]

    def __str__(self) -> str:
        return f"({', '.join(self.params)}) -> ({', '.join(self.results)})"


@dataclass(frozen=True, slots=True)
class TableType:
    """A table; sizes are in elements."""

    element: str
    minimum: int
    maximum: int | None

    def __str__(self) -> str:
        return f"{self.element} table of {_range(self.minimum, self.maximum)}"


@dataclass(frozen=True, slots=True)
class MemoryType:
    """A linear memory; sizes are in pages of 64 KiB."""

    minimum: int
    maximum: int | None

    def __str__(self) -> str:
        return f"memory of {_range(self.minimum, self.maximum)} pages"


@dataclass(frozen=True, slots=True)
class GlobalType:
    """A global variable or constant."""

    value: str
    mutable: bool

    def __str__(self) -> str:
        return f"{'mutable' if self.mutable else 'constant'} {self.value}"


ExternType = FuncType | TableType | MemoryType | GlobalType


@dataclass(frozen=True, slots=True)
class Import:
    """One thing that a module wants from its host."""

    module: str
    name: str
    kind: ExternKind
    type: ExternType


@dataclass(frozen=True, slots=True)
class Export:
    """One thing that a module offers to its host."""

    name: str
    kind: ExternKind
    type: ExternType


@dataclass(frozen=True, slots=True)
class ModuleFacts:
    """Everything that the host decides by; counts are of what the module defines itself."""

    size: int
    """Bytes of the whole file."""
    imports: tuple[Import, ...]
    exports: tuple[Export, ...]
    memories: tuple[MemoryType, ...]
    """Imported ones first; at most one in all."""
    tables: tuple[TableType, ...]
    """Imported ones first."""
    types: int
    functions: int
    globals: int
    tags: int
    elements: int
    data: int
    start_function: int | None
    """Index of the start section's function, None without one."""
    does_nothing: frozenset[str]
    """Of the exported functions whose code is looked at, those that have none."""
    custom_sections: tuple[str, ...]
    """Names in file order, doubles included."""
    producers: Mapping[str, tuple[tuple[str, str], ...]]
    """Field of the ``producers`` section (``language``, ``processed-by``, ``sdk``) to its
    (name, version) pairs; empty where the section is absent or unreadable."""
    toolchain: Toolchain

    @property
    def memory(self) -> MemoryType | None:
        """The one memory, or None."""
        return self.memories[0] if self.memories else None

    @property
    def has_go_buildid(self) -> bool:
        """Whether standard Go's linker left its mark."""
        return "go:buildid" in self.custom_sections

    def export(self, name: str) -> Export | None:
        """Return the export called ``name``, or None."""
        return next((export for export in self.exports if export.name == name), None)

    def exported_function(self, name: str) -> FuncType | None:
        """Return the signature of the exported function ``name``, or None."""
        export = self.export(name)
        return export.type if export and isinstance(export.type, FuncType) else None


def _range(minimum: int, maximum: int | None) -> str:
    return f"{minimum} or more" if maximum is None else f"{minimum} to {maximum}"

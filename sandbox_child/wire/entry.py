"""Entry points of a module, derived from its structure once, at installation.

Written by a compile child, kept by the supervisor with the plugin, and handed to every child that
runs it. Plain values, so that each side can read the other's.
"""

from dataclasses import dataclass
from typing import Literal

Contract = Literal["ohd", "goatkit", "goatkit-native"]
AllocatorKind = Literal[
    "ohd_alloc", "malloc", "cabi_realloc", "__new", "arena", "gk_malloc", "none"
]
StartKind = Literal["_initialize", "_start", "none"]
PanelShape = Literal["multi_value", "struct_return", "packed_i64", "none"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Names of the doors that the host goes in by."""

    allocator: AllocatorKind
    """The export that gives memory; ``arena``: the host grows the memory itself; ``none``: it is no
    module."""
    has_free: bool
    """Whether the allocator's counterpart is exported too."""
    start: StartKind
    on_event: bool
    panel: PanelShape
    contract: Contract = "ohd"
    """By what a plugin's exports belong to; reports of older releases leave it out."""


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One import, as the review page shows it."""

    module: str
    name: str
    type: str


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One export, as the review page shows it."""

    name: str
    kind: str
    type: str


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """Facts about a native plugin's program, pinned when it is installed."""

    sha256: str
    size: int


NATIVE_ENTRY = Entry(
    allocator="none",
    has_free=False,
    start="none",
    on_event=False,
    panel="none",
    contract="goatkit-native",
)
"""Of a native plugin, which is entered by none of a module's doors."""


@dataclass(frozen=True, slots=True)
class ModuleReport:
    """Report of a compile child on a module that it accepted."""

    entry: Entry
    imports: tuple[ImportLine, ...]
    exports: tuple[ExportLine, ...]
    toolchain: str
    start_section: bool
    functions: int
    memory_min_pages: int
    memory_max_pages: int | None
    custom_sections: tuple[str, ...]
    warnings: tuple[str, ...]
    table_min: int = 0
    """Elements of the largest table at the start."""
    package_manifest: str = ""
    """JSON of the package that the module came in; empty for a bare module."""
    package_signature: str = ""
    """What the package says of its signature, as it is written there."""
    module_sha256: str = ""
    """Of the module in the package; empty for a bare module, whose digest the host knows."""
    program: ProgramFacts | None = None
    """Of a native plugin; None for a module."""

"""The five index spaces of a module: what number 7 among its functions, tables, … is.

Imports come first, definitions after them, and exports point into the result. The spaces exist
apart from the reader so that the caps on them hold however an entry got there.
"""

from collections.abc import Callable

from sandbox_child.wasm.caps import Caps
from sandbox_child.wasm.cursor import Cursor
from sandbox_child.wasm.entities import read_global_type, read_memory_type, read_table_type
from sandbox_child.wasm.errors import OverLimit
from sandbox_child.wasm.facts import (
    ExternKind,
    ExternType,
    FuncType,
    MemoryType,
    TableType,
)

_EntryReader = Callable[[Cursor], ExternType]

_KINDS = tuple(ExternKind)
PLURALS = {
    ExternKind.FUNC: "functions",
    ExternKind.TABLE: "tables",
    ExternKind.MEMORY: "memories",
    ExternKind.GLOBAL: "globals",
    ExternKind.TAG: "exception tags",
}


def read_kind(cursor: Cursor) -> ExternKind:
    """Read the kind of an import or export."""
    code = cursor.byte()
    if code >= len(_KINDS):
        raise cursor.broken(f"{code:#04x} is not a kind of import or export")
    return _KINDS[code]


class Spaces:
    """Entries by kind, in index order; ``signatures`` is what the type section said."""

    def __init__(self, caps: Caps, signatures: list[FuncType]) -> None:
        self._signatures = signatures
        self._entries: dict[ExternKind, list[ExternType]] = {kind: [] for kind in ExternKind}
        # Imported functions, globals and tags are bounded by the cap on imports too.
        self._limits = {
            ExternKind.FUNC: caps.functions + caps.imports,
            ExternKind.TABLE: caps.tables,
            ExternKind.MEMORY: caps.memories,
            ExternKind.GLOBAL: caps.globals + caps.imports,
            ExternKind.TAG: caps.tags,
        }
        self._read: dict[ExternKind, _EntryReader] = {
            ExternKind.FUNC: self._signature,
            ExternKind.TABLE: read_table_type,
            ExternKind.MEMORY: read_memory_type,
            ExternKind.GLOBAL: read_global_type,
            ExternKind.TAG: self._tag,
        }

    def add(self, kind: ExternKind, cursor: Cursor) -> ExternType:
        """Read one type of ``kind``, append it to its space and return it."""
        entries = self._entries[kind]
        limit = self._limits[kind]
        if len(entries) >= limit:
            raise OverLimit(PLURALS[kind], len(entries) + 1, limit)
        found = self._read[kind](cursor)
        entries.append(found)
        return found

    def look_up(self, kind: ExternKind, cursor: Cursor) -> tuple[int, ExternType]:
        """Read an index; return it, and the entry of ``kind`` that it points to."""
        index = cursor.u32()
        entries = self._entries[kind]
        if index >= len(entries):
            raise cursor.broken(f"{kind} {index} is named and there are {len(entries)}")
        return index, entries[index]

    def size(self, kind: ExternKind) -> int:
        """Return how many entries of ``kind`` there are, imports included."""
        return len(self._entries[kind])

    @property
    def tables(self) -> tuple[TableType, ...]:
        """All tables in index order."""
        return tuple(t for t in self._entries[ExternKind.TABLE] if isinstance(t, TableType))

    @property
    def memories(self) -> tuple[MemoryType, ...]:
        """All memories in index order."""
        return tuple(m for m in self._entries[ExternKind.MEMORY] if isinstance(m, MemoryType))

    def _signature(self, cursor: Cursor) -> FuncType:
        index = cursor.u32()
        if index >= len(self._signatures):
            raise cursor.broken(f"type {index} is named and there are {len(self._signatures)}")
        return self._signatures[index]

    def _tag(self, cursor: Cursor) -> FuncType:
        if cursor.byte() != 0:
            raise cursor.broken("a tag's attribute is not zero")
        return self._signature(cursor)

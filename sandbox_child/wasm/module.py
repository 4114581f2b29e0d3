"""Reads every fact about a module that the host decides by, and bounds it on the way.

It exists because compiling is dangerous before it is useful: 200,000 empty functions or 12,000
exports are cheap to write and dear to load, and must be refused while they are still only bytes.
It checks structure and counts; whether the code is valid is left to the engine, in a process made
for that. It must not import the engine.
"""

from collections.abc import Callable
from typing import TypeVar

from sandbox_child.wasm.caps import DEFAULT_CAPS, MAX_NAME_BYTES, Caps
from sandbox_child.wasm.cursor import Cursor
from sandbox_child.wasm.entities import (
    read_func_type,
    read_global_type,
    read_memory_type,
    read_table_type,
    skip_constant,
)
from sandbox_child.wasm.errors import Malformed, OverLimit
from sandbox_child.wasm.facts import (
    Export,
    ExternKind,
    ExternType,
    FuncType,
    GlobalType,
    Import,
    MemoryType,
    ModuleFacts,
    TableType,
)
from sandbox_child.wasm.sections import (
    CUSTOM,
    NAMES,
    Bytes,
    Section,
    iter_sections,
    read_custom_name,
)
from sandbox_child.wasm.toolchain import Producers, guess_toolchain, read_producers

T = TypeVar("T")

_KINDS = tuple(ExternKind)
_LONGEST_PRODUCERS = 16 * 1024


def read_module(data: Bytes, caps: Caps = DEFAULT_CAPS) -> ModuleFacts:
    """Return the facts of ``data``; raise ``ModuleError`` where it is broken or over a cap."""
    size = memoryview(data).nbytes
    if size > caps.module_bytes:
        raise OverLimit("bytes", size, caps.module_bytes)
    reader = _ModuleReader(data, caps)
    for section in iter_sections(data):
        reader.read(section)
    return reader.facts(size)


class _ModuleReader:
    """Collects the facts section by section; index spaces grow as the format defines them."""

    def __init__(self, data: Bytes, caps: Caps) -> None:
        self._view = memoryview(data)
        self._caps = caps
        self._types: list[FuncType] = []
        self._funcs: list[FuncType] = []
        self._tables: list[TableType] = []
        self._memories: list[MemoryType] = []
        self._globals: list[GlobalType] = []
        self._tags: list[FuncType] = []
        self._imports: list[Import] = []
        self._exports: list[Export] = []
        self._customs: list[str] = []
        self._producers: Producers = {}
        self._start: int | None = None
        self._defined = dict.fromkeys(("functions", "globals", "tags", "elements", "data"), 0)
        self._bodies = 0
        self._readers: dict[int, Callable[[Cursor], None]] = {
            1: self._read_types,
            2: self._read_imports,
            3: self._read_functions,
            4: self._read_tables,
            5: self._read_memories,
            6: self._read_globals,
            7: self._read_exports,
            8: self._read_start,
            13: self._read_tags,
        }

    def read(self, section: Section) -> None:
        """Take in one section; code, elements and data are counted and stepped over."""
        if section.id == CUSTOM:
            self._read_custom(section)
        elif section.id in self._readers:
            cursor = self._cursor(section, section.end)
            self._readers[section.id](cursor)
            cursor.finish()
        else:
            self._count_only(section)

    def facts(self, size: int) -> ModuleFacts:
        """Return what was collected, once every section has been read."""
        if self._bodies != self._defined["functions"]:
            raise Malformed(
                size,
                f"{self._defined['functions']} functions are declared "
                f"and {self._bodies} have a body",
            )
        return ModuleFacts(
            size=size,
            imports=tuple(self._imports),
            exports=tuple(self._exports),
            memories=tuple(self._memories),
            tables=tuple(self._tables),
            types=len(self._types),
            start_function=self._start,
            custom_sections=tuple(self._customs),
            producers=self._producers,
            toolchain=guess_toolchain(
                self._producers, self._customs, self._imports, self._exports
            ),
            **self._defined,
        )

    def _cursor(self, section: Section, end: int) -> Cursor:
        body = bytes(self._view[section.body : end])
        return Cursor(body, base=section.body, where=NAMES[section.id])

    def _count_only(self, section: Section) -> None:
        cursor = self._cursor(section, min(section.end, section.body + 5))
        number = cursor.u32()
        what, limit = {
            9: ("element segments", self._caps.elements),
            10: ("function bodies", self._caps.functions),
            11: ("data segments", self._caps.data),
            12: ("data segments", self._caps.data),
        }[section.id]
        if number > limit:
            raise OverLimit(what, number, limit)
        if section.id == 9:
            self._defined["elements"] = number
        elif section.id == 10:
            self._bodies = number
        elif section.id == 11:
            self._defined["data"] = number

    def _read_custom(self, section: Section) -> None:
        custom = read_custom_name(self._view, section)
        self._customs.append(custom.name)
        length = section.end - custom.payload_start
        if custom.name == "producers" and length <= _LONGEST_PRODUCERS:
            payload = bytes(self._view[custom.payload_start : section.end])
            self._producers = read_producers(payload)

    def _read_types(self, cursor: Cursor) -> None:
        budget = self._caps.all_signature_values
        used = 0
        for _ in range(cursor.count("types", self._caps.types)):
            signature = read_func_type(cursor, self._caps.signature_values)
            used += len(signature.params) + len(signature.results)
            if used > budget:
                raise OverLimit("parameters and results in its types", used, budget)
            self._types.append(signature)

    def _read_imports(self, cursor: Cursor) -> None:
        for _ in range(cursor.count("imports", self._caps.imports)):
            module = cursor.name("the module name of an import", MAX_NAME_BYTES)
            name = cursor.name("the name of an import", MAX_NAME_BYTES)
            kind = self._kind(cursor)
            found = self._read_import_type(cursor, kind)
            self._imports.append(Import(module, name, kind, found))

    def _read_import_type(self, cursor: Cursor, kind: ExternKind) -> ExternType:
        if kind is ExternKind.FUNC:
            return _kept(self._funcs, self._signature(cursor))
        if kind is ExternKind.TABLE:
            return self._add_table(cursor)
        if kind is ExternKind.MEMORY:
            return self._add_memory(cursor)
        if kind is ExternKind.GLOBAL:
            return _kept(self._globals, read_global_type(cursor))
        return self._add_tag(cursor)

    def _read_functions(self, cursor: Cursor) -> None:
        number = cursor.count("functions", self._caps.functions)
        self._defined["functions"] = number
        self._funcs.extend([self._signature(cursor) for _ in range(number)])

    def _read_tables(self, cursor: Cursor) -> None:
        for _ in range(cursor.count("tables", self._caps.tables)):
            self._add_table(cursor)

    def _read_memories(self, cursor: Cursor) -> None:
        for _ in range(cursor.count("memories", self._caps.memories)):
            self._add_memory(cursor)

    def _read_tags(self, cursor: Cursor) -> None:
        self._defined["tags"] = cursor.count("exception tags", self._caps.tags)
        for _ in range(self._defined["tags"]):
            self._add_tag(cursor)

    def _read_globals(self, cursor: Cursor) -> None:
        budget = self._caps.constant_instructions
        used = 0
        self._defined["globals"] = cursor.count("globals", self._caps.globals)
        for _ in range(self._defined["globals"]):
            self._globals.append(read_global_type(cursor))
            used += skip_constant(cursor, budget - used)
            if used > budget:
                raise OverLimit("instructions in its globals' initial values", used, budget)

    def _read_exports(self, cursor: Cursor) -> None:
        seen: set[str] = set()
        for _ in range(cursor.count("exports", self._caps.exports)):
            name = cursor.name("the name of an export", MAX_NAME_BYTES)
            if name in seen:
                raise cursor.broken(f"the export {name!r} is doubled")
            seen.add(name)
            kind = self._kind(cursor)
            space: dict[ExternKind, list[ExternType]] = {
                ExternKind.FUNC: self._funcs,  # type: ignore[dict-item]
            }
            self._exports.append(Export(name, kind, self._at(cursor, space[kind], str(kind))))

    def _read_start(self, cursor: Cursor) -> None:
        index = cursor.u32()
        if index >= len(self._funcs):
            raise cursor.broken(f"function {index} does not exist")
        self._start = index

    def _kind(self, cursor: Cursor) -> ExternKind:
        code = cursor.byte()
        if code >= len(_KINDS):
            raise cursor.broken(f"{code:#04x} is not a kind of import or export")
        return _KINDS[code]

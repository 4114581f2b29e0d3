"""Reads every fact about a module that the host decides by, and bounds it on the way.

It exists because compiling is dangerous before it is useful: 200,000 empty functions or 12,000
exports are cheap to write and dear to load, and must be refused while they are still only bytes.
It checks structure and counts; whether the code is valid is left to the engine, in a process made
for that. It must not import the engine.
"""

from collections.abc import Callable

from sandbox_child.wasm.caps import DEFAULT_CAPS, MAX_NAME_BYTES, Caps
from sandbox_child.wasm.cursor import Cursor
from sandbox_child.wasm.entities import read_func_type, skip_constant
from sandbox_child.wasm.errors import Malformed, OverLimit
from sandbox_child.wasm.facts import Export, ExternKind, FuncType, Import, ModuleFacts
from sandbox_child.wasm.sections import (
    CUSTOM,
    NAMES,
    Bytes,
    Section,
    iter_sections,
    read_custom_name,
)
from sandbox_child.wasm.spaces import PLURALS, Spaces, read_kind
from sandbox_child.wasm.toolchain import Producers, guess_toolchain, read_producers

_ELEMENTS, _CODE, _DATA, _DATA_COUNT = 9, 10, 11, 12
_LONGEST_PRODUCERS = 16 * 1024
_ASKED_ABOUT = ("gk_free",)
"""Exported functions whose code is looked at."""
_NOTHING = b"\0\x0b"
"""A body without a local, and with no instruction but its end."""

_SectionReader = Callable[[Cursor], int]


def read_module(data: Bytes, caps: Caps = DEFAULT_CAPS) -> ModuleFacts:
    """Return the facts of ``data``; raise ``ModuleError`` where it is broken or over a cap."""
    size = memoryview(data).nbytes
    if size > caps.module_bytes:
        raise OverLimit("bytes", size, caps.module_bytes)
    reader = _ModuleReader(data, caps)
    for section in iter_sections(data):
        reader.read(section)
    return reader.facts()


class _ModuleReader:
    """Collects the facts section by section, in the order of the file."""

    def __init__(self, data: Bytes, caps: Caps) -> None:
        self._view = memoryview(data)
        self._caps = caps
        self._types: list[FuncType] = []
        self._spaces = Spaces(caps, self._types)
        self._imports: list[Import] = []
        self._exports: list[Export] = []
        self._customs: list[str] = []
        self._producers: Producers = {}
        self._start: int | None = None
        self._counts = dict.fromkeys(NAMES, 0)
        self._exported: dict[str, int] = {}
        """Functions by their names outside."""
        self._code: Section | None = None
        self._readers: dict[int, _SectionReader] = {
            1: self._read_types,
            2: self._read_imports,
            3: lambda cursor: self._read_entries(cursor, ExternKind.FUNC, caps.functions),
            4: lambda cursor: self._read_entries(cursor, ExternKind.TABLE, caps.tables),
            5: lambda cursor: self._read_entries(cursor, ExternKind.MEMORY, caps.memories),
            6: self._read_globals,
            7: self._read_exports,
            8: self._read_start,
            13: lambda cursor: self._read_entries(cursor, ExternKind.TAG, caps.tags),
        }
        # Stepped over, not walked: only the number at their start is read.
        self._counted = {
            _ELEMENTS: ("element segments", caps.elements),
            _CODE: ("function bodies", caps.functions),
            _DATA: ("data segments", caps.data),
            _DATA_COUNT: ("data segments", caps.data),
        }

    def read(self, section: Section) -> None:
        """Take in one section."""
        if section.id == CUSTOM:
            self._read_custom(section)
        elif section.id in self._counted:
            self._count(section)
            if section.id == _CODE:
                self._code = section
        else:
            cursor = self._cursor(section, section.end)
            self._counts[section.id] = self._readers[section.id](cursor)
            cursor.finish()

    def facts(self) -> ModuleFacts:
        """Return what was collected, once every section has been read."""
        declared, bodies = self._counts[3], self._counts[_CODE]
        if bodies != declared:
            problem = f"{declared} functions are declared and {bodies} have a body"
            raise Malformed(len(self._view), problem)
        return ModuleFacts(
            size=len(self._view),
            imports=tuple(self._imports),
            exports=tuple(self._exports),
            memories=self._spaces.memories,
            tables=self._spaces.tables,
            types=len(self._types),
            functions=declared,
            globals=self._counts[6],
            tags=self._counts[13],
            elements=self._counts[_ELEMENTS],
            data=self._counts[_DATA],
            start_function=self._start,
            does_nothing=frozenset(filter(self._is_empty, _ASKED_ABOUT)),
            custom_sections=tuple(self._customs),
            producers=self._producers,
            toolchain=guess_toolchain(self._producers, self._customs, self._imports, self._exports),
        )

    def _is_empty(self, name: str) -> bool:
        """Tell whether an exported function has no local and no instruction."""
        if name not in self._exported or self._code is None:
            return False
        imported = sum(each.kind is ExternKind.FUNC for each in self._imports)
        index = self._exported[name] - imported
        if index < 0:
            return False
        cursor = self._cursor(self._code, self._code.end)
        try:
            cursor.u32()
            for _ in range(index):
                cursor.skip(cursor.u32())
            return cursor.take(cursor.u32()) == _NOTHING
        except Malformed:
            return False  # the engine says what is wrong with it

    def _cursor(self, section: Section, end: int) -> Cursor:
        body = bytes(self._view[section.body : end])
        return Cursor(body, base=section.body, where=NAMES[section.id])

    def _count(self, section: Section) -> None:
        cursor = self._cursor(section, min(section.end, section.body + 5))
        number = cursor.u32()
        what, limit = self._counted[section.id]
        if number > limit:
            raise OverLimit(what, number, limit)
        self._counts[section.id] = number

    def _read_custom(self, section: Section) -> None:
        custom = read_custom_name(self._view, section)
        self._customs.append(custom.name)
        length = section.end - custom.payload_start
        if custom.name == "producers" and length <= _LONGEST_PRODUCERS:
            self._producers = read_producers(bytes(self._view[custom.payload_start : section.end]))

    def _read_types(self, cursor: Cursor) -> int:
        budget = self._caps.all_signature_values
        used = 0
        for _ in range(cursor.count("types", self._caps.types)):
            signature = read_func_type(cursor, self._caps.signature_values)
            used += len(signature.params) + len(signature.results)
            if used > budget:
                raise OverLimit("parameters and results in its types", used, budget)
            self._types.append(signature)
        return len(self._types)

    def _read_imports(self, cursor: Cursor) -> int:
        for _ in range(cursor.count("imports", self._caps.imports)):
            module = cursor.name("the module name of an import", MAX_NAME_BYTES)
            name = cursor.name("the name of an import", MAX_NAME_BYTES)
            kind = read_kind(cursor)
            self._imports.append(Import(module, name, kind, self._spaces.add(kind, cursor)))
        return len(self._imports)

    def _read_entries(self, cursor: Cursor, kind: ExternKind, most: int) -> int:
        number = cursor.count(PLURALS[kind], most)
        for _ in range(number):
            self._spaces.add(kind, cursor)
        return number

    def _read_globals(self, cursor: Cursor) -> int:
        budget = self._caps.constant_instructions
        used = 0
        number = cursor.count("globals", self._caps.globals)
        for _ in range(number):
            self._spaces.add(ExternKind.GLOBAL, cursor)
            used += skip_constant(cursor, budget - used)
            if used > budget:
                raise OverLimit("instructions in its globals' initial values", used, budget)
        return number

    def _read_exports(self, cursor: Cursor) -> int:
        seen: set[str] = set()
        for _ in range(cursor.count("exports", self._caps.exports)):
            name = cursor.name("the name of an export", MAX_NAME_BYTES)
            if name in seen:
                raise cursor.broken(f"the export {name!r} is doubled")
            seen.add(name)
            kind = read_kind(cursor)
            index, type_ = self._spaces.look_up(kind, cursor)
            self._exports.append(Export(name, kind, type_))
            if kind is ExternKind.FUNC:
                self._exported[name] = index
        return len(self._exports)

    def _read_start(self, cursor: Cursor) -> int:
        index = cursor.u32()
        if index >= self._spaces.size(ExternKind.FUNC):
            raise cursor.broken(f"function {index} does not exist")
        self._start = index
        return 1

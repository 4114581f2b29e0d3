"""Decodes one type, limit or constant expression at a time; refuses proposals switched off here.

The proposals refused (threads, memory64, garbage collection, typed references, custom page sizes)
are the ones that the engine is configured without, so that the author reads which feature it was
in place of an engine's message. Source: WebAssembly core specification, 5.3 and 5.4.
"""

from sandbox_child.wasm.cursor import Cursor
from sandbox_child.wasm.errors import Unsupported
from sandbox_child.wasm.facts import FuncType, GlobalType, MemoryType, TableType

VALUE_TYPES = {
    0x7F: "i32",
    0x7E: "i64",
    0x7D: "f32",
    0x7C: "f64",
    0x7B: "v128",
    0x70: "funcref",
    0x6F: "externref",
}
_FUNC_FORM = 0x60
_OTHER_FORMS = {0x5F: "struct", 0x5E: "array", 0x50: "subtype", 0x4F: "subtype", 0x4E: "recursive"}
_REFERENCE_TYPES = frozenset(range(0x60, 0x75)) - {0x70, 0x6F}

_LIMIT_HAS_MAXIMUM = 0x01
_LIMIT_FEATURES = {0x02: "shared memory (threads)", 0x04: "64-bit memory or tables (memory64)"}
_LIMIT_PAGE_SIZE = 0x08
_TABLE_WITH_INITIAL_VALUE = 0x40

_END = 0x0B
_SIMD_PREFIX = 0xFD
_V128_CONST = 0x0C
_NO_OPERAND = frozenset((0x6A, 0x6B, 0x6C, 0x7C, 0x7D, 0x7E))  # i32 and i64 add, sub, mul
_INDEX_OPERAND = frozenset((0x23, 0xD2))  # global.get, ref.func


def read_value_type(cursor: Cursor) -> str:
    """Read one value type."""
    offset = cursor.offset
    code = cursor.byte()
    name = VALUE_TYPES.get(code)
    if name is not None:
        return name
    if code in _REFERENCE_TYPES:
        raise Unsupported(offset, "typed references, exception references or garbage collection")
    raise cursor.broken(f"{code:#04x} is not a value type")


def read_func_type(cursor: Cursor, most_values: int) -> FuncType:
    """Read one entry of the type section with at most ``most_values`` parameters and results."""
    offset = cursor.offset
    form = cursor.byte()
    if form in _OTHER_FORMS:
        raise Unsupported(offset, f"{_OTHER_FORMS[form]} types (garbage collection)")
    if form != _FUNC_FORM:
        raise cursor.broken(f"{form:#04x} is not the form of a function type")
    return FuncType(
        _read_values(cursor, "parameters of one function", most_values),
        _read_values(cursor, "results of one function", most_values),
    )


def _read_values(cursor: Cursor, what: str, most: int) -> tuple[str, ...]:
    return tuple([read_value_type(cursor) for _ in range(cursor.count(what, most))])


def _read_limits(cursor: Cursor, what: str) -> tuple[int, int | None]:
    offset = cursor.offset
    flags = cursor.byte()
    for flag, feature in _LIMIT_FEATURES.items():
        if flags & flag:
            raise Unsupported(offset, feature)
    if flags & _LIMIT_PAGE_SIZE:
        raise Unsupported(offset, "memory pages of another size")
    if flags > _LIMIT_HAS_MAXIMUM:
        raise cursor.broken(f"{flags:#04x} are not flags of limits")
    minimum = cursor.u32()
    maximum = cursor.u32() if flags else None
    if maximum is not None and maximum < minimum:
        raise cursor.broken(f"a {what} has the maximum {maximum} below its minimum {minimum}")
    return minimum, maximum


def read_memory_type(cursor: Cursor) -> MemoryType:
    """Read a memory's limits, in pages of 64 KiB, at most 65,536."""
    minimum, maximum = _read_limits(cursor, "memory")
    if max(minimum, maximum or 0) > 65_536:
        raise cursor.broken("a memory is larger than 4 GiB")
    return MemoryType(minimum, maximum)


def read_table_type(cursor: Cursor) -> TableType:
    """Read a table's element type and limits."""
    if cursor.peek() == _TABLE_WITH_INITIAL_VALUE:
        raise Unsupported(cursor.offset, "tables with an initial value (typed references)")
    element = read_value_type(cursor)
    if element not in ("funcref", "externref"):
        raise cursor.broken(f"a table cannot hold {element}")
    return TableType(element, *_read_limits(cursor, "table"))


def read_global_type(cursor: Cursor) -> GlobalType:
    """Read a global's value type and whether it is mutable."""
    value = read_value_type(cursor)
    mutable = cursor.byte()
    if mutable > 1:
        raise cursor.broken(f"{mutable:#04x} is not a mutability")
    return GlobalType(value, mutable=bool(mutable))


def skip_constant(cursor: Cursor, most: int) -> int:
    """Pass over a constant expression of at most ``most`` instructions; return how many it has."""
    for count in range(most + 1):
        opcode = cursor.byte()
        if opcode == _END:
            return count
        _skip_operand(cursor, opcode)
    return most + 1


def _skip_operand(cursor: Cursor, opcode: int) -> None:
    if opcode == 0x41:  # i32.const
        cursor.skip_leb(5)
    elif opcode == 0x42:  # i64.const
        cursor.skip_leb(10)
    elif opcode == 0x43:  # f32.const
        cursor.take(4)
    elif opcode == 0x44:  # f64.const
        cursor.take(8)
    elif opcode in _INDEX_OPERAND:
        cursor.u32()
    elif opcode == 0xD0:  # ref.null
        read_value_type(cursor)
    elif opcode == _SIMD_PREFIX and cursor.u32() == _V128_CONST:
        cursor.take(16)
    elif opcode not in _NO_OPERAND:
        raise cursor.broken(f"{opcode:#04x} is no instruction of a constant expression")

"""The JavaScript values that a program built with ``tinygo -target wasm`` expects around it.

Go's ``syscall/js`` asks the global object for ``Object`` and ``Array`` before ``main`` runs, and
for ``Date`` when a program formats a time. So there is a small table of values: those constructors,
``Uint8Array``, ``process``, ``fs.constants``, ``crypto.getRandomValues`` and ``console``. All else
is ``undefined``, and calling it traps with a sentence that says what to build instead.

A reference is a 64-bit number: a float as itself, anything else as a NaN whose low 32 bits are an
index into this table and whose bits 32 to 34 say what it is. References are counted, bounded in
number and in bytes, and freed by ``finalizeRef``. Source: TinyGo's ``targets/wasm_exec.js`` and
Go's ``src/syscall/js/js.go``.
"""

import math
import os
import re
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox_child.abi.host import HostLink, check_span, read_guest, write_guest
from sandbox_child.runtime.direct import HostFunction
from sandbox_child.runtime.errors import GuestTrapped
from sandbox_child.runtime.guest import Guest
from sandbox_child.wasm.facts import FuncType
from sandbox_child.wire.messages import LogLevel

MOST_REFERENCES = 10_000
"""Values that a guest may hold at a time."""
MOST_BYTES = 4 << 20
"""Of the strings, arrays and byte arrays that it holds."""
_MOST_ARGUMENTS = 256
_MOST_RANDOM = 65_536  # what getRandomValues gives at once: Web Cryptography API, 10.1.1
_MOST_TEXT = 8 * 1024

_NAN = 0x7FF8_0000
_OBJECT, _STRING, _FUNCTION = 1, 2, 4
_DOUBLE = struct.Struct("<d")
_WORD = struct.Struct("<Q")
_BEFORE_CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WAY_OUT = "a plugin has no JavaScript around it; build it with -target wasip1"


class _Undefined:
    """JavaScript's ``undefined``."""


UNDEFINED: Final = _Undefined()
Value = Any
"""A float, str, bool, None for ``null``, UNDEFINED, or one of the classes below."""


@dataclass(eq=False, slots=True)
class Thing:
    """An object: properties by name."""

    name: str
    properties: dict[str, Value] = field(default_factory=dict)
    made_by: object = None
    """The constructor, for ``instanceof``."""


@dataclass(eq=False, slots=True)
class Function:
    """Something that can be called; ``constructs`` where ``new`` works on it."""

    name: str
    call: Callable[..., Value] | None = None
    construct: Callable[..., Value] | None = None
    properties: dict[str, Value] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Array:
    """A JavaScript array."""

    items: list[Value]


@dataclass(eq=False, slots=True)
class Bytes:
    """A ``Uint8Array``."""

    data: bytearray


def _signature(text: str) -> FuncType:
    kinds = {"i": "i32", "I": "i64"}
    parameters, _, results = text.partition(">")
    return FuncType(tuple(kinds[c] for c in parameters), tuple(kinds[c] for c in results))


SIGNATURES: Final = {
    "finalizeRef": _signature("I>"),
    "stringVal": _signature("ii>I"),
    "valueGet": _signature("Iii>I"),
    "valueSet": _signature("IiiI>"),
    "valueDelete": _signature("Iii>"),
    "valueIndex": _signature("Ii>I"),
    "valueSetIndex": _signature("IiI>"),
    "valueCall": _signature("iIiiiii>"),
    "valueInvoke": _signature("iIiii>"),
    "valueNew": _signature("iIiii>"),
    "valueLength": _signature("I>i"),
    "valuePrepareString": _signature("iI>"),
    "valueLoadString": _signature("Iiii>"),
    "valueInstanceOf": _signature("II>i"),
    "copyBytesToGo": _signature("iiiiI>"),
    "copyBytesToJS": _signature("iIiii>"),
}
"""Every function of ``syscall/js`` by name. TinyGo may add one ``i32``, a context, at the end."""


class JavaScript:
    """The table of one guest, and the functions of ``syscall/js`` over it."""

    def __init__(self, guest: Guest, link: HostLink) -> None:
        self._guest = guest
        self._link = link
        globals_ = _global_object(self)
        program = Thing("Go", {"_pendingEvent": None})
        self._values: list[Value] = [math.nan, 0.0, None, True, False, globals_, program]
        self._fixed = len(self._values)
        self._ids: dict[object, int] = {id(globals_): 5, id(program): 6}
        self._counts: dict[int, int] = {}
        self._free: list[int] = []
        self._bytes = 0

    def function(self, name: str, type_: FuncType) -> HostFunction:
        """Return the function ``syscall/js.NAME`` for an import of this type.

        A name or a shape that is not known gives one that traps when it is called.
        """
        short = name.removeprefix("syscall/js.")
        known = SIGNATURES.get(short)
        if known is None or type_.results != known.results:
            return _missing(name)
        context = type_.params == (*known.params, "i32")
        if not context and type_.params != known.params:
            return _missing(name)
        own: HostFunction = getattr(self, _method_name(short))
        return (lambda *arguments: own(*arguments[:-1])) if context else own

    def console(self, level: LogLevel, *values: Value) -> _Undefined:
        """Log what ``console`` was given, as one line."""
        text = " ".join(_text(value) for value in values[:_MOST_ARGUMENTS])
        self._link.log(level, text[:_MOST_TEXT])
        return UNDEFINED

    # References

    def _unbox(self, ref: int) -> Value:
        (number,) = _DOUBLE.unpack(_WORD.pack(ref))
        if number == 0:
            return UNDEFINED
        if not math.isnan(number):
            return number
        index = ref & 0xFFFF_FFFF
        if index >= len(self._values):
            raise GuestTrapped(f"syscall/js: {index} is no reference of this plugin")
        return self._values[index]

    def _box(self, value: Value) -> int:
        if value is UNDEFINED:
            return 0
        if value is None or isinstance(value, bool):
            return _NAN << 32 | {None: 2, True: 3, False: 4}[value]
        if isinstance(value, float):
            if math.isnan(value):
                return _NAN << 32
            (number,) = _WORD.unpack(_DOUBLE.pack(value))
            return number if value else _NAN << 32 | 1
        flag = _OBJECT
        if isinstance(value, str):
            flag = _STRING
        elif isinstance(value, Function):
            flag = _FUNCTION
        return (_NAN | flag) << 32 | self._refer(value)

    def _refer(self, value: Value) -> int:
        key: object = value if isinstance(value, str) else id(value)
        index = self._ids.get(key)
        if index is None:
            self._bytes += _size(value)
            if len(self._ids) >= MOST_REFERENCES or self._bytes > MOST_BYTES:
                raise GuestTrapped(
                    f"syscall/js: more than {MOST_REFERENCES:,} values or {MOST_BYTES >> 20} MiB "
                    f"are held; {_WAY_OUT}"
                )
            index = self._free.pop() if self._free else len(self._values)
            if index == len(self._values):
                self._values.append(value)
            else:
                self._values[index] = value
            self._ids[key] = index
        if index >= self._fixed:
            self._counts[index] = self._counts.get(index, 0) + 1
        return index

    def _finalize_ref(self, ref: int) -> None:
        index = ref & 0xFFFF_FFFF
        if index not in self._counts:
            return
        self._counts[index] -= 1
        if self._counts[index] == 0:
            value = self._values[index]
            del self._counts[index], self._ids[value if isinstance(value, str) else id(value)]
            self._bytes -= _size(value)
            self._values[index] = UNDEFINED
            self._free.append(index)

    # Properties

    def _string_val(self, pointer: int, length: int) -> int:
        return self._box(self._string(pointer, length))

    def _value_get(self, ref: int, pointer: int, length: int) -> int:
        name = self._string(pointer, length)
        return self._box(_property(self._unbox(ref), name))

    def _value_set(self, ref: int, pointer: int, length: int, new: int) -> None:
        target, name = self._unbox(ref), self._string(pointer, length)
        properties = getattr(target, "properties", None)
        if properties is None:
            raise GuestTrapped(f"syscall/js: {_text(target)} has no property {name} to set")
        if name not in properties and len(properties) >= _MOST_ARGUMENTS:
            raise GuestTrapped(f"syscall/js: more than {_MOST_ARGUMENTS} properties of one object")
        properties[name] = self._unbox(new)

    def _value_delete(self, ref: int, pointer: int, length: int) -> None:
        getattr(self._unbox(ref), "properties", {}).pop(self._string(pointer, length), None)

    def _value_index(self, ref: int, at: int) -> int:
        target = self._unbox(ref)
        if isinstance(target, Array):
            return self._box(target.items[at] if at < len(target.items) else UNDEFINED)
        if isinstance(target, Bytes):
            return self._box(float(target.data[at]) if at < len(target.data) else UNDEFINED)
        return self._box(_property(target, str(at)))

    def _value_set_index(self, ref: int, at: int, new: int) -> None:
        target, value = self._unbox(ref), self._unbox(new)
        if isinstance(target, Array) and at < _MOST_ARGUMENTS:
            target.items.extend([UNDEFINED] * (at + 1 - len(target.items)))
            target.items[at] = value
        elif isinstance(target, Bytes) and isinstance(value, float):
            if at < len(target.data) and math.isfinite(value):
                target.data[at] = int(value) & 0xFF
        else:
            raise GuestTrapped(f"syscall/js: {_text(target)} takes nothing at index {at}")

    def _value_length(self, ref: int) -> int:
        return _length(self._unbox(ref)) or 0

    def _value_instance_of(self, ref: int, type_ref: int) -> int:
        target, type_ = self._unbox(ref), self._unbox(type_ref)
        name = type_.name if isinstance(type_, Function) else ""
        return int(
            (isinstance(target, Array) and name in {"Array", "Object"})
            or (isinstance(target, Bytes) and name in {"Uint8Array", "Object"})
            or (isinstance(target, Thing) and (target.made_by is type_ or name == "Object"))
        )

    # Calls

    def _value_call(  # noqa: PLR0917 - the contract's own
        self, out: int, ref: int, pointer: int, length: int, arguments: int, count: int, _cap: int
    ) -> None:
        target, name = self._unbox(ref), self._string(pointer, length)
        method = _property(target, name)
        if not isinstance(method, Function) or method.call is None:
            raise GuestTrapped(f"syscall/js: {_text(target)}.{name} was called, and {_WAY_OUT}")
        self._answer(out, method.call(*self._arguments(arguments, count)))

    def _value_invoke(self, out: int, ref: int, arguments: int, count: int, _cap: int) -> None:
        target = self._unbox(ref)
        if not isinstance(target, Function) or target.call is None:
            raise GuestTrapped(f"syscall/js: {_text(target)} was called, and {_WAY_OUT}")
        self._answer(out, target.call(*self._arguments(arguments, count)))

    def _value_new(self, out: int, ref: int, arguments: int, count: int, _cap: int) -> None:
        target = self._unbox(ref)
        if not isinstance(target, Function) or target.construct is None:
            raise GuestTrapped(f"syscall/js: new {_text(target)} was called, and {_WAY_OUT}")
        self._answer(out, target.construct(*self._arguments(arguments, count)))

    def _answer(self, out: int, value: Value) -> None:
        check_span(self._guest, "syscall/js", out, 9)
        write_guest(self._guest, "syscall/js", out, _WORD.pack(self._box(value)) + b"\x01")

    def _arguments(self, pointer: int, count: int) -> list[Value]:
        if count > _MOST_ARGUMENTS:
            raise GuestTrapped(f"syscall/js: a call with {count} arguments")
        raw = read_guest(self._guest, "syscall/js", pointer, 8 * count) if count else b""
        return [self._unbox(ref) for (ref,) in _WORD.iter_unpack(raw)]

    # Text and bytes

    def _string(self, pointer: int, length: int) -> str:
        if length > MOST_BYTES:
            raise GuestTrapped(f"syscall/js: a string of {length} bytes")
        return read_guest(self._guest, "syscall/js", pointer, length).decode("utf-8", "replace")

    def _value_prepare_string(self, out: int, ref: int) -> None:
        data = _text(self._unbox(ref)).encode("utf-8", "replace")
        check_span(self._guest, "syscall/js", out, 12)
        boxed = self._box(Bytes(bytearray(data)))
        write_guest(self._guest, "syscall/js", out, struct.pack("<QI", boxed, len(data)))

    def _value_load_string(self, ref: int, pointer: int, length: int, _cap: int) -> None:
        value = self._unbox(ref)
        data = bytes(value.data) if isinstance(value, Bytes) else b""
        write_guest(self._guest, "syscall/js", pointer, data[:length])

    def _copy_bytes_to_go(self, out: int, pointer: int, length: int, _cap: int, ref: int) -> None:
        source = self._unbox(ref)
        data = bytes(source.data[:length]) if isinstance(source, Bytes) else b""
        write_guest(self._guest, "syscall/js", pointer, data)
        self._copied(out, len(data), isinstance(source, Bytes))

    def _copy_bytes_to_js(self, out: int, ref: int, pointer: int, length: int, _cap: int) -> None:
        target = self._unbox(ref)
        count = 0
        if isinstance(target, Bytes):
            count = min(length, len(target.data))
            target.data[:count] = read_guest(self._guest, "syscall/js", pointer, count)
        self._copied(out, count, isinstance(target, Bytes))

    def _copied(self, out: int, count: int, possible: bool) -> None:
        write_guest(self._guest, "syscall/js", out, struct.pack("<I?", count, possible))


def _method_name(name: str) -> str:
    """Return ``_value_get`` for ``valueGet``."""
    return "_" + _BEFORE_CAPITALS.sub("_", name).lower()


def _missing(name: str) -> HostFunction:
    """Return the stand-in for a function that is not there: it traps when it is called."""

    def trap(*_arguments: float) -> int:
        raise GuestTrapped(f"{name} was called, and {_WAY_OUT}")

    return trap


def _property(target: Value, name: str) -> Value:
    if isinstance(target, Thing | Function):
        return target.properties.get(name, UNDEFINED)
    length = _length(target)
    if length is not None:
        return float(length) if name == "length" else UNDEFINED
    raise GuestTrapped(f"syscall/js: {_text(target)} has no property {name}; {_WAY_OUT}")


def _length(target: Value) -> int | None:
    if isinstance(target, Array):
        return len(target.items)
    if isinstance(target, Bytes):
        return len(target.data)
    return len(target) if isinstance(target, str) else None


def _text(value: Value) -> str:
    if isinstance(value, str):
        return value
    if value is UNDEFINED:
        return "undefined"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else str(value)
    return getattr(value, "name", type(value).__name__)


def _size(value: Value) -> int:
    if isinstance(value, str):
        return 4 * len(value)
    return len(value.data) if isinstance(value, Bytes) else 64


def _global_object(javascript: JavaScript) -> Thing:
    object_, date = Function("Object"), Function("Date")
    object_.construct = object_.call = lambda *_: Thing("Object", made_by=object_)
    date.construct = lambda *given: _date(date, given)
    date.properties["now"] = Function("now", lambda *_: _now())
    array = Function("Array", construct=_array)
    array.call = array.construct
    levels = {
        "log": LogLevel.INFO,
        "info": LogLevel.INFO,
        "debug": LogLevel.DEBUG,
        "warn": LogLevel.WARN,
        "error": LogLevel.ERROR,
    }
    console = {
        name: Function(name, lambda *values, at=level: javascript.console(at, *values))
        for name, level in levels.items()
    }
    flags = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND", "O_EXCL", "O_DIRECTORY")
    nobody = {
        name: Function(name, lambda *_: -1.0) for name in ("getuid", "getgid", "geteuid", "getegid")
    }
    return Thing(
        "the global object",
        {
            "Object": object_,
            "Array": array,
            "Uint8Array": Function("Uint8Array", construct=_byte_array),
            "Date": date,
            "process": Thing("process", {"pid": -1.0, "ppid": -1.0, **nobody}),
            "fs": Thing("fs", {"constants": Thing("constants", dict.fromkeys(flags, -1.0))}),
            "crypto": Thing("crypto", {"getRandomValues": Function("getRandomValues", _random)}),
            "console": Thing("console", dict(console)),
        },
    )


def _now() -> float:
    return float(time.time_ns() // 1_000_000)


def _date(constructor: Function, given: tuple[Value, ...]) -> Thing:
    """Return a ``Date`` in UTC: now, or the milliseconds since 1970 that were given."""
    at = given[0] if given and isinstance(given[0], float) else _now()
    moment = time.gmtime(at / 1000) if abs(at) < 8.64e15 else time.gmtime(0)
    read = {
        "getTime": at,
        "valueOf": at,
        "getTimezoneOffset": 0.0,
        "getFullYear": float(moment.tm_year),
        "getMonth": float(moment.tm_mon - 1),
        "getDate": float(moment.tm_mday),
        "getDay": float((moment.tm_wday + 1) % 7),
        "getHours": float(moment.tm_hour),
        "getMinutes": float(moment.tm_min),
        "getSeconds": float(moment.tm_sec),
    }
    methods = {name: Function(name, lambda *_, value=value: value) for name, value in read.items()}
    return Thing("Date", dict(methods), constructor)


def _array(*given: Value) -> Array:
    if len(given) == 1 and isinstance(given[0], float):
        return Array([UNDEFINED] * _count(given[0], _MOST_ARGUMENTS))
    return Array(list(given))


def _byte_array(*given: Value) -> Bytes:
    if given and isinstance(given[0], float):
        return Bytes(bytearray(_count(given[0], MOST_BYTES)))
    return Bytes(bytearray())


def _count(number: float, most: int) -> int:
    if not 0 <= number <= most:
        raise GuestTrapped(
            f"syscall/js: an array of {_text(number)}; at most {most:,} are possible"
        )
    return int(number)


def _random(*given: Value) -> Value:
    target = given[0] if given else UNDEFINED
    if not isinstance(target, Bytes) or len(target.data) > _MOST_RANDOM:
        raise GuestTrapped(
            f"syscall/js: getRandomValues takes a Uint8Array of at most {_MOST_RANDOM:,} bytes"
        )
    target.data[:] = os.urandom(len(target.data))
    return target

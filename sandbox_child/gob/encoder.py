"""Our values of known types, as messages. One encoder for each stream and direction."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sandbox_child.gob.cursor import encode_bytes, encode_float, encode_int, encode_uint
from sandbox_child.gob.types import (
    BOOL,
    BYTES,
    FIRST_DESCRIBED,
    FLOAT,
    INT,
    INTERFACE,
    STRING,
    UINT,
    Basic,
    Map,
    Slice,
    Struct,
    Type,
)

_ARRAY_T, _SLICE_T, _STRUCT_T, _MAP_T = 1, 2, 3, 4
"""Places of the kinds in Go's ``wireType``, of which a description is a value."""
_END = b"\0"
_NIL = b"\0"
_MOST_BEGUN = 64


class Encoder:
    """Describes each type once, before its first value."""

    def __init__(self) -> None:
        self._numbers: dict[Type, int] = {}
        self._begun: dict[int, tuple[Type, bytes]] = {}
        """Of types by their identity, as their hash takes long: how a value of each begins."""

    def encode(self, kind: Type, value: Any) -> bytes:
        """Return the messages that carry ``value``: descriptions where they are new, then it."""
        known = self._begun.get(id(kind))
        if known is not None:
            body = known[1] + _value(kind, value)
            return encode_uint(len(body)) + body
        out = bytearray()
        begin = encode_int(self._number(kind, out))
        if not isinstance(kind, Struct):
            # A value that is no structure stands where a structure's first field would.
            begin += _END
        if len(self._begun) < _MOST_BEGUN:
            self._begun[id(kind)] = kind, begin
        body = begin + _value(kind, value)
        return bytes(out) + encode_uint(len(body)) + body

    def _number(self, kind: Type, out: bytearray) -> int:
        if isinstance(kind, Basic):
            return kind.number
        known = self._numbers.get(kind)
        if known is not None:
            return known
        number = self._numbers[kind] = FIRST_DESCRIBED + 1 + len(self._numbers)
        description = self._describe(kind, number, out)
        message = encode_int(-number) + description
        out += encode_uint(len(message)) + message
        return number

    def _describe(self, kind: Slice | Map | Struct, number: int, out: bytearray) -> bytes:
        """Return the ``wireType`` of a type; those that it is made of are described before it."""
        if isinstance(kind, Slice):
            parts = [_common("", number), encode_int(self._number(kind.element, out))]
            return _wire(_SLICE_T, parts)
        if isinstance(kind, Map):
            key, element = self._number(kind.key, out), self._number(kind.element, out)
            return _wire(_MAP_T, [_common("", number), encode_int(key), encode_int(element)])
        fields = b"".join(
            _fields([encode_bytes(name.encode()), encode_int(self._number(of, out))])
            for name, of in kind.fields
        )
        count = encode_uint(len(kind.fields))
        parts = [_common(kind.name, number)]
        if kind.fields:
            parts.append(count + fields)
        return _wire(_STRUCT_T, parts)


def _wire(place: int, parts: Sequence[bytes]) -> bytes:
    """Return a ``wireType`` of which the field at ``place`` is set."""
    return encode_uint(place) + _fields(parts) + _END


def _fields(parts: Sequence[bytes]) -> bytes:
    """Return a structure whose first fields are these, none of them zero."""
    return b"".join(b"\x01" + part for part in parts) + _END


def _common(name: str, number: int) -> bytes:
    """Return a ``CommonType``."""
    if not name:
        return b"\x02" + encode_int(number) + _END
    return _fields([encode_bytes(name.encode()), encode_int(number)])


def _value(kind: Type, value: Any) -> bytes:
    if isinstance(kind, Basic):
        return _basic(kind.number, value)
    if isinstance(kind, Slice):
        items = b"".join(_value(kind.element, item) for item in value)
        return encode_uint(len(value)) + items
    if isinstance(kind, Map):
        pairs = (_value(kind.key, k) + _value(kind.element, v) for k, v in value.items())
        return encode_uint(len(value)) + b"".join(pairs)
    return _struct(kind, value)


def _struct(kind: Struct, value: Mapping[str, Any]) -> bytes:
    """Return the fields that are not zero, each behind how many places it is further on."""
    out = b""
    last = -1
    for place, (name, of) in enumerate(kind.fields):
        item = value.get(name)
        if not item and (item is None or type(of) is not Struct):
            continue
        out += encode_uint(place - last) + _value(of, item)
        last = place
    return out + _END


def _basic(number: int, value: Any) -> bytes:
    if number == INTERFACE and value is not None:
        raise TypeError("the only interface that is sent is nil")
    return _WRITERS[number](value)


_WRITERS: dict[int, Callable[[Any], bytes]] = {
    BOOL: lambda value: encode_uint(int(value)),
    INT: encode_int,
    UINT: encode_uint,
    FLOAT: encode_float,
    BYTES: encode_bytes,
    STRING: lambda value: encode_bytes(value.encode("utf-8")),
    INTERFACE: lambda _value: _NIL,
}

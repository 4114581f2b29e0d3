"""A peer's messages, as plain values. One decoder for each stream and direction.

Values become what they are most like: ``bool``, ``int``, ``float``, ``bytes``, ``str``, ``list``,
``dict`` for maps and for structures, whose absent fields are those with Go's zero value. None is a
nil interface.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sandbox_child.gob.cursor import Cursor, read_length
from sandbox_child.gob.described import ListOf, MapOf, Opaque, StructOf, Types
from sandbox_child.gob.errors import GobError, GobTooMuch
from sandbox_child.gob.types import (
    BOOL,
    BUILT_IN,
    BYTES,
    COMPLEX,
    FIRST_DESCRIBED,
    FLOAT,
    INT,
    INTERFACE,
    STRING,
    UINT,
)


@dataclass(frozen=True, slots=True)
class Caps:
    """What a peer may send at most."""

    message_bytes: int = 5 * 1024 * 1024
    values: int = 50_000
    """In one message. A byte on the wire may become a value of some hundred here."""
    depth: int = 32


@dataclass(slots=True)
class _Budget:
    values: int
    depth: int


class Decoder:
    """Cuts a stream into messages and reads them."""

    def __init__(self, caps: Caps | None = None) -> None:
        self._caps = caps or Caps()
        self._types = Types()
        self._pending = bytearray()
        self._needed = 1

    def feed(self, data: bytes) -> Iterator[Any]:
        """Yield each value that ``data`` completes; raises GobError, which ends the stream.

        The iterator must be run to its end before the next call.
        """
        if self._pending:
            self._pending += data
            if len(self._pending) < self._needed:
                return
            data = bytes(self._pending)
            self._pending.clear()
        whole = data
        position = 0
        self._needed = 1
        try:
            while (read := read_length(whole, position)) is not None:
                length, start = read
                if length > self._caps.message_bytes:
                    raise GobTooMuch(
                        f"a message of {length:,} bytes; at most {self._caps.message_bytes:,} "
                        "are taken"
                    )
                if start + length > len(whole):
                    self._needed = start + length - position
                    break
                position = start + length
                cursor = Cursor(whole[start:position])
                number = cursor.sint()
                if number < 0:
                    self._types.add(-number, cursor)
                else:
                    yield self._message(number, cursor)
                if cursor.left:
                    raise GobError(f"{cursor.left:,} bytes after the end of a message's value")
        finally:
            self._pending += whole[position:]

    def _message(self, number: int, cursor: Cursor) -> Any:
        return self._top(number, cursor, _Budget(self._caps.values, self._caps.depth))

    def _top(self, number: int, cursor: Cursor, budget: _Budget) -> Any:
        """Read a value that stands alone: behind a zero, unless it is a structure."""
        is_struct = number >= FIRST_DESCRIBED and isinstance(self._types.find(number), StructOf)
        if not is_struct and cursor.uint() != 0:
            raise GobError("a value that is no structure has fields")
        return self._value(number, cursor, budget)

    def _value(self, number: int, cursor: Cursor, budget: _Budget) -> Any:
        budget.values -= 1
        if budget.values < 0:
            raise GobTooMuch(f"more than {self._caps.values:,} values in a message")
        if number in BUILT_IN:
            return self._basic(number, cursor, budget)
        kind = self._types.find(number)
        if isinstance(kind, Opaque):
            return cursor.take()
        budget.depth -= 1
        if budget.depth < 0:
            raise GobTooMuch(f"values nested more than {self._caps.depth} deep")
        if isinstance(kind, StructOf):
            value: Any = self._struct(kind, cursor, budget)
        elif isinstance(kind, ListOf):
            value = self._list(kind, cursor, budget)
        else:
            value = self._map(kind, cursor, budget)
        budget.depth += 1
        return value

    def _struct(self, kind: StructOf, cursor: Cursor, budget: _Budget) -> dict[str, Any]:
        value: dict[str, Any] = {}
        place = -1
        while step := cursor.uint():
            place += step
            if place >= len(kind.fields):
                raise GobError(f"field {place + 1} of a structure of {len(kind.fields)}")
            name, number = kind.fields[place]
            value[name] = self._value(number, cursor, budget)
        return value

    def _list(self, kind: ListOf, cursor: Cursor, budget: _Budget) -> list[Any]:
        length = _count(cursor)
        if kind.length is not None and length != kind.length:
            raise GobError(f"{length:,} items of an array of {kind.length:,}")
        return [self._value(kind.element, cursor, budget) for _ in range(length)]

    def _map(self, kind: MapOf, cursor: Cursor, budget: _Budget) -> dict[Any, Any]:
        value = {}
        for _ in range(_count(cursor)):
            key = self._value(kind.key, cursor, budget)
            if isinstance(key, list | dict):
                raise GobError("a map by lists or structures")
            value[key] = self._value(kind.element, cursor, budget)
        return value

    def _interface(self, cursor: Cursor, budget: _Budget) -> Any:
        if not cursor.take():
            return None
        number = cursor.sint()
        inner = Cursor(cursor.take())
        budget.depth -= 1
        if budget.depth < 0:
            raise GobTooMuch(f"values nested more than {self._caps.depth} deep")
        value = self._top(number, inner, budget)
        budget.depth += 1
        if inner.left:
            raise GobError("bytes behind the value of an interface")
        return value

    def _basic(self, number: int, cursor: Cursor, budget: _Budget) -> Any:
        if number == INTERFACE:
            return self._interface(cursor, budget)
        return _READERS[number](cursor)


def _bool(cursor: Cursor) -> bool:
    value = cursor.uint()
    if value > 1:
        raise GobError(f"{value} where a bool is expected")
    return value == 1


def _count(cursor: Cursor) -> int:
    """Read how many items follow; each takes a byte at least."""
    count = cursor.uint()
    if count > cursor.left:
        raise GobError(f"{count:,} items where {cursor.left:,} bytes are left")
    return count


def _complex(cursor: Cursor) -> complex:
    return complex(cursor.real(), cursor.real())


_READERS: dict[int, Callable[[Cursor], Any]] = {
    BOOL: _bool,
    INT: Cursor.sint,
    UINT: Cursor.uint,
    FLOAT: Cursor.real,
    BYTES: Cursor.take,
    STRING: Cursor.text,
    COMPLEX: _complex,
}

"""Types that a peer described, and what it may describe.

A description is a value of Go's ``wireType``, a structure of which one field is set. It is read by
hand: it is the one type that must be known before any is described.

A type may contain itself (a menu has menus below it), so a description is followed only as far as
the bytes of a value go, and no deeper than the caps allow.
"""

from dataclasses import dataclass
from typing import Final

from sandbox_child.gob.cursor import Cursor
from sandbox_child.gob.errors import GobError, GobTooMuch
from sandbox_child.gob.types import BUILT_IN, FIRST_DESCRIBED

MAX_TYPES: Final = 128
MAX_FIELDS: Final = 128
MAX_NAME: Final = 256
"""Bytes of a name."""

_ARRAY_T, _SLICE_T, _STRUCT_T, _MAP_T, _LAST_T = 1, 2, 3, 4, 7


@dataclass(frozen=True, slots=True)
class ListOf:
    """A slice, or an array, which has its length."""

    element: int
    length: int | None


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map."""

    key: int
    element: int


@dataclass(frozen=True, slots=True)
class StructOf:
    """A structure."""

    fields: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Opaque:
    """A type that encodes itself, such as a time: bytes."""


Described = ListOf | MapOf | StructOf | Opaque


class Types:
    """What one stream has described so far."""

    def __init__(self) -> None:
        self._known: dict[int, Described] = {}

    def find(self, number: int) -> Described:
        """Return a type; raises GobError where it was not described."""
        found = self._known.get(number)
        if found is None:
            raise GobError(f"a value of type {number}, which was not described")
        return found

    def add(self, number: int, cursor: Cursor) -> None:
        """Read the description of type ``number``."""
        if number < FIRST_DESCRIBED:
            raise GobError(f"a description of type {number}; expected one from {FIRST_DESCRIBED}")
        if number in self._known:
            raise GobError(f"type {number} is described twice")
        if len(self._known) >= MAX_TYPES:
            raise GobTooMuch(f"more than {MAX_TYPES} types are described")
        self._known[number] = _wire_type(cursor)


def _wire_type(cursor: Cursor) -> Described:
    kind = cursor.uint()
    if not 1 <= kind <= _LAST_T:
        raise GobError(f"a description of the unknown kind {kind}")
    if kind == _STRUCT_T:
        described: Described = _struct(cursor)
    elif kind == _MAP_T:
        numbers = _numbers(cursor, 2)
        described = MapOf(numbers[0], numbers[1])
    elif kind == _ARRAY_T:
        numbers = _numbers(cursor, 2)
        if numbers[1] < 0:
            raise GobError("an array of negative length")
        described = ListOf(_known_number(numbers[0]), numbers[1])
    elif kind == _SLICE_T:
        described = ListOf(_known_number(_numbers(cursor, 1)[0]), None)
    else:
        _numbers(cursor, 0)
        described = Opaque()
    if cursor.uint() != 0:
        raise GobError("a description of two kinds at once")
    return described


def _numbers(cursor: Cursor, count: int) -> list[int]:
    """Read a ``CommonType``, which tells nothing new, and then ``count`` integers."""
    found = [0] * count
    place = 0
    while step := cursor.uint():
        place += step
        if place == 1:
            _common(cursor)
        elif 1 < place <= count + 1:
            found[place - 2] = cursor.sint()
        else:
            raise GobError(f"a description with a field {place}")
    return found


def _common(cursor: Cursor) -> None:
    place = 0
    while step := cursor.uint():
        place += step
        if place == 1:
            _name(cursor)
        elif place == 2:
            cursor.sint()
        else:
            raise GobError(f"a common type with a field {place}")


def _struct(cursor: Cursor) -> StructOf:
    fields: tuple[tuple[str, int], ...] = ()
    place = 0
    while step := cursor.uint():
        place += step
        if place == 1:
            _common(cursor)
        elif place == 2:
            count = cursor.uint()
            if count > MAX_FIELDS:
                raise GobTooMuch(f"a structure of {count:,} fields; at most {MAX_FIELDS} are taken")
            fields = tuple(_field(cursor) for _ in range(count))
        else:
            raise GobError(f"a structure's description with a field {place}")
    return StructOf(fields)


def _field(cursor: Cursor) -> tuple[str, int]:
    name, number, place = "", 0, 0
    while step := cursor.uint():
        place += step
        if place == 1:
            name = _name(cursor)
        elif place == 2:
            number = _known_number(cursor.sint())
        else:
            raise GobError(f"a field's description with a field {place}")
    if not name or not number:
        raise GobError("a field without a name or a type")
    return name, number


def _name(cursor: Cursor) -> str:
    name = cursor.take()
    if len(name) > MAX_NAME:
        raise GobTooMuch(f"a name of {len(name):,} bytes; at most {MAX_NAME} are taken")
    return name.decode("utf-8", "replace")


def _known_number(number: int) -> int:
    if number not in BUILT_IN and number < FIRST_DESCRIBED:
        raise GobError(f"a type made of type {number}, which there is not")
    return number

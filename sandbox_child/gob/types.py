"""The types that we send, and the numbers of the built-in ones. Source: encoding/gob, type.go."""

from dataclasses import dataclass
from typing import Final

BOOL: Final = 1
INT: Final = 2
UINT: Final = 3
FLOAT: Final = 4
BYTES: Final = 5
STRING: Final = 6
COMPLEX: Final = 7
INTERFACE: Final = 8
BUILT_IN: Final = frozenset({BOOL, INT, UINT, FLOAT, BYTES, STRING, COMPLEX, INTERFACE})
FIRST_DESCRIBED: Final = 64
"""Types from here on are described in the stream, each side counting by itself."""


@dataclass(frozen=True, slots=True)
class Basic:
    """A built-in type."""

    number: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A slice of one type."""

    element: "Type"


@dataclass(frozen=True, slots=True)
class Map:
    """A map."""

    key: "Type"
    element: "Type"


@dataclass(frozen=True, slots=True)
class Struct:
    """A structure; its values are mappings, in which fields may be absent."""

    name: str
    fields: tuple[tuple[str, "Type"], ...]


Type = Basic | Slice | Map | Struct

A_BOOL: Final = Basic(BOOL)
AN_INT: Final = Basic(INT)
A_UINT: Final = Basic(UINT)
A_FLOAT: Final = Basic(FLOAT)
SOME_BYTES: Final = Basic(BYTES)
A_STRING: Final = Basic(STRING)
NOTHING: Final = Basic(INTERFACE)
"""An interface; the only value of it that we send is nil."""

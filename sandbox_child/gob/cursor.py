"""The numbers and strings that everything is made of, read within one message and written.

An unsigned integer below 128 is one byte; a larger one is its length in bytes, negated, and then
those bytes, big endian. A signed one is shifted left by one, its lowest bit saying whether the rest
is complemented. A float is the unsigned integer of its bits in reverse byte order.
"""

import struct

from sandbox_child.gob.errors import GobError

_MOST_BYTES = 8


class Cursor:
    """Reads one message, and never beyond it."""

    __slots__ = ("_data", "_end", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0
        self._end = len(data)

    @property
    def left(self) -> int:
        """Bytes that were not read yet."""
        return self._end - self._position

    def uint(self) -> int:
        """Read an unsigned integer of at most 64 bits."""
        position = self._position
        if position >= self._end:
            raise GobError("a message ends in the middle of a value")
        first = self._data[position]
        self._position = position + 1
        if first < 0x80:
            return first
        return int.from_bytes(self._take(_width(first)), "big")

    def sint(self) -> int:
        """Read a signed integer."""
        value = self.uint()
        return ~(value >> 1) if value & 1 else value >> 1

    def real(self) -> float:
        """Read a float."""
        (value,) = struct.unpack("<d", self.uint().to_bytes(8, "big"))
        return float(value)

    def take(self) -> bytes:
        """Read a length and that many bytes, which the message must have."""
        return self._take(self.uint())

    def text(self) -> str:
        """Read a string; what is no UTF-8 in it is replaced."""
        return self.take().decode("utf-8", "replace")

    def _take(self, length: int) -> bytes:
        start = self._position
        end = start + length
        if end > self._end:
            raise GobError(f"a length of {length:,} where {self.left:,} bytes are left")
        self._position = end
        return self._data[start:end]


def read_length(data: bytes | bytearray, position: int) -> tuple[int, int] | None:
    """Return the unsigned integer at ``position`` and where it ends; None where more must come."""
    if position >= len(data):
        return None
    first = data[position]
    if first < 0x80:
        return first, position + 1
    end = position + 1 + _width(first)
    if end > len(data):
        return None
    return int.from_bytes(data[position + 1 : end], "big"), end


def _width(first: int) -> int:
    width = 256 - first
    if width > _MOST_BYTES:
        raise GobError(f"an integer of {width} bytes; at most {_MOST_BYTES} are possible")
    return width


def encode_uint(value: int) -> bytes:
    """Return the bytes of an unsigned integer."""
    if value < 0x80:
        return bytes((value,))
    width = (value.bit_length() + 7) // 8
    return bytes((256 - width,)) + value.to_bytes(width, "big")


def encode_int(value: int) -> bytes:
    """Return the bytes of a signed integer."""
    return encode_uint(~value << 1 | 1 if value < 0 else value << 1)


def encode_float(value: float) -> bytes:
    """Return the bytes of a float."""
    return encode_uint(int.from_bytes(struct.pack("<d", value), "big"))


def encode_bytes(value: bytes) -> bytes:
    """Return the bytes of a string or of bytes."""
    return encode_uint(len(value)) + value

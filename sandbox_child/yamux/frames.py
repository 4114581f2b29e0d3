"""The header of a frame: version, type, flags, stream, length, big endian.

::

    0         1      2       4        8        12
    +---------+------+-------+--------+--------+--------------------------+
    | version | type | flags | stream | length | ``length`` bytes of data |
    | u8 = 0  | u8   | u16   | u32    | u32    | (type 0 only)            |
    +---------+------+-------+--------+--------+--------------------------+

The length means something else for each type: bytes of data that follow, bytes of room that are
given, the number of a ping, the reason of a go-away. Source: the specification of yamux.
"""

import struct
from typing import Final, NamedTuple

from sandbox_child.yamux.errors import YamuxError

HEADER: Final = struct.Struct(">BBHII")
HEADER_LENGTH: Final = HEADER.size

DATA: Final = 0
WINDOW: Final = 1
PING: Final = 2
GO_AWAY: Final = 3

SYN: Final = 1
ACK: Final = 2
FIN: Final = 4
RST: Final = 8
_KNOWN_FLAGS: Final = SYN | ACK | FIN | RST

GO_AWAY_NORMAL: Final = 0


class Header(NamedTuple):
    """One header, checked."""

    kind: int
    flags: int
    stream: int
    length: int


def encode_header(kind: int, flags: int, stream: int, length: int) -> bytes:
    """Return the twelve bytes of one header."""
    return HEADER.pack(0, kind, flags, stream, length)


def decode_header(data: bytes | bytearray, position: int) -> Header:
    """Read the header at ``position``; raises YamuxError for one that means nothing."""
    version, kind, flags, stream, length = HEADER.unpack_from(data, position)
    if version != 0:
        raise YamuxError(f"a frame of version {version}; expected 0")
    if kind > GO_AWAY:
        raise YamuxError(f"a frame of type {kind}; expected 0 to {GO_AWAY}")
    if flags & ~_KNOWN_FLAGS:
        raise YamuxError(f"a frame with the flags {flags:#x}; only {_KNOWN_FLAGS:#x} are known")
    if (stream == 0) != (kind >= PING):
        raise YamuxError(f"a frame of type {kind} for stream {stream}")
    return Header(kind, flags, stream, length)

"""Framing: how a message becomes bytes, and how hostile bytes are refused cheaply.

::

    0        4        8             8 + head
    +--------+--------+-------------+--------------------+
    | head   | blob   | head        | blob               |
    | length | length | msgpack     | raw bytes          |
    | u32 LE | u32 LE | array of    | (payload, body,    |
    |        |        | scalars     |  text)             |
    +--------+--------+-------------+--------------------+

Both lengths are checked before a byte behind them is looked at. Only the head is ever unpacked. It
is small, so that the number of items and the depth that a hostile peer can put into it are bounded
by its size (every item takes a byte at least), and msgpack's own limits refuse containers, strings
and extension types before it builds them. Everything large travels in the blob, which nothing
parses here.
"""

import struct
from collections.abc import Iterator
from typing import Any

import msgpack

from sandbox_child.wire.errors import FrameError

PREFIX = struct.Struct("<II")
PREFIX_LENGTH = PREFIX.size

MAX_HEAD = 256
"""Bytes of msgpack in a head."""
MAX_ITEMS = 8
"""Scalars in a head."""

Head = tuple[Any, ...]
Frame = tuple[Head, bytes]

_pack = msgpack.Packer(autoreset=True).pack
_prefix = PREFIX.pack


def encode_frame(head: Head, blob: bytes = b"") -> bytes:
    """Return the bytes of one frame; ``head`` is a flat tuple of at most eight scalars."""
    packed: bytes = _pack(head)
    if len(packed) > MAX_HEAD:
        raise FrameError(f"a head of {len(packed)} bytes; at most {MAX_HEAD} are allowed")
    return _prefix(len(packed), len(blob)) + packed + blob


def decode_head(packed: bytes) -> Head:
    """Unpack a head, refusing everything but a flat, non-empty array of scalars."""
    try:
        head = msgpack.unpackb(
            packed,
            use_list=False,
            max_array_len=MAX_ITEMS,
            max_map_len=0,
            max_ext_len=0,
            max_str_len=MAX_HEAD,
            max_bin_len=0,
        )
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as exc:
        raise FrameError(f"a head that is not a msgpack array: {type(exc).__name__}") from None
    if type(head) is not tuple or not head:
        raise FrameError("a head that is not a non-empty array")
    return head


class FrameDecoder:
    """Cuts a byte stream into frames. One per pipe; a :class:`FrameError` ends its use."""

    __slots__ = ("_max_blob", "_needed", "_pending")

    def __init__(self, max_blob: int) -> None:
        """``max_blob``: bytes that a blob may have, at most, in this direction."""
        self._pending = bytearray()
        self._needed = 0
        self._max_blob = max_blob

    @property
    def buffered(self) -> int:
        """Bytes of an unfinished frame that wait for the rest."""
        return len(self._pending)

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Yield each frame that ``data`` completes.

        Raises FrameError at the first thing that is wrong, after the frames before it. The
        iterator must be run to its end before the next call.
        """
        if self._pending:
            # Appending is cheap; joining is done once a whole frame is there, so that a peer
            # which writes byte by byte cannot make each byte cost a copy of the frame.
            self._pending += data
            if len(self._pending) < self._needed:
                return
            data = bytes(self._pending)
            self._pending.clear()
        position, end = 0, len(data)
        self._needed = PREFIX_LENGTH
        try:
            while end - position >= PREFIX_LENGTH:
                head_length, blob_length = PREFIX.unpack_from(data, position)
                if not 0 < head_length <= MAX_HEAD:
                    raise FrameError(f"a head of {head_length} bytes; 1 to {MAX_HEAD} are allowed")
                if blob_length > self._max_blob:
                    raise FrameError(
                        f"a blob of {blob_length} bytes; at most {self._max_blob} are allowed"
                    )
                body = position + PREFIX_LENGTH
                blob = body + head_length
                after = blob + blob_length
                if after > end:
                    self._needed = after - position
                    break
                position = after
                yield decode_head(data[body:blob]), data[blob:after]
        finally:
            if position < end:
                self._pending += data[position:]

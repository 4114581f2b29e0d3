"""Header blocks, kept: a connection sends and gets the same few of them with every call.

What is sent leaves the table of the connection alone, so that a block means the same at any time
and is made once. What is received is kept only where it leaves that table alone too: fields that
stand in it already. Any other block may change it, and ends what is kept. See RFC 7541.
"""

from collections.abc import Iterable
from typing import Any

from hpack import Decoder, Encoder

_MOST_KEPT = 32
_LONGEST = 64
"""Bytes of a block that is kept: each may be a whole header of the table."""
_INDEXED = bytes(range(0x81, 0xFF))
"""A field of the table, where its number takes one byte: RFC 7541, 6.1."""


class KeptEncoder(Encoder):
    """Never adds to the table."""

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[tuple[bytes, bytes], ...], bytes] = {}

    def encode(self, headers: Iterable[Any] | dict[Any, Any], huffman: bool = True) -> bytes:
        """Return the block of these headers."""
        whole = tuple(headers)
        # The first block behind a change of the table's size begins with that size.
        is_plain = not self.header_table.resized
        found = self._kept.get(whole) if is_plain else None
        if found is None:
            found = super().encode([(name, value, True) for name, value in whole], huffman)
            if is_plain:
                if len(self._kept) >= _MOST_KEPT:
                    self._kept.clear()
                self._kept[whole] = found
        return found


class KeptDecoder(Decoder):
    """Reads a block again only where the one before may have changed the table."""

    def __init__(self, max_header_list_size: int) -> None:
        super().__init__(max_header_list_size)
        self._kept: dict[bytes, Any] = {}

    def decode(self, data: bytes, raw: bool = False) -> Any:
        """Return the headers of a block; the caller may keep the list, and must not change it."""
        block = bytes(data)
        found = self._kept.get(block) if raw else None
        if found is None:
            found = super().decode(data, raw)
            if block.strip(_INDEXED) or len(block) > _LONGEST or not raw:
                self._kept.clear()
            elif len(self._kept) < _MOST_KEPT:
                self._kept[block] = tuple(found)
        return list(found)

"""Hand-made modules, for faults that no assembler would write."""

from collections.abc import Callable

import pytest

HEADER = b"\0asm\1\0\0\0"


def leb(value: int) -> bytes:
    """Encode an unsigned number."""
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def section(section_id: int, body: bytes) -> bytes:
    """Encode a section."""
    return bytes([section_id]) + leb(len(body)) + body


@pytest.fixture(scope="session")
def module() -> Callable[..., bytes]:
    """Return ``module(*sections)``; a section is (id, body) or bytes as they are."""

    def make(*sections: tuple[int, bytes] | bytes) -> bytes:
        pieces = [part if isinstance(part, bytes) else section(*part) for part in sections]
        return HEADER + b"".join(pieces)

    return make

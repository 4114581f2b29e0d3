"""Modules that are cheap to write and dear to load, made by hand since no compiler would.

Each has the shape of a plugin (memory, ``on_event``, a manifest), so that only its size is wrong.
"""

import json

from sandbox_child.wasm.caps import MANIFEST_SECTION
from sandbox_child.wasm.sections import replace_custom_section

HEADER = b"\0asm\1\0\0\0"
MANIFEST = {
    "id": "org.example.guest.bomb",
    "name": "Bomb",
    "version": "1.0.0",
    "description": "Small to write, dear to load.",
    "events": ["ticket.created"],
}
# Type 0 is () -> (), type 1 is (i32, i32) -> ().
_TYPES = b"\2\x60\0\0\x60\2\x7f\x7f\0"
_EMPTY_BODY = b"\2\0\x0b"


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


def many_functions(count: int) -> bytes:
    """Return a module of ``count`` functions that do nothing: 4 bytes each."""
    return _module(b"\0" * (count - 1), _EMPTY_BODY * (count - 1), [])


def many_exports(count: int) -> bytes:
    """Return a module of ``count`` exports."""
    names = [f"e{number}" for number in range(count - 2)]
    return _module(b"", b"", names)


def long_function(instructions: int) -> bytes:
    """Return a module with one function of that many additions, each waiting for the one before.

    It passes every count: only the time that compiling takes tells it from a plugin.
    """
    # local.get 0, then i64.const 1, i64.add as often as asked, then drop.
    body = b"\1\1\x7e" + b"\x20\0" + b"\x42\1\x7c" * instructions + b"\x1a\x0b"
    return _module(b"\0", leb(len(body)) + body, [])


def _module(more_functions: bytes, more_bodies: bytes, more_exports: list[str]) -> bytes:
    functions = b"\1" + more_functions
    exports = [b"\x06memory\2\0", b"\x08on_event\0\0"]
    exports += [leb(len(name)) + name.encode() + b"\0\0" for name in more_exports]
    data = HEADER + b"".join(
        [
            section(1, _TYPES),
            section(3, leb(len(functions)) + functions),
            section(5, b"\1\0\1"),
            section(7, leb(len(exports)) + b"".join(exports)),
            section(10, leb(len(functions)) + _EMPTY_BODY + more_bodies),
        ]
    )
    return replace_custom_section(data, MANIFEST_SECTION, json.dumps(MANIFEST).encode())

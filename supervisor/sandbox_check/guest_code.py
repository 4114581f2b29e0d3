"""Small hostile guests, assembled by hand: this side of the trust line has no compiler.

Each is one body of ``on_event`` or of ``_initialize`` in the same module::

    import ohd.ohd_log (0), ohd.ohd_add_reply (1)
    memory of 2 pages, table of 1
    export ohd_alloc (2): 4096, ohd_free (3): nothing, on_event (4), _initialize (5)

See the WebAssembly specification, "Binary Format".
"""

from collections.abc import Sequence

_I32, _FUNCTION_TYPE = 0x7F, 0x60
_END = b"\x0b"

# loop; br 0; end
SPIN = bytes.fromhex("0340 0c00 0b")
# loop; memory.fill(0, 1, memory.size << 16); br 0; end
FILL = bytes.fromhex("0340 4100 4101 3f00 4110 74 fc0b00 0c00 0b")
# ohd_add_reply(0, 0); drop
CALL = bytes.fromhex("4100 4100 1001 1a")
_LOG = "4100 4101 4101 1000"
# loop; memory.grow(16) != -1 and memory.size < 512; br_if 0; end; memory.size > 256: log
GROW_MEMORY = bytes.fromhex("0340 4110 4000 417f 47 3f00 418004 49 71 0d00 0b") + bytes.fromhex(
    "3f00 418002 4b 0440" + _LOG + "0b"
)
# loop; table.grow(null, 1000) != -1; br_if 0; end; table.size > 50,000: log
GROW_TABLE = bytes.fromhex("0340 d070 41e807 fc0f00 417f 47 0d00 0b") + bytes.fromhex(
    "fc1000 41d08603 4b 0440" + _LOG + "0b"
)


def repeat(times: int, body: bytes) -> bytes:
    """Return a loop; it counts in the first local behind the two parameters."""
    count = bytes.fromhex("2002 4101 6a 2202 41") + _signed(times) + bytes.fromhex("49 0d00")
    return b"\x03\x40" + body + count + _END


def module(*, on_event: bytes = b"", initialize: bytes = b"") -> bytes:
    """Return the module with these two bodies."""
    types = [
        _type((_I32,), (_I32,)),
        _type((_I32, _I32), ()),
        _type((), ()),
        _type((_I32, _I32), (_I32,)),
        _type((_I32, _I32, _I32), ()),
    ]
    imports = [_import(b"ohd_log", 4), _import(b"ohd_add_reply", 3)]
    exports = [
        _export(b"memory", 2, 0),
        _export(b"ohd_alloc", 0, 2),
        _export(b"ohd_free", 0, 3),
        _export(b"on_event", 0, 4),
        _export(b"_initialize", 0, 5),
    ]
    bodies = [b"\x41\x80\x20", b"", on_event, initialize]
    return b"".join(
        (
            b"\0asm\x01\0\0\0",
            _section(1, types),
            _section(2, imports),
            _section(3, [bytes((kind,)) for kind in (0, 1, 1, 2)]),
            _section(4, [b"\x70\0\x01"]),
            _section(5, [b"\0\x02"]),
            _section(7, exports),
            _section(10, [_function(body) for body in bodies]),
        )
    )


def _type(parameters: Sequence[int], results: Sequence[int]) -> bytes:
    return bytes((_FUNCTION_TYPE,)) + _vector(parameters) + _vector(results)


def _vector(values: Sequence[int]) -> bytes:
    return bytes((len(values), *values))


def _name(name: bytes) -> bytes:
    return bytes((len(name),)) + name


def _import(name: bytes, kind: int) -> bytes:
    return _name(b"ohd") + _name(name) + bytes((0, kind))


def _export(name: bytes, kind: int, index: int) -> bytes:
    return _name(name) + bytes((kind, index))


def _function(body: bytes) -> bytes:
    whole = b"\x01\x01" + bytes((_I32,)) + body + _END
    return _unsigned(len(whole)) + whole


def _section(number: int, items: Sequence[bytes]) -> bytes:
    content = _unsigned(len(items)) + b"".join(items)
    return bytes((number,)) + _unsigned(len(content)) + content


def _unsigned(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))


def _signed(value: int) -> bytes:
    """Encode a positive number, whose last byte must not look negative."""
    out = _unsigned(value)
    return out if out[-1] < 0x40 else bytes((*out[:-1], out[-1] | 0x80, 0))


FLOOD_LOG = repeat(500, bytes.fromhex(_LOG))
FLOOD_CALLS = repeat(300, CALL)

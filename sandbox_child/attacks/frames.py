"""Frames that a compromised child writes to the supervisor, after a proper READY."""

import os
from collections.abc import Callable

import msgpack

from sandbox_child.attacks.attack import Attack
from sandbox_child.attacks.scene import Scene
from sandbox_child.lockdown.policy import PIPE_IN, PIPE_OUT
from sandbox_child.wire.frames import MAX_HEAD, PREFIX, encode_frame
from sandbox_child.wire.messages import CALL, EVENT, LOG, READY, RESULT, HostCall

_MIB = 1 << 20
_FLOOD = 100_000
_WORK = 1
"""The seq of the event that the supervisor asks for before it is attacked."""


def _write(data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(PIPE_OUT, rest) :]


def _say(pieces: tuple[bytes, ...], times: int) -> Callable[[Scene], None]:
    """Wait to be asked for something, answer with ``pieces``, and wait for the end."""

    def attempt(_scene: Scene) -> None:
        os.read(PIPE_IN, _MIB)
        for _ in range(times):
            for piece in pieces:
                _write(piece)
        while os.read(PIPE_IN, _MIB):
            pass

    return attempt


def _raw(head: bytes, blob: bytes = b"") -> bytes:
    """Return a frame around a head that ``encode_frame`` might not write."""
    return PREFIX.pack(len(head), len(blob)) + head + blob


def _attack(what: str, *pieces: bytes, times: int = 1) -> Attack:
    return Attack(f"frames.{what}", _say(pieces, times), frozenset(), talks=True)


_LINE = encode_frame((LOG, 1), b"x" * 100)
_FIRST_CALL = encode_frame((CALL, 1, HostCall.ADD_REPLY), b"{}")

ATTACKS = (
    _attack("garbage", bytes(range(256)) * 16),
    _attack("text", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    _attack("zeros", bytes(4096)),
    _attack("empty_head", PREFIX.pack(0, 0)),
    _attack("head_of_4_gib", PREFIX.pack(0xFFFFFFFF, 0) + bytes(4096)),
    _attack("blob_of_4_gib", PREFIX.pack(3, 0xFFFFFFFF) + bytes(4096)),
    _attack("head_one_byte_too_long", _raw(bytes(MAX_HEAD + 1))),
    _attack("nested_arrays", _raw(b"\x91" * (MAX_HEAD - 1) + b"\xc0")),
    _attack("claims_four_billion_items", _raw(b"\xdd\xff\xff\xff\xff")),
    _attack("claims_four_billion_pairs", _raw(b"\xdf\xff\xff\xff\xff")),
    _attack("map", _raw(msgpack.packb({}))),
    _attack("extension_type", _raw(msgpack.packb([LOG, msgpack.ExtType(5, b"x")]))),
    _attack("text_in_place_of_number", _raw(msgpack.packb([RESULT, "1", 0, 0, 0]))),
    _attack("fraction_in_place_of_number", _raw(msgpack.packb([RESULT, 1.0, 0, 0, 0]))),
    _attack("truth_in_place_of_number", _raw(msgpack.packb([RESULT, True, 0, 0, 0]))),
    _attack("negative_number", _raw(msgpack.packb([RESULT, -1, 0, 0, 0]))),
    _attack("number_beyond_63_bits", _raw(msgpack.packb([RESULT, 1, 0, 0, (1 << 64) - 1]))),
    _attack("item_missing", _raw(msgpack.packb([RESULT, 1]))),
    _attack("item_too_many", _raw(msgpack.packb([LOG, 1, 1]))),
    _attack("bytes_behind_head", _raw(msgpack.packb([LOG, 1]) + b"\0")),
    _attack("unknown_kind", encode_frame((99, 1))),
    _attack("kind_of_the_other_side", encode_frame((EVENT, 1), b"{}")),
    _attack("ready_again", encode_frame((READY, 0), b"[]")),
    _attack("result_of_another_event", encode_frame((RESULT, _WORK + 1, 0, 0, 0))),
    _attack("result_of_the_start", encode_frame((RESULT, 0, 0, 0, 0))),
    _attack("result_twice", encode_frame((RESULT, _WORK, 0, 0, 0)) * 2),
    _attack("result_of_unknown_kind", encode_frame((RESULT, _WORK, 77, 0, 0))),
    _attack("result_with_endless_text", encode_frame((RESULT, _WORK, 1, 0, 0), b"x" * 500_000)),
    _attack("result_during_call", _FIRST_CALL + encode_frame((RESULT, _WORK, 0, 0, 0))),
    _attack("call_of_unknown_name", encode_frame((CALL, 1, 77), b"{}")),
    _attack("call_out_of_turn", encode_frame((CALL, 7, HostCall.ADD_REPLY), b"{}")),
    _attack("call_during_call", _FIRST_CALL + encode_frame((CALL, 2, HostCall.ADD_REPLY), b"{}")),
    _attack("call_too_large", encode_frame((CALL, 1, HostCall.HTTP_REQUEST), bytes(2 * _MIB))),
    _attack("line_of_unknown_level", encode_frame((LOG, 9), b"x")),
    _attack("line_too_long", encode_frame((LOG, 1), b"x" * 100_000)),
    _attack("flood_of_lines", _LINE, times=_FLOOD),
    _attack("flood_of_empty_lines", encode_frame((LOG, 0)) * 1000, times=_FLOOD),
    _attack("half_a_prefix", PREFIX.pack(3, 0)[:5]),
    _attack("half_a_frame", PREFIX.pack(3, 100_000) + msgpack.packb([LOG, 1]) + b"x"),
    _attack("silence"),
)

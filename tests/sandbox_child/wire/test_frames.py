"""Frames: what was sent arrives, whatever the pieces; what is no frame is refused, and cheaply."""

import itertools
import time
from collections.abc import Iterable
from contextlib import suppress

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox_child.wire.errors import FrameError
from sandbox_child.wire.frames import (
    MAX_HEAD,
    MAX_ITEMS,
    PREFIX,
    Frame,
    FrameDecoder,
    decode_head,
    encode_frame,
)

MAX_BLOB = 4096

_numbers = st.integers(min_value=0, max_value=2**63 - 1)
_heads = st.lists(_numbers, min_size=1, max_size=MAX_ITEMS).map(tuple)
_frames = st.lists(st.tuples(_heads, st.binary(max_size=300)), max_size=6)


def decode(pieces: Iterable[bytes], max_blob: int = MAX_BLOB) -> list[Frame]:
    decoder = FrameDecoder(max_blob)
    return [frame for piece in pieces for frame in decoder.feed(piece)]


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[start:end] for start, end in itertools.pairwise(ends)]


@settings(deadline=None)
@given(_frames, st.lists(st.integers(min_value=0), max_size=20))
def test_frames_survive_being_cut_anywhere(frames: list[Frame], places: list[int]) -> None:
    data = b"".join(encode_frame(head, blob) for head, blob in frames)
    assert decode(cut(data, places)) == frames


@settings(deadline=None)
@given(_frames)
def test_frames_survive_byte_by_byte(frames: list[Frame]) -> None:
    data = b"".join(encode_frame(head, blob) for head, blob in frames)
    assert decode(bytes([byte]) for byte in data) == frames


@settings(deadline=None)
@given(st.lists(st.binary(max_size=400), max_size=30))
def test_arbitrary_bytes_give_frames_or_a_frame_error_and_keep_little(pieces: list[bytes]) -> None:
    decoder = FrameDecoder(MAX_BLOB)
    for piece in pieces:
        try:
            for head, blob in decoder.feed(piece):
                assert head
                assert len(blob) <= MAX_BLOB
        except FrameError:
            return
        assert decoder.buffered <= PREFIX.size + MAX_HEAD + MAX_BLOB


@settings(deadline=None)
@given(st.binary(max_size=MAX_HEAD))
def test_arbitrary_heads_are_small_tuples_or_refused(packed: bytes) -> None:
    try:
        head = decode_head(packed)
    except FrameError:
        return
    assert 0 < len(head) <= MAX_ITEMS


@settings(deadline=None)
@given(_heads, st.data())
def test_a_changed_byte_is_a_frame_a_wait_or_a_frame_error(
    head: tuple[int, ...], data: st.DataObject
) -> None:
    frame = bytearray(encode_frame(head, b"blob"))
    at = data.draw(st.integers(min_value=0, max_value=len(frame) - 1))
    frame[at] = data.draw(st.integers(min_value=0, max_value=255))
    with suppress(FrameError):
        assert len(decode([bytes(frame)])) <= 1


def test_frames_before_the_wrong_one_are_still_given() -> None:
    decoder = FrameDecoder(MAX_BLOB)
    fed = decoder.feed(encode_frame((1, 2)) + PREFIX.pack(0, 0))
    assert next(fed) == ((1, 2), b"")
    with pytest.raises(FrameError, match="a head of 0 bytes"):
        next(fed)


def test_the_largest_blob_passes_and_one_byte_more_does_not() -> None:
    assert decode([encode_frame((1,), b"x" * MAX_BLOB)]) == [((1,), b"x" * MAX_BLOB)]
    with pytest.raises(FrameError, match=f"a blob of {MAX_BLOB + 1} bytes; at most {MAX_BLOB}"):
        decode([encode_frame((1,), b"x" * (MAX_BLOB + 1))])


def test_lengths_are_refused_before_what_they_announce_has_come() -> None:
    for head, blob in ((MAX_HEAD + 1, 0), (0, 5), (1, MAX_BLOB + 1), (2**32 - 1, 2**32 - 1)):
        with pytest.raises(FrameError):
            decode([PREFIX.pack(head, blob)])


def test_the_largest_head_passes_and_one_byte_more_cannot_be_sent() -> None:
    fits = "x" * (MAX_HEAD - 3)  # an array of one string: a byte and two bytes before its text
    assert decode([encode_frame((fits,))]) == [((fits,), b"")]
    with pytest.raises(FrameError, match=f"a head of {MAX_HEAD + 1} bytes"):
        encode_frame((fits + "x",))


@pytest.mark.parametrize(
    "packed",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x90", id="an empty array"),
        pytest.param(b"\x01", id="a number"),
        pytest.param(b"\x91", id="an array without its item"),
        pytest.param(b"\x91\x01\x01", id="something behind it"),
        pytest.param(b"\xdd\xff\xff\xff\xff", id="an array of four billion"),
        pytest.param(b"\x91\xdf\xff\xff\xff\xff", id="a map of four billion"),
        pytest.param(b"\x91\x81\x01\x02", id="a map"),
        pytest.param(b"\x91\xc4\x01x", id="bytes"),
        pytest.param(b"\x91\xd4\x05x", id="an extension type"),
        pytest.param(b"\x91\xd6\xff\0\0\0\0", id="a time"),
        pytest.param(b"\x91\xdb\xff\xff\xff\xffx", id="a text of four billion"),
        pytest.param(b"\x91\xa1\xff", id="a text that is not UTF-8"),
        pytest.param(b"\xc1", id="a byte that means nothing"),
        pytest.param(b"\x91" * 200, id="two hundred arrays in each other"),
        pytest.param(msgpack.packb([0] * (MAX_ITEMS + 1)), id="one item too many"),
    ],
)
def test_what_is_no_short_array_is_refused(packed: bytes) -> None:
    with pytest.raises(FrameError):
        decode([PREFIX.pack(len(packed), 0) + packed])


def test_a_peer_that_writes_byte_by_byte_costs_no_more_than_its_bytes() -> None:
    # Were the waiting bytes copied for each new one, this would copy 80 GB.
    size = 400_000
    data = encode_frame((1,), b"x" * size)
    began = time.process_time()
    assert len(decode((data[at : at + 1] for at in range(len(data))), size)) == 1
    assert time.process_time() - began < 4

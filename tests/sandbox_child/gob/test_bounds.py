"""What a peer's gob may not do: lie about lengths, and make much of little."""

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox_child.gob.cursor import encode_bytes, encode_int, encode_uint
from sandbox_child.gob.decoder import Caps, Decoder
from sandbox_child.gob.encoder import Encoder
from sandbox_child.gob.errors import GobError, GobTooMuch
from sandbox_child.gob.types import A_STRING, AN_INT, Slice


def message(*parts: bytes) -> bytes:
    content = b"".join(parts)
    return encode_uint(len(content)) + content


def common(number: int) -> bytes:
    return b"\x01\x02" + encode_int(number) + b"\0"


def slice_of(number: int, element: int) -> bytes:
    """Return the description of a slice."""
    inner = common(number) + b"\x01" + encode_int(element) + b"\0"
    return message(encode_int(-number), b"\x02", inner, b"\0")


def array_of(number: int, element: int, length: int) -> bytes:
    inner = common(number) + b"\x01" + encode_int(element) + b"\x01" + encode_int(length) + b"\0"
    return message(encode_int(-number), b"\x01", inner, b"\0")


def struct_of(number: int, *fields: tuple[str, int]) -> bytes:
    listed = b"".join(
        b"\x01" + encode_bytes(name.encode()) + b"\x01" + encode_int(of) + b"\0"
        for name, of in fields
    )
    inner = common(number) + b"\x01" + encode_uint(len(fields)) + listed + b"\0"
    return message(encode_int(-number), b"\x03", inner, b"\0")


def decode(data: bytes, caps: Caps | None = None) -> list[object]:
    return list(Decoder(caps).feed(data))


def test_a_slice_that_holds_itself_is_followed_no_deeper_than_allowed():
    nested = b"\x01" * 20 + b"\0"
    assert decode(slice_of(65, 65) + message(encode_int(65), b"\0", nested))
    with pytest.raises(GobTooMuch, match="nested"):
        decode(slice_of(65, 65) + message(encode_int(65), b"\0", b"\x01" * 500 + b"\0"))


def test_structures_that_hold_each_other_end_with_their_bytes():
    types = struct_of(65, ("A", 66)) + struct_of(66, ("B", 65))
    assert decode(types + message(encode_int(65), b"\x01\x01\0\0\0"))
    with pytest.raises(GobTooMuch, match="nested"):
        decode(types + message(encode_int(65), b"\x01" * 500 + b"\0" * 500))


def test_a_bomb_of_small_values_is_refused():
    bomb = slice_of(65, 1) + message(encode_int(65), b"\0", encode_uint(400_000), b"\x01" * 400_000)
    with pytest.raises(GobTooMuch, match="50,000 values"):
        decode(bomb)


def test_a_bomb_of_types_is_refused():
    with pytest.raises(GobTooMuch, match="128 types"):
        decode(b"".join(slice_of(65 + n, 1) for n in range(10_000)))


def test_a_bomb_of_fields_is_refused():
    with pytest.raises(GobTooMuch, match="fields"):
        decode(struct_of(65, *[(f"F{n}", 1) for n in range(1_000)]))


def test_a_message_of_two_gigabytes_is_refused_by_its_length():
    with pytest.raises(GobTooMuch, match="2,147,483,648 bytes"):
        decode(encode_uint(1 << 31))


@pytest.mark.parametrize("length", [1 << 31, (1 << 63) + 1, (1 << 64) - 1, 5])
def test_a_string_longer_than_its_message_is_refused(length):
    with pytest.raises(GobError, match="bytes are left"):
        decode(message(encode_int(6), b"\0", encode_uint(length), b"abc"))


@pytest.mark.parametrize(
    "data",
    [
        message(encode_int(6), b"\0\xf0"),
        b"\x80" + bytes(128),
        message(),
        message(encode_int(64), b"\0"),
        message(encode_int(99), b"\0"),
        message(encode_int(6), b"\x01", encode_bytes(b"x")),
        message(encode_int(1), b"\0\x02"),
        message(encode_int(6), b"\0", encode_bytes(b"x"), b"more"),
        message(encode_int(-5), b"\x02\0\0"),
        message(encode_int(-65), b"\x08\0\0"),
        message(encode_int(-65), b"\x02\x05\0\0"),
        slice_of(65, 1) * 2,
        slice_of(65, 9),
        slice_of(65, -70),
        struct_of(65, ("", 1)),
        struct_of(65, ("A", 1)) + message(encode_int(65), b"\x02\x01\0"),
        array_of(65, 1, 3) + message(encode_int(65), b"\0\x02\x01\x01"),
        array_of(65, 1, -3),
        message(
            encode_int(8), b"\0", encode_bytes(b"int"), encode_int(2), encode_bytes(b"\0\x02x")
        ),
    ],
)
def test_what_is_no_gob_is_refused(data):
    with pytest.raises(GobError):
        decode(data)


def test_an_array_of_huge_length_costs_nothing():
    with pytest.raises(GobError):
        decode(array_of(65, 1, 1 << 40) + message(encode_int(65), b"\0", encode_uint(1 << 40)))


def test_a_nil_interface_is_four_bytes():
    assert decode(bytes.fromhex("03100000")) == [None]


VALUES = st.lists(st.text(max_size=8), max_size=4)


@settings(deadline=None, max_examples=300)
@given(st.lists(VALUES, max_size=5), st.lists(st.integers(0, 255), max_size=6), st.integers(1, 9))
def test_any_damage_is_refused_or_read_and_cut_anywhere_it_is_the_same(values, damage, size):
    encoder = Encoder()
    data = bytearray(b"".join(encoder.encode(Slice(A_STRING), value) for value in values))
    data += Encoder().encode(AN_INT, 5)
    for place in damage:
        data[place % len(data)] ^= 1 << (place % 8)

    def read(pieces):
        decoder, found = Decoder(Caps(message_bytes=4096)), []
        try:
            for piece in pieces:
                found += decoder.feed(piece)
        except GobError as exc:
            return str(exc)
        return found

    whole = read([bytes(data)])
    assert whole == read([bytes(data[i : i + size]) for i in range(0, len(data), size)])


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200))
def test_random_bytes_raise_nothing_else(data):
    with contextlib.suppress(GobError):
        decode(data)

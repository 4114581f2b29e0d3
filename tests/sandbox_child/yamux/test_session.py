"""What a yamux peer may do, and what it may make this side keep."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox_child.yamux.errors import YamuxError, YamuxFlood
from sandbox_child.yamux.events import DataReceived, StreamEnded, StreamOpened, WentAway
from sandbox_child.yamux.frames import (
    ACK,
    DATA,
    FIN,
    GO_AWAY,
    HEADER,
    PING,
    RST,
    SYN,
    WINDOW,
    encode_header,
)
from sandbox_child.yamux.session import WINDOW_BYTES, Caps, Session


def sent(session: Session) -> list[tuple[int, int, int, int, bytes]]:
    """Return what a session writes: kind, flags, stream, length and data of each frame."""
    data, position, frames = session.output(), 0, []
    while position < len(data):
        _, kind, flags, stream, length = HEADER.unpack_from(data, position)
        position += HEADER.size
        body = data[position : position + length] if kind == DATA else b""
        position += len(body)
        frames.append((kind, flags, stream, length, body))
    return frames


def data(stream: int, body: bytes, flags: int = 0) -> bytes:
    return encode_header(DATA, flags, stream, len(body)) + body


def test_our_streams_have_odd_numbers_and_carry_data():
    session = Session()
    first, second = session.open(), session.open()
    session.send(second, b"hello")
    assert (first, second) == (1, 3)
    assert sent(session) == [
        (WINDOW, SYN, 1, 0, b""),
        (WINDOW, SYN, 3, 0, b""),
        (DATA, 0, 3, 5, b"hello"),
    ]
    assert session.output() == b""


def test_a_stream_of_the_peer_is_accepted_and_read():
    session = Session()
    events = session.feed(encode_header(WINDOW, SYN, 2, 0) + data(2, b"abc", FIN))
    assert events == [StreamOpened(2), DataReceived(2, b"abc"), StreamEnded(2, reset=False)]
    assert sent(session) == [(WINDOW, ACK, 2, 0, b"")]
    session.close(2)
    assert sent(session) == [(WINDOW, FIN, 2, 0, b"")]
    assert session.open_streams == 0


def test_a_stream_may_open_with_its_first_data():
    assert Session().feed(data(2, b"x", SYN)) == [StreamOpened(2), DataReceived(2, b"x")]


def test_pings_are_answered_with_their_number():
    session = Session()
    session.feed(encode_header(PING, SYN, 0, 77) + encode_header(PING, ACK, 0, 78))
    assert sent(session) == [(PING, ACK, 0, 77, b"")]


def test_no_more_is_sent_than_the_peer_has_room_for():
    session = Session()
    stream = session.open()
    session.output()
    session.send(stream, b"x" * (WINDOW_BYTES + 10))
    session.close(stream)
    assert [frame[3] for frame in sent(session)] == [WINDOW_BYTES]
    assert session.unsent(stream) == 10
    session.feed(encode_header(WINDOW, 0, stream, 4))
    assert [frame[3] for frame in sent(session)] == [4]
    session.feed(encode_header(WINDOW, 0, stream, 100))
    assert sent(session) == [(DATA, 0, stream, 6, b"x" * 6), (WINDOW, FIN, stream, 0, b"")]


def test_room_is_given_back_when_data_was_consumed():
    session = Session()
    session.feed(data(2, b"x" * WINDOW_BYTES, SYN))
    session.output()
    session.consumed(2, WINDOW_BYTES // 2 - 1)
    assert session.output() == b""
    session.consumed(2, 1)
    assert sent(session) == [(WINDOW, 0, 2, WINDOW_BYTES // 2, b"")]
    session.feed(data(2, b"x" * (WINDOW_BYTES // 2)))


def test_frames_for_a_stream_that_we_gave_up_are_passed_over():
    session = Session()
    session.feed(encode_header(WINDOW, SYN, 2, 0))
    session.reset(2)
    assert session.feed(data(2, b"late" * 1000) + data(4, b"x", SYN))[0] == StreamOpened(4)


def test_a_go_away_is_told_with_its_reason():
    assert Session().feed(encode_header(GO_AWAY, 0, 0, 2)) == [WentAway(2)]


def test_more_streams_than_allowed_are_reset_and_then_end_the_session():
    session = Session(Caps(streams=4, refused=3))
    for number in range(2, 10, 2):
        session.feed(encode_header(WINDOW, SYN, number, 0))
    session.output()
    assert session.feed(encode_header(WINDOW, SYN, 10, 0)) == []
    assert sent(session) == [(WINDOW, RST, 10, 0, b"")]
    assert session.open_streams == 4
    many = b"".join(encode_header(WINDOW, SYN, number, 0) for number in range(12, 20_012, 2))
    with pytest.raises(YamuxFlood):
        session.feed(many)


def test_answers_that_the_peer_does_not_read_are_bounded():
    session = Session()
    with pytest.raises(YamuxFlood):
        session.feed(encode_header(PING, SYN, 0, 1) * 100_000)
    assert session.unwritten <= 64 * 1024


HOSTILE = {
    "another version": bytes((1, *bytes(11))),
    "an unknown type": encode_header(4, 0, 0, 0),
    "unknown flags": encode_header(WINDOW, 0x10, 1, 0),
    "data for stream 0": encode_header(DATA, 0, 0, 0),
    "a ping for a stream": encode_header(PING, SYN, 3, 0),
    "an odd stream opened": encode_header(WINDOW, SYN, 5, 0),
    "a stream opened twice": encode_header(WINDOW, SYN, 2, 0) * 2,
    "a smaller number than before": encode_header(WINDOW, SYN, 4, 0)
    + encode_header(WINDOW, SYN, 2, 0),
    "data for a stream that never was": data(8, b"x"),
    "room for a stream that never was": encode_header(WINDOW, 0, 9, 1),
    "a frame of 4 GiB": encode_header(DATA, 0, 1, 0xFFFFFFFF),
    "a frame beyond a window": encode_header(DATA, 0, 1, WINDOW_BYTES + 1),
    "more than the room": data(1, b"x" * WINDOW_BYTES) + data(1, b"x"),
    "a window that overflows": encode_header(WINDOW, 0, 1, 0xFFFFFFFF),
    "data behind the end": data(1, b"x", FIN) + data(1, b"y"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_breaks_the_protocol_ends_the_session(name):
    session = Session()
    session.open()
    with pytest.raises(YamuxError):
        session.feed(HOSTILE[name])


FRAMES = st.builds(
    lambda kind, flags, stream, length, body: (
        encode_header(
            kind, flags, stream, len(body) if kind == DATA and length is None else length or 0
        )
        + (body if kind == DATA else b"")
    ),
    st.integers(0, 4),
    st.integers(0, 15),
    st.integers(0, 9),
    st.none() | st.integers(0, 0xFFFFFFFF),
    st.binary(max_size=64),
)


@settings(deadline=None, max_examples=400)
@given(st.lists(FRAMES | st.binary(max_size=20), max_size=30), st.integers(1, 40))
def test_any_bytes_end_a_session_cleanly_and_cut_anywhere_tell_the_same(parts, size):
    whole = b"".join(parts)

    def hear(pieces):
        session, heard = Session(), []
        session.open()
        try:
            for piece in pieces:
                for event in session.feed(piece):
                    if isinstance(event, DataReceived):
                        session.consumed(event.stream, len(event.data))
                    heard.append(event)
        except YamuxError as exc:
            return heard, str(exc)
        assert session.open_streams <= 65
        return heard, session.output()

    one = hear([whole])
    many = hear([whole[i : i + size] for i in range(0, len(whole), size)])
    # What came in the same piece as the break is lost with it.
    assert one[1] == many[1]
    assert isinstance(one[1], str) or one == many

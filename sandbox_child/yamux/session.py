"""The client's side of a connection: a state machine that is fed with bytes and gives bytes.

The peer is hostile. What it may make this side keep is bounded: streams, unread bytes of each (the
window), and answers that wait to be written. What it may repeat for nothing is counted.
"""

from dataclasses import dataclass, field

from sandbox_child.yamux.errors import YamuxError, YamuxFlood
from sandbox_child.yamux.events import DataReceived, Event, StreamEnded, StreamOpened, WentAway
from sandbox_child.yamux.frames import (
    ACK,
    DATA,
    FIN,
    GO_AWAY,
    GO_AWAY_NORMAL,
    HEADER_LENGTH,
    PING,
    RST,
    SYN,
    WINDOW,
    Header,
    decode_header,
    encode_header,
)

WINDOW_BYTES = 256 * 1024
"""Room of a stream at its start, in both directions; fixed by the protocol."""
_MOST_WINDOW = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Caps:
    """What a peer may do at most."""

    streams: int = 64
    """Streams of the peer's that are open at one time; more are reset at once."""
    refused: int = 256
    """Streams that may be reset for that, in all."""
    unsent_answers: int = 64 * 1024
    """Bytes of answers (pings, resets) that wait because the peer does not read."""


@dataclass(slots=True)
class _Stream:
    room: int = WINDOW_BYTES
    """Bytes that the peer may still send."""
    owed: int = 0
    """Bytes that were consumed and not given back yet."""
    credit: int = WINDOW_BYTES
    """Bytes that we may still send."""
    waiting: bytearray = field(default_factory=bytearray)
    """Bytes that wait for credit."""
    closing: bool = False
    """Whether FIN follows what waits."""
    we_ended: bool = False
    they_ended: bool = False


class Session:
    """One connection. Streams that we open have odd numbers, those of the peer even ones."""

    def __init__(self, caps: Caps | None = None) -> None:
        self._caps = caps or Caps()
        self._streams: dict[int, _Stream] = {}
        self._next = 1
        self._last_theirs = 0
        self._refused = 0
        self._pending = bytearray()
        self._needed = HEADER_LENGTH
        self._out = bytearray()
        self._answers = 0
        self._skipping = 0
        """Bytes of data still to come for a stream that is gone."""

    @property
    def open_streams(self) -> int:
        """How many streams are open, of both sides."""
        return len(self._streams)

    def open(self) -> int:
        """Open a stream and return its number."""
        number = self._next
        self._next += 2
        self._streams[number] = _Stream()
        self._out += encode_header(WINDOW, SYN, number, 0)
        return number

    def send(self, number: int, data: bytes) -> None:
        """Send ``data`` as the peer gives room for it; dropped where the stream has ended."""
        stream = self._streams.get(number)
        if stream is None or stream.closing:
            return
        stream.waiting += data
        self._push(number, stream)

    def unsent(self, number: int) -> int:
        """Return how many bytes of a stream wait for room."""
        stream = self._streams.get(number)
        return len(stream.waiting) if stream else 0

    @property
    def unwritten(self) -> int:
        """Bytes that :meth:`output` would return."""
        return len(self._out)

    def close(self, number: int) -> None:
        """Send no more on a stream, once what waits has gone."""
        stream = self._streams.get(number)
        if stream is not None and not stream.closing:
            stream.closing = True
            self._push(number, stream)

    def reset(self, number: int) -> None:
        """Give a stream up in both directions at once."""
        if self._streams.pop(number, None) is not None:
            self._out += encode_header(WINDOW, RST, number, 0)

    def go_away(self) -> None:
        """Say that no more streams are opened or taken."""
        self._out += encode_header(GO_AWAY, 0, 0, GO_AWAY_NORMAL)

    def consumed(self, number: int, count: int) -> None:
        """Let the peer send ``count`` bytes more: that many of a stream have been dealt with."""
        stream = self._streams.get(number)
        if stream is None or stream.they_ended:
            return
        stream.owed += count
        # Half a window at a time, as the protocol's own library does: fewer frames.
        if stream.owed >= WINDOW_BYTES // 2:
            self._out += encode_header(WINDOW, 0, number, stream.owed)
            stream.room += stream.owed
            stream.owed = 0

    def output(self) -> bytes:
        """Return what is to be written; ask again once all of it has been."""
        data = bytes(self._out)
        self._out.clear()
        self._answers = 0
        return data

    def feed(self, data: bytes) -> list[Event]:
        """Return what ``data`` from the peer tells; raises YamuxError, which ends the session."""
        events: list[Event] = []
        if self._pending:
            # Joined once a whole frame is there: a peer that writes byte by byte must not make each
            # byte cost a copy of the frame.
            self._pending += data
            if len(self._pending) < self._needed:
                return events
            data = bytes(self._pending)
            self._pending.clear()
        position, end = 0, len(data)
        self._needed = HEADER_LENGTH
        while position < end:
            if self._skipping:
                step = min(self._skipping, end - position)
                self._skipping -= step
                position += step
                continue
            if end - position < HEADER_LENGTH:
                break
            header = decode_header(data, position)
            taken = self._frame(header, data, position + HEADER_LENGTH, events)
            if taken is None:
                # Never more than a window of one stream, whatever the peer opens.
                self._needed = HEADER_LENGTH + header.length
                break
            position = taken
        if position < end:
            self._pending += data[position:]
        return events

    def _frame(self, header: Header, data: bytes, body: int, events: list[Event]) -> int | None:
        """Take one frame; return where it ends, None where it is not all there."""
        if header.kind != DATA:
            self._control(header, events)
            return body
        if header.length > WINDOW_BYTES:
            raise YamuxError(f"{header.length} bytes in a frame; at most {WINDOW_BYTES} fit")
        if header.stream not in self._streams and not header.flags & SYN:
            self._gone(header)
            self._skipping = header.length
            return body
        end = body + header.length
        if end > len(data):
            return None
        self._data(header, data[body:end], events)
        return end

    def _control(self, header: Header, events: list[Event]) -> None:
        if header.kind == WINDOW:
            stream = self._stream(header, events)
            if stream is not None:
                self._more_credit(header, stream)
                self._flags(header, stream, events)
        elif header.kind == PING:
            if header.flags & SYN:
                self._answer(encode_header(PING, ACK, 0, header.length))
        else:
            events.append(WentAway(header.length))

    def _data(self, header: Header, data: bytes, events: list[Event]) -> None:
        stream = self._stream(header, events)
        if stream is None:
            return
        if data:
            if stream.they_ended:
                raise YamuxError("data after the end of a stream")
            if len(data) > stream.room:
                raise YamuxError(f"{len(data)} bytes for a stream with room for {stream.room}")
            stream.room -= len(data)
            events.append(DataReceived(header.stream, data))
        self._flags(header, stream, events)

    def _stream(self, header: Header, events: list[Event]) -> _Stream | None:
        """Return the stream of a frame, opened by it where it says so; None for one that is gone.

        A peer of which we are done may not know yet, so such frames are passed over.
        """
        number = header.stream
        if not header.flags & SYN:
            stream = self._streams.get(number)
            if stream is None:
                self._gone(header)
            return stream
        if number % 2 or number <= self._last_theirs:
            raise YamuxError(f"stream {number} opened; expected an even number above all before")
        self._last_theirs = number
        if sum(1 for known in self._streams if known % 2 == 0) >= self._caps.streams:
            self._refused += 1
            if self._refused > self._caps.refused:
                raise YamuxFlood(f"more than {self._caps.streams} streams, over and over")
            self._answer(encode_header(WINDOW, RST, number, 0))
            return None
        stream = self._streams[number] = _Stream()
        self._answer(encode_header(WINDOW, ACK, number, 0))
        events.append(StreamOpened(number))
        return stream

    def _gone(self, header: Header) -> None:
        number = header.stream
        if number >= self._next if number % 2 else number > self._last_theirs:
            raise YamuxError(f"a frame for stream {number}, which was never opened")

    def _more_credit(self, header: Header, stream: _Stream) -> None:
        if stream.credit + header.length > _MOST_WINDOW:
            raise YamuxError("a window update that overflows the window")
        stream.credit += header.length
        self._push(header.stream, stream)

    def _flags(self, header: Header, stream: _Stream, events: list[Event]) -> None:
        if header.flags & RST:
            self._streams.pop(header.stream, None)
            events.append(StreamEnded(header.stream, reset=True))
        elif header.flags & FIN and not stream.they_ended:
            stream.they_ended = True
            events.append(StreamEnded(header.stream, reset=False))
            self._forget(header.stream, stream)

    def _push(self, number: int, stream: _Stream) -> None:
        """Send what the peer has room for, and the end once everything has gone."""
        if stream.waiting and stream.credit:
            part = bytes(stream.waiting[: stream.credit])
            del stream.waiting[: len(part)]
            stream.credit -= len(part)
            self._out += encode_header(DATA, 0, number, len(part)) + part
        if stream.closing and not stream.waiting and not stream.we_ended:
            stream.we_ended = True
            self._out += encode_header(WINDOW, FIN, number, 0)
            self._forget(number, stream)

    def _forget(self, number: int, stream: _Stream) -> None:
        if stream.we_ended and stream.they_ended:
            self._streams.pop(number, None)

    def _answer(self, frame: bytes) -> None:
        self._answers += len(frame)
        if self._answers > self._caps.unsent_answers:
            raise YamuxFlood("it asks for more answers than it reads")
        self._out += frame

"""What both sides of a connection share, on top of h2.

The peer is hostile. What it may make this side keep is bounded: streams, headers, the room that it
has for data, and what waits to be sent. Everything that it sends besides data has a toll.
"""

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

import h2.events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import H2Error, NoSuchStreamError, StreamClosedError
from h2.settings import SettingCodes, Settings
from hpack.exceptions import HPACKError
from hyperframe.exceptions import HyperframeError

from sandbox_child.grpc.errors import GrpcError, GrpcFlood
from sandbox_child.grpc.headers import KeptDecoder, KeptEncoder
from sandbox_child.grpc.toll import PREFACE_BYTES, Clock, Rates, Toll

Headers = list[tuple[bytes, bytes]]
_GIVES_ROOM = (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)


@dataclass(frozen=True, slots=True)
class Caps:
    """What a peer may do at most. Sizes in bytes."""

    message: int = 4 << 20
    streams: int = 100
    """Of the peer's, open at one time."""
    buffered: int = 16 << 20
    """Of the messages of all streams that are not whole yet."""
    window: int = 1 << 20
    """That the peer may have under way, of one stream and of all."""
    header_list: int = 16 << 10
    unsent: int = 16 << 20
    """That wait because the peer does not read, or gives no room."""
    rates: Rates = field(default_factory=Rates)
    """Of everything but data."""


class _Http2(H2Connection):
    """h2 with less memory of what is over."""

    MAX_CLOSED_STREAMS = 1024


@dataclass(slots=True)
class _Outgoing:
    """What waits to be sent on one stream."""

    data: deque[memoryview] = field(default_factory=deque)
    ends: bool = False
    """Whether the stream ends behind the data."""
    trailers: Headers | None = None


class Connection:
    """One side of a connection: bytes in, h2's events out, and data as the peer gives room."""

    def __init__(self, *, client: bool, caps: Caps, clock: Clock = time.monotonic) -> None:
        self._caps = caps
        self._toll = Toll(caps.rates, skip=0 if client else PREFACE_BYTES, clock=clock)
        # What we send is our own and lower case; what is received is checked.
        settings = H2Configuration(
            client_side=client,
            header_encoding=None,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
        )
        self._http2 = http2 = _Http2(settings)
        http2.encoder = KeptEncoder()
        http2.decoder = KeptDecoder(caps.header_list)
        values = {
            SettingCodes.INITIAL_WINDOW_SIZE: caps.window,
            SettingCodes.MAX_CONCURRENT_STREAMS: caps.streams,
            SettingCodes.MAX_HEADER_LIST_SIZE: caps.header_list,
        }
        if client:
            values[SettingCodes.ENABLE_PUSH] = 0
        http2.local_settings = Settings(client=client, initial_values=values)
        http2.initiate_connection()
        http2.increment_flow_control_window(caps.window - 65_535)
        self._outgoing: dict[int, _Outgoing] = {}
        self._waiting = 0
        self._out = bytearray()

    def output(self) -> bytes:
        """Return what is to be written; ask again once all of it has been."""
        data = bytes(self._out) + self._http2.data_to_send()
        self._out.clear()
        return data

    def feed(self, data: bytes) -> list[h2.events.Event]:
        """Return what ``data`` from the peer tells; raises GrpcError, which ends the connection."""
        self._toll.feed(data)
        try:
            events = self._http2.receive_data(data)
        except (H2Error, HPACKError, HyperframeError, ValueError) as exc:
            raise GrpcError(f"HTTP/2: {_plain(exc)}") from None
        for event in events:
            if isinstance(event, _GIVES_ROOM):
                self._push_all()
            elif isinstance(event, h2.events.StreamReset):
                self._drop(event.stream_id)
        self._check_unsent()
        return events

    def ended_call(self) -> None:
        """Let the peer send what goes with one call more, besides data."""
        self._toll.ended_call()

    def next_stream(self) -> int:
        """Return the number of the next stream of ours; raises GrpcError after the last."""
        try:
            return self._http2.get_next_available_stream_id()
        except H2Error:
            raise GrpcError("the connection has no more streams") from None

    def send_headers(self, stream: int, headers: Headers, *, ends: bool = False) -> bool:
        """Send headers at once; return whether the stream still was there.

        Raises GrpcError where the peer takes no more streams.
        """
        try:
            self._http2.send_headers(stream, headers, end_stream=ends)
        except (StreamClosedError, NoSuchStreamError):
            return False
        except H2Error as exc:
            raise GrpcError(f"HTTP/2: {_plain(exc)}") from None
        return True

    def send(
        self, stream: int, data: bytes, *, ends: bool = False, trailers: Headers | None = None
    ) -> None:
        """Send data as the peer gives room for it, and then perhaps the end, or trailers."""
        waiting = self._outgoing.setdefault(stream, _Outgoing())
        if data:
            waiting.data.append(memoryview(data))
            self._waiting += len(data)
        waiting.ends = waiting.ends or ends
        waiting.trailers = trailers or waiting.trailers
        self._push(stream, waiting)
        self._check_unsent()

    def consumed(self, event: h2.events.DataReceived) -> None:
        """Give the peer its room back: the data has been dealt with."""
        try:
            self._http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        except H2Error as exc:
            raise GrpcError(f"HTTP/2: {_plain(exc)}") from None

    def is_sending(self, stream: int) -> bool:
        """Tell whether data of a stream waits, or its end does."""
        return stream in self._outgoing

    def reset(self, stream: int, code: ErrorCodes = ErrorCodes.NO_ERROR) -> None:
        """Give a stream up in both directions."""
        self._drop(stream)
        try:
            self._http2.reset_stream(stream, code)
        except H2Error:
            return

    def _drop(self, stream: int) -> None:
        gone = self._outgoing.pop(stream, None)
        if gone is not None:
            self._waiting -= sum(len(part) for part in gone.data)

    def _push_all(self) -> None:
        for stream, waiting in list(self._outgoing.items()):
            self._push(stream, waiting)

    def _push(self, stream: int, waiting: _Outgoing) -> None:
        http2 = self._http2
        try:
            while waiting.data:
                room = http2.local_flow_control_window(stream)
                part = waiting.data[0][: min(room, http2.max_outbound_frame_size)]
                if not part:
                    return
                rest = waiting.data[0][len(part) :]
                if rest:
                    waiting.data[0] = rest
                else:
                    waiting.data.popleft()
                self._waiting -= len(part)
                last = waiting.ends and not waiting.data and waiting.trailers is None
                http2.send_data(stream, bytes(part), end_stream=last)
                if last:
                    del self._outgoing[stream]
                    return
            if waiting.trailers is not None:
                http2.send_headers(stream, waiting.trailers, end_stream=True)
            elif waiting.ends:
                http2.end_stream(stream)
            del self._outgoing[stream]
        except (StreamClosedError, NoSuchStreamError):
            self._drop(stream)
        except H2Error as exc:
            raise GrpcError(f"HTTP/2: {_plain(exc)}") from None

    def _check_unsent(self) -> None:
        # What h2 answers by itself counts too: pings, settings, frames of streams that are gone.
        self._out += self._http2.data_to_send()
        if self._waiting + len(self._out) > self._caps.unsent:
            raise GrpcFlood("it does not read what it is sent")


def header_map(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return headers by name; the last of several counts."""
    return {bytes(name): bytes(value) for name, value in headers}


def _plain(exc: Exception) -> str:
    """Return what was wrong, bounded and without the peer's own bytes where there may be some."""
    text = str(exc).splitlines()[0] if str(exc) else type(exc).__name__
    return text[:120] if text.isascii() and text.isprintable() else type(exc).__name__

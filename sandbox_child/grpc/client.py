"""Our calls on a connection."""

from dataclasses import dataclass

import h2.events
from h2.errors import ErrorCodes

from sandbox_child.grpc.connection import Caps, Connection, Headers, header_map
from sandbox_child.grpc.errors import GrpcError
from sandbox_child.grpc.events import Ended, Event, GoingAway, Received
from sandbox_child.grpc.messages import MessageReader, encode_message
from sandbox_child.grpc.status import Status, read_status, status_of_reset

_OPENED_BY_SERVER = (h2.events.PushedStreamReceived, h2.events.RequestReceived)


@dataclass(slots=True)
class _Call:
    """What has come of the answer so far."""

    reader: MessageReader
    one_message: bool
    """Whether the answer is exactly one message; else it is a stream of them."""
    is_open: bool = False
    """Whether we may say more."""
    messages: int = 0
    status: Status | None = None


class Client:
    """The state of a connection on which we call."""

    def __init__(self, caps: Caps, *, tls: bool = False) -> None:
        self._caps = caps
        self._connection = Connection(client=True, caps=caps)
        self._scheme = b"https" if tls else b"http"
        self._calls: dict[int, _Call] = {}

    def output(self) -> bytes:
        """Return what is to be written; ask again once all of it has been."""
        return self._connection.output()

    def call(self, path: str, message: bytes, *, milliseconds: int | None = None) -> int:
        """Make a call that is answered by one message; return its number.

        ``milliseconds``: how long the peer is told to have for it.
        """
        call = self._open(path, milliseconds, one_message=True)
        self._connection.send(call, encode_message(message), ends=True)
        return call

    def listen(self, path: str, message: bytes) -> int:
        """Make a call that is answered by a stream of messages."""
        call = self._open(path, None, one_message=False)
        self._connection.send(call, encode_message(message), ends=True)
        return call

    def converse(self, path: str) -> int:
        """Make a call with a stream of messages in each direction."""
        call = self._open(path, None, one_message=False)
        self._calls[call].is_open = True
        return call

    def say(self, call: int, message: bytes) -> None:
        """Send one message more on such a call; dropped where it has ended."""
        if call in self._calls:
            self._connection.send(call, encode_message(message))

    def feed(self, data: bytes) -> list[Event]:
        """Return what ``data`` from the peer tells; raises GrpcError, which ends the connection."""
        happened: list[Event] = []
        for event in self._connection.feed(data):
            self._take(event, happened)
        return happened

    def _open(self, path: str, milliseconds: int | None, *, one_message: bool) -> int:
        headers: Headers = [
            (b":method", b"POST"),
            (b":scheme", self._scheme),
            (b":path", path.encode()),
            (b":authority", b"localhost"),
            (b"te", b"trailers"),
            (b"content-type", b"application/grpc"),
            (b"grpc-accept-encoding", b"identity"),
        ]
        if milliseconds is not None:
            headers.append((b"grpc-timeout", b"%dm" % min(milliseconds, 99_999_999)))
        call = self._connection.next_stream()
        self._connection.send_headers(call, headers)
        self._calls[call] = _Call(MessageReader(self._caps.message), one_message)
        return call

    def _take(self, event: h2.events.Event, happened: list[Event]) -> None:
        if isinstance(event, h2.events.DataReceived):
            self._data(event, happened)
        elif isinstance(event, h2.events.ConnectionTerminated):
            happened.append(GoingAway())
        elif isinstance(event, _OPENED_BY_SERVER):
            raise GrpcError("HTTP/2: a stream of the server's own")
        elif isinstance(event, h2.events.StreamReset):
            if self._calls.get(event.stream_id) is not None:
                self._end(event.stream_id, status_of_reset(int(event.error_code)), happened)
        elif isinstance(event, h2.events.ResponseReceived):
            self._response(event)
        elif isinstance(event, h2.events.TrailersReceived):
            call = self._calls.get(event.stream_id)
            if call is not None:
                call.status = read_status(header_map(event.headers))
        elif isinstance(event, h2.events.StreamEnded):
            self._ended(event.stream_id, happened)

    def _response(self, event: h2.events.ResponseReceived) -> None:
        call = self._calls.get(event.stream_id)
        if call is None:
            return
        headers = header_map(event.headers)
        call.status = read_status(headers)
        status, kind = headers.get(b":status", b""), headers.get(b"content-type", b"")
        if status != b"200" and call.status is None:
            number = status.decode() if status.isdigit() and len(status) == 3 else "no number"
            raise GrpcError(f"an answer with the HTTP status {number}; expected 200")
        if not _is_grpc(kind):
            raise GrpcError("an answer that is not of type application/grpc")

    def _data(self, event: h2.events.DataReceived, happened: list[Event]) -> None:
        self._connection.consumed(event)
        call = self._calls.get(event.stream_id)
        if call is None:
            return
        for message in call.reader.feed(event.data):
            call.messages += 1
            if call.one_message and call.messages > 1:
                raise GrpcError("an answer of more than one message; expected one")
            happened.append(Received(event.stream_id, message))

    def _ended(self, number: int, happened: list[Event]) -> None:
        call = self._calls.get(number)
        if call is None:
            return
        if call.status is None:
            raise GrpcError("an answer that ended without a status")
        if call.status.ok and call.reader.is_inside:
            raise GrpcError("an answer that ended inside a message")
        if call.status.ok and call.one_message and not call.messages:
            raise GrpcError("an answer without a message; expected one")
        self._end(number, call.status, happened)

    def _end(self, number: int, status: Status, happened: list[Event]) -> None:
        call = self._calls.pop(number)
        self._connection.ended_call()
        if call.is_open or self._connection.is_sending(number):
            # What waits in our half has no reader.
            self._connection.reset(number, ErrorCodes.CANCEL)
        happened.append(Ended(number, status))


def _is_grpc(kind: bytes) -> bool:
    return kind == b"application/grpc" or kind.startswith(
        (b"application/grpc+proto", b"application/grpc;")
    )

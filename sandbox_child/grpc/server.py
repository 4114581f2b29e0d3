"""The peer's calls on a connection: one message each, answered by one message or a status."""

from dataclasses import dataclass, field

import h2.events
from h2.errors import ErrorCodes

from sandbox_child.grpc.connection import Caps, Connection, Headers, header_map
from sandbox_child.grpc.errors import GrpcError
from sandbox_child.grpc.events import Asked
from sandbox_child.grpc.messages import Compressed, MessageReader, TooLarge, encode_message
from sandbox_child.grpc.status import Code, Status, status_headers

_OK_HEADERS: Headers = [(b":status", b"200"), (b"content-type", b"application/grpc")]
_MAX_PATH = 200


@dataclass(slots=True)
class _Call:
    """A call that is not whole yet."""

    path: str
    reader: MessageReader
    messages: list[bytes] = field(default_factory=list)

    @property
    def kept(self) -> int:
        return self.reader.pending + sum(len(message) for message in self.messages)


class Server:
    """The state of a connection on which we are called."""

    def __init__(self, caps: Caps) -> None:
        self._caps = caps
        self._connection = Connection(client=False, caps=caps)
        self._calls: dict[int, _Call] = {}
        self._asked: set[int] = set()

    def output(self) -> bytes:
        """Return what is to be written; ask again once all of it has been."""
        return self._connection.output()

    def feed(self, data: bytes) -> list[Asked]:
        """Return the calls that ``data`` completes; raises GrpcError, which ends the connection."""
        asked: list[Asked] = []
        for event in self._connection.feed(data):
            self._take(event, asked)
        return asked

    def answer(self, call: int, message: bytes) -> None:
        """Answer a call; dropped where the peer has given it up."""
        if call not in self._asked:
            return
        self._asked.discard(call)
        if self._connection.send_headers(call, _OK_HEADERS):
            trailers = status_headers(Status(Code.OK))
            self._connection.send(call, encode_message(message), trailers=trailers)
            self._connection.ended_call()

    def refuse(self, call: int, status: Status) -> None:
        """Answer a call by a status alone."""
        if call in self._asked:
            self._asked.discard(call)
            self._refuse(call, status)

    def _take(self, event: h2.events.Event, asked: list[Asked]) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self._request(event)
        elif isinstance(event, h2.events.DataReceived):
            self._data(event)
        elif isinstance(event, h2.events.StreamEnded):
            self._ended(event.stream_id, asked)
        elif isinstance(event, h2.events.StreamReset):
            self._calls.pop(event.stream_id, None)
            self._asked.discard(event.stream_id)

    def _request(self, event: h2.events.RequestReceived) -> None:
        stream, headers = event.stream_id, header_map(event.headers)
        kind = headers.get(b"content-type", b"")
        if headers.get(b":method") != b"POST" or not kind.startswith(b"application/grpc"):
            self._connection.send_headers(stream, [(b":status", b"415")], ends=True)
            self._connection.reset(stream, ErrorCodes.NO_ERROR)
            return
        path = headers.get(b":path", b"")
        if len(path) > _MAX_PATH or not path.isascii():
            self._refuse(stream, Status(Code.UNIMPLEMENTED, "no such method"))
        elif headers.get(b"grpc-encoding", b"identity") != b"identity":
            self._refuse(
                stream, Status(Code.UNIMPLEMENTED, "the host reads no compressed messages")
            )
        else:
            self._calls[stream] = _Call(path.decode(), MessageReader(self._caps.message))

    def _data(self, event: h2.events.DataReceived) -> None:
        self._connection.consumed(event)
        call = self._calls.get(event.stream_id)
        if call is None:
            return
        try:
            call.messages += call.reader.feed(event.data)
        except TooLarge as exc:
            self._refuse(event.stream_id, Status(Code.RESOURCE_EXHAUSTED, str(exc)))
        except Compressed:
            text = "the host reads no compressed messages"
            self._refuse(event.stream_id, Status(Code.UNIMPLEMENTED, text))
        except GrpcError as exc:
            self._refuse(event.stream_id, Status(Code.INTERNAL, str(exc)))
        else:
            if len(call.messages) > 1:
                text = "more than one message; expected one"
                self._refuse(event.stream_id, Status(Code.INTERNAL, text))
            elif sum(each.kept for each in self._calls.values()) > self._caps.buffered:
                text = "too many large calls at one time"
                self._refuse(event.stream_id, Status(Code.RESOURCE_EXHAUSTED, text))

    def _ended(self, stream: int, asked: list[Asked]) -> None:
        call = self._calls.pop(stream, None)
        if call is None:
            return
        if len(call.messages) != 1 or call.reader.is_inside:
            self._refuse(stream, Status(Code.INTERNAL, "expected one whole message"))
            return
        self._asked.add(stream)
        asked.append(Asked(stream, call.path, call.messages[0]))

    def _refuse(self, stream: int, status: Status) -> None:
        self._calls.pop(stream, None)
        headers = [*_OK_HEADERS, (b"grpc-accept-encoding", b"identity"), *status_headers(status)]
        if self._connection.send_headers(stream, headers, ends=True):
            # The peer may still be sending: what comes is of no use to anybody.
            self._connection.reset(stream, ErrorCodes.NO_ERROR)
            self._connection.ended_call()

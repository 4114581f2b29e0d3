"""Calls and answers of Go's net/rpc: a header and a body, each a gob message. One of each a stream.

Source: net/rpc, server.go and client.go of Go.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox_child.gob.decoder import Caps, Decoder
from sandbox_child.gob.encoder import Encoder
from sandbox_child.gob.types import Type
from sandbox_child.goplugin.errors import GoPluginError
from sandbox_child.goplugin.shapes import EMPTY, REQUEST, RESPONSE


@dataclass(frozen=True, slots=True)
class Answer:
    """What the peer answered to one call of ours; ``error`` is empty where it went well."""

    seq: int
    error: str
    body: Any


@dataclass(frozen=True, slots=True)
class Request:
    """What the peer calls, to be answered with the same ``method`` and ``seq``."""

    method: str
    seq: int
    body: Any


class Caller:
    """Our calls on one stream."""

    def __init__(self, caps: Caps) -> None:
        self._encoder = Encoder()
        self._messages = _Pairs(caps)
        self._seq = 0
        self._open: dict[int, str] = {}

    def call(self, method: str, kind: Type, body: Any) -> tuple[int, bytes]:
        """Return the call's number, and what is to be sent."""
        self._seq += 1
        self._open[self._seq] = method
        header = {"ServiceMethod": method, "Seq": self._seq}
        return self._seq, self._encoder.encode(REQUEST, header) + self._encoder.encode(kind, body)

    def feed(self, data: bytes) -> Iterator[Answer]:
        """Yield the answers that ``data`` completes."""
        for header, body in self._messages.feed(data):
            seq = _number(header, "Seq")
            if self._open.pop(seq, None) is None:
                raise GoPluginError("an answer to no call")
            yield Answer(seq, _text(header, "Error"), body)


class Server:
    """The peer's calls on one stream."""

    def __init__(self, caps: Caps) -> None:
        self._encoder = Encoder()
        self._messages = _Pairs(caps)

    def feed(self, data: bytes) -> Iterator[Request]:
        """Yield the calls that ``data`` completes."""
        for header, body in self._messages.feed(data):
            yield Request(_text(header, "ServiceMethod"), _number(header, "Seq"), body)

    def answer(self, request: Request, kind: Type, body: Any, error: str = "") -> bytes:
        """Return what is to be sent; the body is left out where there is an error."""
        header = {"ServiceMethod": request.method, "Seq": request.seq, "Error": error}
        kind, body = (EMPTY, {}) if error else (kind, body)
        return self._encoder.encode(RESPONSE, header) + self._encoder.encode(kind, body)


class _Pairs:
    """Puts headers and bodies together."""

    def __init__(self, caps: Caps) -> None:
        self._decoder = Decoder(caps)
        self._header: dict[str, Any] | None = None

    def feed(self, data: bytes) -> Iterator[tuple[dict[str, Any], Any]]:
        for value in self._decoder.feed(data):
            if self._header is not None:
                header, self._header = self._header, None
                yield header, value
            elif isinstance(value, dict):
                self._header = value
            else:
                raise GoPluginError("a message of net/rpc without a header")


def _number(header: dict[str, Any], name: str) -> int:
    value = header.get(name, 0)
    if type(value) is not int or value < 0:
        raise GoPluginError(f"a header of net/rpc whose {name} is no number")
    return value


def _text(header: dict[str, Any], name: str) -> str:
    value = header.get(name, "")
    if not isinstance(value, str):
        raise GoPluginError(f"a header of net/rpc whose {name} is no text")
    return value

"""Messages within the data of a stream: a flag, four bytes of length, the message."""

import struct
from collections.abc import Iterator

from sandbox_child.grpc.errors import GrpcError

_HEAD = struct.Struct(">BI")


class Compressed(GrpcError):
    """A compressed message: nobody asked for that, so none is ever unpacked."""


class TooLarge(GrpcError):
    """A message beyond what is taken; nothing of it is kept."""


def encode_message(message: bytes) -> bytes:
    """Return the message with its head, not compressed."""
    return _HEAD.pack(0, len(message)) + message


class MessageReader:
    """Puts the messages of one stream together."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pending = bytearray()
        self._length: int | None = None

    @property
    def pending(self) -> int:
        """Bytes that are kept of a message which is not whole yet."""
        return len(self._pending)

    @property
    def is_inside(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._pending) or self._length is not None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the messages that ``data`` completes; raises GrpcError."""
        self._pending += data
        while True:
            if self._length is None:
                if len(self._pending) < _HEAD.size:
                    return
                flag, length = _HEAD.unpack_from(self._pending)
                if flag not in (0, 1):
                    raise GrpcError("a message whose flag is neither 0 nor 1")
                if flag:
                    raise Compressed("a compressed message; nobody offered to read any")
                if length > self._most:
                    raise TooLarge(f"a message of {length:,} bytes; at most {self._most:,}")
                self._length = length
                del self._pending[: _HEAD.size]
            if len(self._pending) < self._length:
                return
            message = bytes(self._pending[: self._length])
            del self._pending[: self._length]
            self._length = None
            yield message

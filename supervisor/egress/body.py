"""Collects the body of an answer within its limit, decompressed where the server packed it.

``Accept-Encoding: identity`` is what we send. Some servers answer with gzip all the same, and a
guest that sees no response headers could not know: so gzip and deflate are unpacked, never past the
limit. Other encodings are an error, not a body that nobody can read.

Knows nothing of sockets. Codings: RFC 9110, section 8.4.1.
"""

import zlib
from collections.abc import Iterable

from supervisor.egress.errors import RequestFailed, ResponseMalformed, ResponseTooLarge

# The second argument of zlib's inflateInit2: 16 + 15 expects gzip, 15 zlib's own format.
_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def content_encoding(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the body's coding in lower case; "" where it is sent as it is."""
    values = [value for name, value in headers if name.lower() == b"content-encoding"]
    coding = b", ".join(values).decode("latin-1").strip().lower()
    return "" if coding == "identity" else coding


class BodyCollector:
    """Takes the parts of a body; ``failure`` says why no more are taken.

    Nothing is raised while parts come in: the caller ends the reading in its own way.
    """

    def __init__(self, host: str, coding: str, limit: int) -> None:
        self._host = host
        self._limit = limit
        self._body = bytearray()
        self._window_bits = _WINDOW_BITS.get(coding)
        self._unknown = bool(coding) and self._window_bits is None
        self._inflater: zlib._Decompress | None = None
        self.failure: RequestFailed | None = None

    def feed(self, part: bytes) -> None:
        """Take the next part, unless something failed before."""
        if self.failure is not None or not part:
            return
        if self._unknown:
            self._malformed("it uses a compression that was not requested")
        elif self._window_bits is None:
            self._add(part)
        else:
            self._inflate(part, self._window_bits)

    def finish(self) -> bytes:
        """Return the whole body; raise ``failure``, or that the compressed body is cut short."""
        if self._inflater is not None and not self._inflater.eof:
            self._malformed("its compressed body is incomplete")
        if self.failure is not None:
            raise self.failure
        return bytes(self._body)

    def _inflate(self, part: bytes, window_bits: int) -> None:
        while part and self.failure is None:
            if self._inflater is None or self._inflater.eof:
                # gzip may be several members, one behind the other.
                self._inflater = zlib.decompressobj(window_bits)
            try:
                # One byte more than is left shows that the limit is passed; 0 would mean no limit.
                self._add(self._inflater.decompress(part, self._limit - len(self._body) + 1))
            except zlib.error:
                self._malformed("its compressed body is damaged")
            part = self._inflater.unused_data

    def _add(self, data: bytes) -> None:
        if len(self._body) + len(data) > self._limit:
            self.failure = ResponseTooLarge(self._host, "its body", self._limit)
            self._body.clear()
        else:
            self._body += data

    def _malformed(self, why: str) -> None:
        self.failure = self.failure or ResponseMalformed(self._host, why)

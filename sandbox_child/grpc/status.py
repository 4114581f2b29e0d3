"""How a call ended: a number and a text, as headers carry them."""

import enum
import string
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from sandbox_child.grpc.errors import GrpcError

MAX_TEXT = 4096
"""Characters of a status's text that are kept."""
_PLAIN = "".join(each for each in string.printable if " " <= each <= "~" and each != "%")


class Code(enum.IntEnum):
    """The codes that matter here; a peer may send any other."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14


_MOST = 16
_OF_RESETS = {7: Code.UNAVAILABLE, 8: Code.CANCELLED, 11: Code.RESOURCE_EXHAUSTED}
"""REFUSED_STREAM, CANCEL and ENHANCE_YOUR_CALM of HTTP/2; every other is an internal error."""


@dataclass(frozen=True, slots=True)
class Status:
    """The end of a call."""

    code: int
    text: str = ""

    @property
    def ok(self) -> bool:
        """Whether the call went well."""
        return self.code == Code.OK

    def __str__(self) -> str:
        known = self.code in {code.value for code in Code}
        return self.text or (Code(self.code).name if known else f"status {self.code}")


def read_status(headers: dict[bytes, bytes]) -> Status | None:
    """Return the status among ``headers``; None where there is none, which is fine before the end.

    Raises GrpcError.
    """
    code = headers.get(b"grpc-status")
    if code is None:
        return None
    if not code.isdigit() or len(code) > 2 or int(code) > _MOST:
        raise GrpcError(f"a status that is none of 0 to {_MOST}")
    text = unquote_to_bytes(headers.get(b"grpc-message", b"")).decode("utf-8", "replace")
    return Status(int(code), text[:MAX_TEXT])


def status_of_reset(error: int) -> Status:
    """Return what a stream's reset with an error of HTTP/2 means."""
    return Status(_OF_RESETS.get(error, Code.INTERNAL), f"the stream was reset ({error})")


def status_headers(status: Status) -> list[tuple[bytes, bytes]]:
    """Return the headers that say ``status``."""
    headers = [(b"grpc-status", b"%d" % status.code)]
    if status.text:
        text = quote(status.text[:MAX_TEXT].encode("utf-8", "replace"), safe=_PLAIN)
        headers.append((b"grpc-message", text.encode()))
    return headers

"""Headers of requests: those of the guest that go out, and those that are ours alone.

A plugin may set any header of an API (``X-Api-Key``, ``Authorization``, ``Cookie``), so names are
not listed one by one. What decides where a message ends, where it goes, who asks or how it is
packed is ours: such a header is left out without failing the request, as browsers and Go's client
do it, because honest plugins set ``Host`` and ``Content-Length`` too. A name or value that another
program could read as two headers fails the request.

Knows nothing of sockets. Grammar: RFC 9110, sections 5.1, 5.5 and 5.6.2.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from supervisor.egress.errors import HeaderRefused

MAX_HEADERS = 64
MAX_HEADER_BYTES = 32 * 1024
"""Names and values of all headers together; common servers refuse more."""

USER_AGENT = "OpenHelpDesk-Plugin"

RawHeaders = list[tuple[bytes, bytes]]

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

_OURS = frozenset(
    {
        # where the message goes and where it ends
        "host", "content-length", "transfer-encoding", "trailer", "expect",
        # this connection alone (RFC 9110, section 7.6.1)
        "connection", "keep-alive", "te", "upgrade", "http2-settings", "alt-used",
        # who asks: a server inside might take these for the word of a proxy it trusts
        "forwarded", "via", "x-real-ip",
        # how the answer is packed
        "accept-encoding",
    }
)  # fmt: skip
_OUR_PREFIXES = ("proxy-", "x-forwarded-")


@dataclass(frozen=True, slots=True)
class OutgoingHeaders:
    """The headers of one request as they are written, and the names that were left out."""

    raw: RawHeaders
    dropped: tuple[str, ...]


def build_headers(
    given: Mapping[str, str], host_header: str, content_length: int | None
) -> OutgoingHeaders:
    """Return the headers to send; raise ``HeaderRefused`` for one that must not be sent.

    ``content_length`` is in bytes, None where the request has no body at all.
    """
    _check_amount(given)
    raw: RawHeaders = [(b"Host", host_header.encode("ascii"))]
    seen: set[str] = set()
    dropped: list[str] = []
    for name, value in given.items():
        checked = _check(name, value, seen)
        if _is_ours(name):
            dropped.append(name)
        else:
            raw.append((name.encode("ascii"), checked))
    if content_length is not None:
        raw.append((b"Content-Length", str(content_length).encode("ascii")))
    raw += _defaults(seen)
    return OutgoingHeaders(raw, tuple(dropped))


def _check_amount(given: Mapping[str, str]) -> None:
    if len(given) > MAX_HEADERS:
        raise HeaderRefused(f"there are {len(given)} headers; the limit is {MAX_HEADERS}")
    size = sum(len(name) + len(value) for name, value in given.items())
    if size > MAX_HEADER_BYTES:
        raise HeaderRefused(f"together they have {size} bytes; the limit is {MAX_HEADER_BYTES}")


def _check(name: str, value: str, seen: set[str]) -> bytes:
    """Return the value to send; the sentence of a refusal never holds a value."""
    if not _TOKEN.fullmatch(name):
        raise HeaderRefused(f"the name {name[:64]!a} is not an HTTP token")
    if name.lower() in seen:
        raise HeaderRefused(f"{name} is given twice, in different spellings")
    seen.add(name.lower())
    if not _VALUE.fullmatch(value):
        raise HeaderRefused(
            f"the value of {name} has a line break, a control character or one beyond Latin-1"
        )
    return value.strip(" \t").encode("latin-1")


def _is_ours(name: str) -> bool:
    # Some servers read an underscore as a hyphen (CGI), so Transfer_Encoding counts too.
    plain = name.lower().replace("_", "-")
    return plain in _OURS or plain.startswith(_OUR_PREFIXES)


def _defaults(seen: set[str]) -> RawHeaders:
    raw: RawHeaders = [(b"Accept-Encoding", b"identity"), (b"Connection", b"close")]
    if "user-agent" not in seen:
        raw.append((b"User-Agent", USER_AGENT.encode("ascii")))
    if "accept" not in seen:
        raw.append((b"Accept", b"*/*"))
    return raw

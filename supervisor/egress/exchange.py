"""One HTTP/1.1 exchange over one pinned connection: send, read within limits, close.

httpcore, the engine of httpx, is used without httpx's client on top of it: the client would read
the URL again and brings redirects, cookies, proxies and credentials from the environment, and
decompression without a limit, each of which would have to be switched off. TLS roots are httpx's.

Foreign errors become this package's errors here and nowhere else.
"""

import logging
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpcore

from supervisor.egress.body import BodyCollector, content_encoding
from supervisor.egress.errors import (
    ConnectionFailed,
    RequestFailed,
    ResponseMalformed,
    ResponseTooLarge,
)
from supervisor.egress.headers import RawHeaders
from supervisor.egress.stream import PinnedConnection, WireBudget

MAX_HEAD_BYTES = 128 * 1024
"""Interim answers, status line and headers of the answer together."""

FRAMING_FACTOR = 2
"""The body may take this many times its limit on the wire, for chunk sizes and trailers."""

_LONGEST_LENGTH = 20
"""Digits of a ``Content-Length`` that are read as a number."""

# At level debug httpcore would write the server's headers, cookies among them, to the log.
logging.getLogger("httpcore").setLevel(logging.INFO)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request that is ready to be written."""

    method: str
    scheme: str
    host: str
    """Also the name that TLS is verified against."""
    port: int
    path_and_query: str
    headers: RawHeaders
    body: bytes


def head_budget(host: str) -> WireBudget:
    """Return the budget that a connection begins with."""
    too_large = ResponseTooLarge(host, "everything before its body", MAX_HEAD_BYTES)
    return WireBudget(MAX_HEAD_BYTES, too_large)


@dataclass(frozen=True, slots=True)
class Head:
    """Head of a response; not validated."""

    status: int
    location: str | None
    length: int | None
    """Bytes of the body, as the server claims."""


OnHead = Callable[[Head], RequestFailed | None]
"""Receives the head; what it returns ends the exchange."""


def go_on(head: Head) -> RequestFailed | None:
    """Read any answer to its end."""
    del head
    return None


async def exchange(
    outgoing: Outgoing,
    connection: PinnedConnection,
    tls: ssl.SSLContext,
    max_response_bytes: int,
    on_head: OnHead = go_on,
) -> tuple[int, bytes]:
    """Send ``outgoing`` and return status and body; raise ``RequestFailed``.

    The caller owns ``connection`` and closes it.
    """
    url = httpcore.URL(
        scheme=outgoing.scheme,
        host=outgoing.host,
        port=outgoing.port,
        target=outgoing.path_and_query,
    )
    http = httpcore.AsyncHTTPConnection(
        url.origin, ssl_context=tls, http1=True, http2=False, retries=0, network_backend=connection
    )
    request = httpcore.Request(
        outgoing.method, url, headers=outgoing.headers, content=outgoing.body
    )
    with _translated(outgoing, connection):
        response = await http.handle_async_request(request)
        if (failure := on_head(_head(response))) is not None:
            connection.budget.fail(failure)
        body = await _read_body(response, outgoing, connection.budget, max_response_bytes)
        return response.status, body


def _head(response: httpcore.Response) -> Head:
    headers = {name.lower(): value for name, value in response.headers}
    location, length = headers.get(b"location"), headers.get(b"content-length", b"")
    return Head(
        response.status,
        location.decode("latin-1") if location is not None else None,
        int(length) if length.isdigit() and len(length) < _LONGEST_LENGTH else None,
    )


async def _read_body(
    response: httpcore.Response, outgoing: Outgoing, budget: WireBudget, limit: int
) -> bytes:
    too_large = ResponseTooLarge(outgoing.host, "its body with the framing", FRAMING_FACTOR * limit)
    # Before the body's generator has begun: one that is left half-way would be closed late.
    budget.check()
    budget.replace(FRAMING_FACTOR * limit + MAX_HEAD_BYTES, too_large)
    collector = BodyCollector(outgoing.host, content_encoding(response.headers), limit)
    # Nothing may raise, break or wait in this loop: see WireBudget.
    async for part in response.aiter_stream():
        collector.feed(part)
        if collector.failure is not None:
            budget.fail(collector.failure)
    return collector.finish()


@contextmanager
def _translated(outgoing: Outgoing, connection: PinnedConnection) -> Iterator[None]:
    try:
        yield
    except httpcore.RemoteProtocolError as error:
        # The text of the error is left out: it quotes what the server sent.
        why = (
            "the server violated the HTTP protocol, or stopped before the end"
            if connection.received_bytes
            else "the server closed the connection without a response"
        )
        raise ResponseMalformed(outgoing.host, why) from error
    except RequestFailed:
        raise
    except Exception as error:
        # A parser that stumbles over what a server sent must not stop the caller's task.
        why = f"the exchange failed ({type(error).__name__})"
        raise ConnectionFailed(outgoing.host, outgoing.port, why) from error

"""One HTTP exchange, to its proper end: what the framework's own class leaves undone.

Two things go wrong when an answer is ready before its request has arrived whole (a body over its
limit, a visitor who may not upload). Closing then makes the client's system throw the answer away
(RFC 9112, 9.6), so the answer waits a little for the rest of the body, which is dropped. Where that
is much, the answer goes first, and ``webapp.connections`` drops the rest. And the
server tells the app of the end of the exchange while the app still sends the last piece; were the
app cancelled by that, the server would never finish, and the connection would hang.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import trio
from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable
from quart import Request
from quart_trio.asgi import TrioASGIHTTPConnection

from webapp.http.streamed import PacedBody

LINGER_S = 5.0
"""An answer waits this long for the rest of its request."""
_MOST_WAITED_FOR = 4 * 1024 * 1024
"""A request that announces more bytes than this is answered at once."""

Message = dict[str, Any]


class WholeExchange(TrioASGIHTTPConnection):
    """An exchange whose request is taken in and whose answer is sent to its end."""

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Serve one request."""
        self._body: object = None
        exchange = _Exchange(receive, send, self._abandon, _patience(self.scope["headers"]))
        await super().__call__(exchange.receive, exchange.send)  # type: ignore[arg-type]

    async def handle_messages(  # type: ignore[override]
        self, nursery: trio.Nursery, request: Request, receive: ASGIReceiveCallable
    ) -> None:
        """Take in the request; a body that is taken in pieces no faster than that."""
        self._body = request.body
        while True:
            message: Any = await receive()
            if message["type"] == "http.disconnect":
                break
            if message["type"] != "http.request":
                continue
            request.body.append(message.get("body", b""))
            if not message.get("more_body", False):
                request.body.set_complete()
            elif isinstance(request.body, PacedBody):
                await request.body.wait_for_room()
        nursery.cancel_scope.cancel()

    def _abandon(self) -> None:
        """Let the rest of the request arrive unread: its answer is ready."""
        if isinstance(self._body, PacedBody):
            self._body.abandon()


def _patience(headers: Iterable[tuple[bytes, bytes]]) -> float:
    """Return how long to wait for the rest of a request, in seconds."""
    for name, value in headers:
        if name == b"content-length":
            return LINGER_S if value.isdigit() and int(value) <= _MOST_WAITED_FOR else 0.0
        if name == b"transfer-encoding":
            return 0.0
    return LINGER_S


class _Exchange:
    """Stands between the server's two callables and the app's."""

    def __init__(
        self,
        receive: Callable[[], Awaitable[Any]],
        send: Callable[[Any], Awaitable[None]],
        answered: Callable[[], None],
        patience_s: float,
    ) -> None:
        self._patience_s = patience_s
        self._tell_answered = answered
        self._receive = receive
        self._send = send
        self._arrived = trio.Event()
        self._answered = False

    async def receive(self) -> Message:
        """Pass on what arrives; what comes after the answer is ready, without its bytes."""
        message: Message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._arrived.set()
        return {**message, "body": b""} if self._answered and "body" in message else message

    async def send(self, message: Message) -> None:
        """Send one piece of the answer; the last one whatever happens to the app meanwhile."""
        if message["type"] == "http.response.start":
            self._answered = True
            self._tell_answered()
            with trio.move_on_after(self._patience_s):
                await self._arrived.wait()
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        with trio.CancelScope(shield=last):
            await self._send(message)

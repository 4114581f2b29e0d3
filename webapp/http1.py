"""HTTP/1.1 as it is spoken here: Hypercorn's, without upgrades, and with fewer system calls."""

from typing import Any

import h11
from hypercorn.events import Closed, Event, RawData
from hypercorn.protocol.h11 import H11Protocol

_SENT_AS_ONE_BYTES = 64 * 1024


class Http1(H11Protocol):
    """HTTP/1.1 alone: no upgrade to HTTP/2, and none to a WebSocket."""

    def __init__(self, *around: Any) -> None:
        super().__init__(*around)
        self._send_on, self.send = self.send, self._send_gathered
        self._holds = False
        self._head = b""
        """Of an answer of a known length, which leaves with the first bytes of its body."""

    async def _check_protocol(self, event) -> None:  # type: ignore[no-untyped-def]
        """Upgrade nothing: RFC 9110, 7.8, lets a server ignore an Upgrade."""

    async def _create_stream(self, request) -> None:  # type: ignore[no-untyped-def]
        wanted = b",".join(value for name, value in request.headers if name == b"upgrade").lower()
        if b"websocket" in wanted or request.http_version == b"2.0":
            await self._send_error_response(505 if request.http_version == b"2.0" else 400)
            await self.send(Closed())
            return
        await super()._create_stream(request)

    async def _send_h11_event(self, event) -> None:  # type: ignore[no-untyped-def]
        self._holds = isinstance(event, h11.Response) and _has_length(event)
        await super()._send_h11_event(event)
        self._holds = False

    async def _send_gathered(self, event: Event) -> None:
        """Send a head and a short body as one: one system call, one packet."""
        if self._holds and isinstance(event, RawData):
            self._head = event.data
            return
        head, self._head = self._head, b""
        if head and isinstance(event, RawData) and len(event.data) <= _SENT_AS_ONE_BYTES:
            event = RawData(head + event.data)
        elif head:
            await self._send_on(RawData(head))
        if not isinstance(event, RawData) or event.data:
            await self._send_on(event)


def _has_length(answer: h11.Response) -> bool:
    return any(name == b"content-length" for name, _ in answer.headers)

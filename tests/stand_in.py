"""A small HTTP server on loopback that stands in for somebody else's: keeps requests, and answers.

It can be told to hold its answers, so that a test decides how long a plugin waits in a request, and
be given a service that answers in its place (``tests.examples.services`` has some).
"""

import contextlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_network
from typing import Any

import trio

from supervisor.egress import EgressPolicy

PATIENCE_S = 120


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def wire(self) -> bytes:
        """Return the answer as it is sent; the connection ends behind it."""
        headers = {**self.headers, "Content-Length": str(len(self.body)), "Connection": "close"}
        lines = [f"{name}: {value}" for name, value in headers.items()]
        first = f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"
        return "\r\n".join([first, *lines, "", ""]).encode("latin-1") + self.body


@dataclass
class StandIn:
    port: int
    requests: list[Request] = field(default_factory=list)
    answer: bytes = b"ok"
    content_type: str = "text/plain"
    holding: bool = False
    """Whether requests are kept waiting until ``release``."""
    service: Callable[[Request], Answer] | None = None
    """What answers; None: ``answer``, always."""
    _came: trio.Condition = field(default_factory=trio.Condition)
    _released: trio.Event = field(default_factory=trio.Event)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def policy(self) -> EgressPolicy:
        """Return what an operator would allow for plugins that declare ``localhost``."""
        return EgressPolicy(
            ports=frozenset({self.port}),
            private={"localhost": (ip_network("127.0.0.0/8"), ip_network("::1/128"))},
        )

    async def wait(self, count: int = 1) -> list[Request]:
        """Wait until so many requests have come."""
        with trio.fail_after(PATIENCE_S):
            async with self._came:
                while len(self.requests) < count:
                    await self._came.wait()
        return self.requests

    def hold(self) -> None:
        self.holding, self._released = True, trio.Event()

    def release(self) -> None:
        self.holding = False
        self._released.set()

    async def handle(self, stream: trio.SocketStream) -> None:
        # Whoever asked may be killed in the middle: that is what some tests are about.
        with contextlib.suppress(trio.BrokenResourceError):
            async with stream:
                request = await _read(stream)
                if request is None:
                    return
                async with self._came:
                    self.requests.append(request)
                    self._came.notify_all()
                if self.holding:
                    await self._released.wait()
                plain = Answer(200, self.answer, {"Content-Type": self.content_type})
                answer = plain if self.service is None else self.service(request)
                await stream.send_all(answer.wire())


async def _read(stream: trio.SocketStream) -> Request | None:
    data = b""
    while b"\r\n\r\n" not in data:
        more = await stream.receive_some(65536)
        if not more:
            return None
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines)}
    while len(body) < int(headers.get("content-length", "0")):
        body += await stream.receive_some(65536)
    method, path, _ = first.split(" ")
    return Request(method, path, headers, body)


async def open_stand_in(
    nursery: trio.Nursery, service: Callable[[Request], Answer] | None = None
) -> StandIn:
    """Serve on a free port of 127.0.0.1 until the nursery ends."""
    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    server = StandIn(listeners[0].socket.getsockname()[1], service=service)
    nursery.start_soon(trio.serve_listeners, server.handle, listeners)
    return server

"""What a client can do to Hypercorn by itself: ``python -m tests.upstream.hypercorn_leaks``.

Each case is twenty clients of one kind against ``hypercorn.trio.serve`` with a small app, and
nothing of ours. Printed is how many of their connections are still held when they have gone, and
how long a stop takes. ``docs/upstream/hypercorn.md`` says what follows.
"""

import json
import os
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import trio
from hypercorn.config import Config
from hypercorn.trio import serve

CLIENTS = 20
SETTLE_S = 5.0
"""So long the server may take to notice that its clients have gone."""
PATIENCE_S = 12.0
"""A stop that takes longer, with a grace of 3 s, is one that does not end."""
LARGE = 4_000_000

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
GET_LARGE = b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
)

App = Callable[[Any, Any, Any], Awaitable[None]]


async def plain_app(scope: Any, receive: Any, send: Any) -> None:
    """Answer after a moment, whatever becomes of the client."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    await trio.sleep(0.02)
    await _respond(scope, send)


async def framework_app(scope: Any, receive: Any, send: Any) -> None:
    """Answer as frameworks do: at ``http.disconnect`` the handler is cancelled."""
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return

    async def until_disconnected(cancel: Callable[[], None]) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        cancel()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(until_disconnected, nursery.cancel_scope.cancel)
        await trio.sleep(0.005)
        await _respond(scope, send)
        nursery.cancel_scope.cancel()


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def _respond(scope: Any, send: Any) -> None:
    body = b"x" * (LARGE if scope["path"] == "/large" else 2)
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


@dataclass(frozen=True)
class Case:
    """One kind of client."""

    app: App
    sent: bytes
    stays: bool = False
    """Whether it keeps its connection open and does not read."""


CASES = {
    "ten pipelined requests, then a close": Case(framework_app, GET * 10),
    "an h2c upgrade, then a close": Case(plain_app, UPGRADE),
    "a large response, never read": Case(plain_app, GET_LARGE, stays=True),
}


@dataclass(frozen=True)
class Found:
    """What one case came to."""

    held: int
    """Connections that the server still has, without those of clients that stay."""
    stop_s: float | None
    """None: it did not end."""


async def attempt(case: Case) -> Found:
    """Serve, let the clients come, and stop."""
    config = Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = config.accesslog = None
    config.graceful_timeout = 3.0
    stop, ended = trio.Event(), trio.Event()

    async def run(*, task_status: Any) -> None:
        await serve(case.app, config, shutdown_trigger=stop.wait, task_status=task_status)  # type: ignore[arg-type]
        ended.set()

    async with trio.open_nursery() as nursery:
        (url,) = await nursery.start(run)
        before, staying = _descriptors(), []
        for _ in range(CLIENTS):
            client = await trio.open_tcp_stream("127.0.0.1", int(url.rpartition(":")[2]))
            if case.stays:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                staying.append(client)
            await client.send_all(case.sent)
            if not case.stays:
                await client.aclose()
        with trio.move_on_after(SETTLE_S):
            while case.stays or _descriptors() > before:  # noqa: ASYNC110 - nobody tells
                await trio.sleep(0.05)
        held = _descriptors() - before - 2 * len(staying)
        began = trio.current_time()
        stop.set()
        with trio.move_on_after(PATIENCE_S):
            await ended.wait()
        found = Found(held, trio.current_time() - began if ended.is_set() else None)
        _report(found)
        # What does not end cannot be cancelled either: its send is shielded.
        os._exit(0)


def _descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - no Path for each of them


def _report(found: Found) -> None:
    sys.stdout.write(json.dumps({"held": found.held, "stop_s": found.stop_s}) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    trio.run(partial(attempt, CASES[sys.argv[1]]))

"""Listens to streams of server-sent events over real sockets."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio


class Ear:
    """Listens to one stream, over a socket of its own."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream
        self._heard = b""

    async def line(self) -> str | None:
        """Return the next line; None when the stream is over."""
        while b"\n" not in self._heard:
            with trio.fail_after(60):
                data = await self._stream.receive_some()
            if not data:
                return None
            self._heard += data
        line, _, self._heard = self._heard.partition(b"\n")
        return line.rstrip(b"\r").decode()

    async def next(self) -> tuple[str, Any]:
        """Return the next event; ``("end", None)`` when the stream is over."""
        name = ""
        while (line := await self.line()) is not None:
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                return name, json.loads(line.removeprefix("data: "))
        return "end", None

    async def told(self) -> tuple[str, Any]:
        """Return the next event but for notifications, which come beside any other when they may.

        Where a change and its notice are not told together is up to the time between two changes.
        """
        while (event := await self.next())[0] == "notifications":
            pass
        return event


@asynccontextmanager
async def open_ear(browser: Any, path: str) -> AsyncIterator[Ear]:
    """Open a stream as this browser; it has to be answered 200."""
    request = browser.client.build_request("GET", path, headers={"Connection": "close"})
    head = [
        f"GET {path} HTTP/1.1",
        *(f"{name}: {value}" for name, value in request.headers.items()),
    ]
    async with await trio.open_tcp_stream(request.url.host, request.url.port) as stream:
        await stream.send_all("\r\n".join([*head, "", ""]).encode())
        ear = Ear(stream)
        assert await ear.line() == "HTTP/1.1 200 "
        yield ear

"""An answer that is ready before its request has arrived reaches the client, and nothing hangs."""

from typing import Any

import trio


async def read_answer(stream: trio.SocketStream) -> bytes:
    """Read until the end of the headers and of the body that they announce."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = await stream.receive_some()
        assert more, "the server closed before it answered"
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    while len(body) < int(lines[b"content-length"]):
        body += await stream.receive_some()
    return head + b"\r\n\r\n" + body


async def connect(site: Any) -> trio.SocketStream:
    return await trio.open_tcp_stream("127.0.0.1", int(site.url.rpartition(":")[2]))


async def test_a_refused_body_is_taken_in_and_the_connection_serves_on(site: Any) -> None:
    stream = await connect(site)
    size = 2_000_000
    async with stream:
        with trio.fail_after(60):
            await stream.send_all(
                b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n" % size
            )
            for _ in range(size // 1000):
                await stream.send_all(b"x" * 1000)
            answer = await read_answer(stream)
            assert answer.startswith(b"HTTP/1.1 413")
            await stream.send_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await read_answer(stream)).endswith(b"ok\n")


async def test_a_body_that_never_ends_is_answered_and_the_connection_closed(site: Any) -> None:
    stream = await connect(site)
    async with stream:
        with trio.fail_after(60):
            await stream.send_all(
                b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\n"
                b"Content-Type: application/json\r\n"
                b"Content-Length: 1000000000\r\n\r\nx"
            )
            assert (await read_answer(stream)).startswith(b"HTTP/1.1 413")
            assert await stream.receive_some() == b""


async def test_many_requests_ride_on_one_connection(site: Any) -> None:
    stream = await connect(site)
    async with stream:
        with trio.fail_after(60):
            for _ in range(50):
                await stream.send_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert (await read_answer(stream)).startswith(b"HTTP/1.1 200")

"""Clients that leave, do not read, or never finish: none keeps a descriptor, a task, or a stop."""

import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import trio

from webapp import connections, server
from webapp.config import WebConfig
from webapp.connections import Connections

HEALTH = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPGRADE = (
    b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
    b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"
)
WEBSOCKET = (
    b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000")


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def settles(look: Callable[[], int], at_most: int) -> None:
    with trio.fail_after(60):
        while look() > at_most:  # noqa: ASYNC110 - the kernel tells nobody
            await trio.sleep(0.02)


async def connect(site: Any) -> trio.SocketStream:
    return await trio.open_tcp_stream("127.0.0.1", int(site.url.rpartition(":")[2]))


def reset_on_close(stream: trio.SocketStream) -> None:
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        HEALTH,
        HEALTH * 10,
        HEALTH * 2,
        UPGRADE,
        UPGRADE * 3,
        PREFACE,
        HEALTH[:20],
        WEBSOCKET % b"/",
        b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nhalf",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200),
        b"GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
    ],
    ids=[
        "nothing",
        "one request",
        "ten requests at once",
        "two requests at once",
        "an upgrade to HTTP/2",
        "three upgrades",
        "the preface of HTTP/2",
        "half a request",
        "a WebSocket",
        "half a body",
        "TLS",
        "a chunk without its bytes",
    ],
)
@pytest.mark.parametrize("by_reset", [False, True], ids=["closed", "reset"])
async def test_a_client_that_leaves_takes_its_connection_along(
    build_site: Callable[..., Awaitable[Any]],
    monkeypatch: pytest.MonkeyPatch,
    sent: bytes,
    by_reset: bool,
) -> None:
    # Whoever has left is not waited for as long as a connection may be kept without a request.
    config = server.server_config(WebConfig(port=0))
    config.keep_alive_timeout = 3600.0
    monkeypatch.setattr(server, "server_config", lambda _: config)
    site = await build_site()
    await (await site.stranger()).client.aclose()
    before = open_descriptors()
    for _ in range(20):
        stream = await connect(site)
        await stream.send_all(sent)
        if by_reset:
            reset_on_close(stream)
        await stream.aclose()
    await settles(open_descriptors, before + 2)


async def test_a_short_answer_leaves_in_one_piece(site: Any) -> None:
    stream = await connect(site)
    await stream.send_all(HEALTH)
    first = await stream.receive_some(65536)
    head, _, body = first.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert f"content-length: {len(body)}".encode() in head.lower()
    await stream.send_all(HEALTH.replace(b"GET", b"HEAD"))
    again = await stream.receive_some(65536)
    assert again.endswith(b"\r\n\r\n")
    await stream.send_all(HEALTH)
    assert (await stream.receive_some(65536)).endswith(body)
    await stream.aclose()


@pytest.mark.parametrize("path", [b"/", b"/tickets", b"/nowhere", b"/healthz", b"/api/tickets"])
async def test_a_websocket_is_the_clients_error(site: Any, path: bytes) -> None:
    stream = await connect(site)
    async with stream:
        await stream.send_all(WEBSOCKET % path)
        with trio.fail_after(60):
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 400")
            assert await stream.receive_some() == b""


async def test_an_upgrade_to_http2_is_ignored_and_its_preface_refused(site: Any) -> None:
    async with await connect(site) as stream:
        await stream.send_all(UPGRADE)
        with trio.fail_after(60):
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 200")
    async with await connect(site) as stream:
        await stream.send_all(PREFACE)
        with trio.fail_after(60):
            assert (await stream.receive_some())[:10] in (b"HTTP/1.1 5", b"HTTP/1.1 4")


async def test_a_client_that_never_reads_is_given_up(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SEND_S", 1.0)
    before = open_descriptors()
    stream = await connect(site)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with trio.move_on_after(30), suppress(OSError, trio.BrokenResourceError):
        for _ in range(2_000):
            await stream.send_all(b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await settles(open_descriptors, before + 1)
    await stream.aclose()


async def test_a_stop_ends_although_a_client_does_not_read(
    build_site: Callable[..., Awaitable[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "SEND_S", 600.0)
    monkeypatch.setattr(server, "GRACE_S", 0.5)
    site = await build_site()
    stream = await connect(site)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with trio.move_on_after(3), suppress(OSError, trio.BrokenResourceError):
        while True:
            await stream.send_all(b"GET /login HTTP/1.1\r\nHost: localhost\r\n\r\n")
    site.stop.set()
    with trio.fail_after(60):
        await site.ended.wait()
    await stream.aclose()


async def test_one_address_cannot_hold_more_than_its_share(
    build_site: Callable[..., Awaitable[Any]],
) -> None:
    site = await build_site(max_connections=30, max_connections_per_address=5)
    held = [await connect(site) for _ in range(5)]
    for stream in held:
        await stream.send_all(HEALTH)
        answer = b""
        with trio.fail_after(60):
            while not answer.endswith(b"ok\n"):
                answer += await stream.receive_some()
    one_more = await connect(site)
    with trio.fail_after(60):
        assert await held[0].receive_some() == b""
        await one_more.send_all(HEALTH)
        assert (await one_more.receive_some()).startswith(b"HTTP/1.1 200")
    for stream in (*held, one_more):
        await stream.aclose()


class FakeConnection:
    def __init__(self) -> None:
        self.aborted = False

    def abort(self) -> None:
        self.aborted = True


def test_whoever_holds_the_most_makes_room() -> None:
    bounds = Connections(most=4, most_per_address=4)
    greedy = [FakeConnection() for _ in range(4)]
    for one in greedy:
        bounds.admit(one, "192.0.2.1")
    bounds.admit(FakeConnection(), "192.0.2.2")
    assert [one.aborted for one in greedy] == [True, False, False, False]
    assert len(bounds) == 4


def test_at_an_address_with_too_many_the_oldest_stranger_makes_room() -> None:
    bounds = Connections(most=10, most_per_address=2)
    person, *strangers = (FakeConnection() for _ in range(5))
    for one in (person, *strangers):
        bounds.admit(one, "192.0.2.1")
        if one is person:
            bounds.trust(one, "robin")
    assert [one.aborted for one in strangers] == [True, True, False, False]
    assert not person.aborted
    assert len(bounds) == 3


def test_strangers_push_out_no_person_and_one_person_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MOST_PER_PERSON", 2)
    bounds = Connections(most=4, most_per_address=4)
    robins, sams = [FakeConnection()], [FakeConnection() for _ in range(3)]
    for person, theirs in (("robin", robins), ("sam", sams)):
        for one in theirs:
            bounds.admit(one, "192.0.2.1")
            bounds.trust(one, person)
            bounds.trust(one, person)
    assert [one.aborted for one in sams] == [True, False, False]
    for number in range(10):
        bounds.admit(FakeConnection(), f"192.0.2.{number}")
    assert [one.aborted for one in (robins[0], *sams)] == [False, True, False, False]
    assert len(bounds) == 4


def test_behind_a_proxy_the_oldest_makes_room() -> None:
    bounds = Connections(most=2, most_per_address=None)
    first, second, third = FakeConnection(), FakeConnection(), FakeConnection()
    for one in (first, second, third):
        bounds.admit(one, "127.0.0.1")
    assert (first.aborted, second.aborted, len(bounds)) == (True, False, 2)

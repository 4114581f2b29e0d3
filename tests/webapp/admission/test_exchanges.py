"""Requests on their way to the app: people first, strangers in turns, nobody in the way."""

import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
import trio
import trio.lowlevel

from webapp.admission import exchanges
from webapp.context import context_of

GET = b"GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"
HASTE_S = 60.0
BuildSite = Callable[..., Awaitable[Any]]


def admission(site: Any) -> Any:
    return context_of(site.app.extensions).admission


async def connect(site: Any, address: str = "127.0.0.1") -> trio.SocketStream:
    raw = trio.socket.socket()
    await raw.bind((address, 0))
    await raw.connect(("127.0.0.1", int(site.url.rpartition(":")[2])))
    return trio.SocketStream(raw)


async def cookie_of(site: Any, role: str = "user") -> bytes:
    """Return the cookie of somebody who has been here a moment ago."""
    browser = await site.as_(role)
    assert (await browser.client.get("/tickets")).status_code == 200
    (token,) = [c.value for c in browser.client.cookies.jar if c.name == "ohd_session"]
    return b"Cookie: ohd_session=%s\r\n" % token.encode()


async def answer_on(stream: trio.SocketStream) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = await stream.receive_some()
        assert more, "the server closed before it answered"
        data += more
    start, _, body = data.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(b": ", 1) for line in start.split(b"\r\n")[1:])
    while len(body) < int(lines[b"content-length"]):
        body += await stream.receive_some()
    return start + b"\r\n\r\n" + body


async def until(look: Callable[[], bool]) -> None:
    with trio.fail_after(60):
        while not look():  # noqa: ASYNC110 - nobody tells
            await trio.sleep(0.01)


@pytest.fixture
def all_places_taken(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Awaitable[None]]:
    """Return what lets strangers wait for as long as a test lasts."""

    async def take(site: Any) -> None:
        here = admission(site)
        for gate in (here.strangers, here.pieces):
            monkeypatch.setattr(gate, "_hold_s", 3600.0)
            while gate.enter_at_once(f"taken {gate.at_work}") is not None:
                pass

    return take


async def test_a_person_is_served_while_every_place_of_strangers_is_taken(
    site: Any, all_places_taken: Any
) -> None:
    cookie = await cookie_of(site)
    await all_places_taken(site)
    crowd = [await connect(site, f"127.0.0.{2 + number % 5}") for number in range(30)]
    for stream in crowd:
        await stream.send_all(GET % (b"/login", b""))
    await until(lambda: admission(site).pieces.waiting == 30)
    # From the address of strangers too, and on a connection of its own.
    for address in ("127.0.0.1", "127.0.0.2"):
        async with await connect(site, address) as stream:
            with trio.fail_after(HASTE_S):
                await stream.send_all(GET % (b"/tickets", cookie))
                assert (await answer_on(stream)).startswith(b"HTTP/1.1 200")
    assert admission(site).pieces.waiting == 30
    for stream in crowd:
        await stream.aclose()
    await until(lambda: admission(site).pieces.waiting == 0)


async def test_a_stranger_who_leaves_while_waiting_is_not_worked_for(
    site: Any, all_places_taken: Any
) -> None:
    here = admission(site)
    streams = [await connect(site) for _ in range(3)]
    for stream in streams:
        await stream.send_all(GET % (b"/healthz", b""))
        assert (await answer_on(stream)).startswith(b"HTTP/1.1 200")
    await until(lambda: not here.strangers.at_work)
    kept = [here.strangers.enter_at_once(str(number)) for number in range(5)]
    here.strangers._hold_s = 3600.0
    for stream in streams:
        await stream.send_all(GET % (b"/healthz", b""))
    await until(lambda: here.strangers.waiting == 3)
    for stream in streams:
        await stream.aclose()
    await until(lambda: here.strangers.waiting == 0)
    assert kept[0] is not None
    here.strangers.leave(kept[0])


async def test_a_stranger_waits_for_so_long_and_is_asked_to_come_again(
    site: Any, all_places_taken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchanges, "WAIT_S", 0.2)
    async with await connect(site) as stream:
        await stream.send_all(GET % (b"/healthz", b""))
        await answer_on(stream)
        here = admission(site)
        await until(lambda: not here.strangers.at_work)
        here.strangers._hold_s = 3600.0
        assert here.strangers.enter_at_once("somebody") is not None
        with trio.fail_after(HASTE_S):
            await stream.send_all(GET % (b"/api/openapi.json", b""))
            answer = await answer_on(stream)
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"\r\nretry-after: " in answer
    assert b"\r\nx-content-type-options: nosniff" in answer
    assert answer.endswith(b'{"error": "the server is busy; try again in a moment"}')


async def test_too_many_requests_of_one_person_are_turned_away(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = await cookie_of(site)
    gate = admission(site).people
    monkeypatch.setattr(gate, "_hold_s", 3600.0)
    monkeypatch.setattr(gate, "_waiting_each", 0)
    person = site.people.by_role("user").id
    while gate.enter_at_once(person) is not None:
        pass
    assert gate.at_work > 1
    async with await connect(site) as stream:
        with trio.fail_after(HASTE_S):
            await stream.send_all(GET % (b"/tickets", cookie))
            assert (await answer_on(stream)).startswith(b"HTTP/1.1 429")
    other = await cookie_of(site, "staff")
    async with await connect(site) as stream:
        with trio.fail_after(HASTE_S):
            await stream.send_all(GET % (b"/tickets", other))
            assert (await answer_on(stream)).startswith(b"HTTP/1.1 200")


async def test_a_session_that_ended_is_a_strangers(site: Any) -> None:
    cookie = await cookie_of(site)
    token = cookie.split(b"=")[1].strip()
    known = admission(site).known
    assert known.person(token) == site.people.by_role("user").id
    await site.desk.sessions.log_out(token.decode())
    async with await connect(site) as stream:
        with trio.fail_after(HASTE_S):
            await stream.send_all(GET % (b"/tickets", cookie))
            assert (await answer_on(stream)).startswith(b"HTTP/1.1 303")
    assert known.person(token) is None


async def test_a_large_upload_of_a_stranger_is_answered_at_once_and_dropped(site: Any) -> None:
    size = 30_000_000
    async with await connect(site) as stream, trio.open_nursery() as nursery:
        await stream.send_all(
            b"POST /api/admin/plugins HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/wasm\r\nContent-Length: %d\r\n\r\n" % size
        )

        async def upload() -> None:
            with suppress(OSError, trio.BrokenResourceError):
                for _ in range(size // 100_000):
                    await stream.send_all(bytes(100_000))

        nursery.start_soon(upload)
        with trio.fail_after(HASTE_S):
            answer = await answer_on(stream)
            assert answer.startswith(b"HTTP/1.1 401")
            while await stream.receive_some():
                pass
        nursery.cancel_scope.cancel()


async def test_a_body_that_comes_slowly_takes_no_place(build_site: BuildSite) -> None:
    site = await build_site(body_timeout_s=1.0)
    post = b"POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc"
    slow = [await connect(site, "127.0.0.2") for _ in range(20)]
    for stream in slow:
        await stream.send_all(post)
    await until(lambda: not admission(site).pieces.waiting)
    assert admission(site).strangers.at_work == 0
    with trio.fail_after(HASTE_S):
        assert (await answer_on(slow[0])).startswith(b"HTTP/1.1 408")
    for stream in slow:
        await stream.aclose()


async def test_a_stop_ends_while_strangers_wait(
    build_site: BuildSite, all_places_taken: Any
) -> None:
    site = await build_site()
    await all_places_taken(site)
    silent, waiting = await connect(site), await connect(site)
    await waiting.send_all(GET % (b"/login", b""))
    await until(lambda: admission(site).pieces.waiting == 1)
    site.stop.set()
    with trio.fail_after(HASTE_S):
        await site.ended.wait()
    for stream in (silent, waiting):
        with suppress(OSError, trio.BrokenResourceError):
            assert await stream.receive_some() == b""
        await stream.aclose()


async def test_behind_a_proxy_strangers_are_told_apart_by_what_it_says(
    build_site: BuildSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = await build_site(proxy_hops=1)
    gate = admission(site).strangers
    asked: list[str] = []
    enter_at_once = gate.enter_at_once
    monkeypatch.setattr(
        gate, "enter_at_once", lambda key: (asked.append(key), enter_at_once(key))[1]
    )
    async with await connect(site) as stream:
        for said in (b"192.0.2.7", b"10.0.0.1, 2001:db8::1", b"garbage"):
            await stream.send_all(GET % (b"/healthz", b"X-Forwarded-For: %s\r\n" % said))
            assert (await answer_on(stream)).startswith(b"HTTP/1.1 200")
    assert asked == ["192.0.2.7", "2001:db8::/64", "127.0.0.1"]


async def test_connections_that_come_and_go_leave_nothing_in_the_lobby(site: Any) -> None:
    for number in range(200):
        raw = socket.create_connection(("127.0.0.1", int(site.url.rpartition(":")[2])))
        if number % 2:
            raw.send(GET % (b"/login", b""))
        raw.close()
        if number % 20 == 0:
            await trio.lowlevel.checkpoint()
    async with await connect(site) as stream:
        with trio.fail_after(HASTE_S):
            await stream.send_all(GET % (b"/healthz", b""))
            assert (await answer_on(stream)).startswith(b"HTTP/1.1 200")
    await until(lambda: not admission(site).pieces.waiting)

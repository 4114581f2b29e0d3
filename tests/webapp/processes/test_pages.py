"""Pages from processes beside the main one: real processes over a real help desk."""

import os
import re
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import trio

from helpdesk.actors import SYSTEM, Role
from webapp.monitoring.traffic import traffic_of

PATIENCE_S = 120
Build = Callable[..., Awaitable[Any]]


async def until(look: Callable[[], bool]) -> None:
    with trio.fail_after(PATIENCE_S):
        while not look():  # noqa: ASYNC110 - another process tells nobody
            await trio.sleep(0.02)


def figure(site: Any, name: str) -> float:
    found = traffic_of(site.app.extensions).registry.get_sample_value(name)
    assert found is not None
    return float(found)


def answered(site: Any) -> float:
    """How many requests the page processes have answered."""
    return figure(site, "ohd_page_process_requests_total")


def processes() -> list[int]:
    children = psutil.Process().children()
    return [child.pid for child in children if child.name() == "ohd-pages"]


@pytest.fixture
async def site(build_site: Build) -> Any:
    return await start(build_site)


async def start(build_site: Build, **settings: Any) -> Any:
    site = await build_site(web_processes=1, **settings)
    await until(lambda: figure(site, "ohd_page_processes") == 1)
    return site


async def at_pages(site: Any, browser: Any, path: str = "/tickets") -> None:
    """Have the browser's connection be with the page process."""
    before = answered(site)
    await browser.get(path)
    await browser.get(path)
    await until(lambda: answered(site) > before)


async def connect(site: Any) -> trio.SocketStream:
    return await trio.open_tcp_stream("127.0.0.1", int(site.url.rpartition(":")[2]))


def head(site: Any, browser: Any, path: str) -> bytes:
    name = site.config.session_cookie
    cookie = f"{name}={browser.client.cookies[name]}"
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()


async def read_until(stream: trio.SocketStream, wanted: bytes) -> None:
    said = b""
    while wanted not in said:
        more = await stream.receive_some(65536)
        assert more, said[-500:]
        said += more


async def test_a_page_process_answers_and_a_change_shows_on_the_next_page(site: Any) -> None:
    staff = await site.as_("staff")
    ticket = await site.ticket(subject="A paper jam")
    await at_pages(site, staff, f"/tickets/{ticket.id}")
    for number in range(5):
        await staff.submit(
            f"/tickets/{ticket.id}", f"/tickets/{ticket.id}/reply", reply=f"Answer {number}."
        )
        assert f"Answer {number}." in (await staff.get(f"/tickets/{ticket.id}")).words()
    assert "A paper jam" in (await staff.get("/tickets")).words()
    css = re.search(r'href="(/static/app\.css[^"]*)"', (await staff.get("/tickets")).text)
    assert css is not None
    assert (await staff.get(css[1])).status == 200


async def test_a_session_that_was_ended_opens_no_page(site: Any) -> None:
    staff = await site.as_("staff")
    await at_pages(site, staff)
    await site.desk.sessions.revoke_all(site.people.admin.actor, site.people.staff.id)
    page = await staff.get("/tickets")
    assert (page.status, page.response.headers["Location"]) == (303, "/login?next=%2Ftickets")


async def test_a_change_of_role_counts_from_the_next_page_on(site: Any) -> None:
    staff, ticket = await site.as_("staff"), await site.ticket(by="other")
    await at_pages(site, staff, f"/tickets/{ticket.id}")
    await site.desk.users.update(SYSTEM, site.people.staff.id, role=Role.USER)
    assert (await staff.get(f"/tickets/{ticket.id}")).status == 404


async def test_a_new_name_of_the_site_shows_on_the_next_page(site: Any) -> None:
    staff = await site.as_("staff")
    await at_pages(site, staff)
    for name in ("First Desk", "Second Desk", "Third Desk"):
        await site.desk.settings.update(site.people.admin.actor, site_name=name)
        assert name in (await staff.get("/tickets")).text
    await at_pages(site, staff)
    assert "Third Desk" in (await staff.get("/tickets")).text


async def test_a_connection_that_was_lent_still_takes_a_live_stream(site: Any) -> None:
    staff, ticket = await site.as_("staff"), await site.ticket()
    await at_pages(site, staff, f"/tickets/{ticket.id}")
    async with await connect(site) as stream:
        with trio.fail_after(PATIENCE_S):
            before = answered(site)
            await stream.send_all(head(site, staff, f"/tickets/{ticket.id}"))
            await read_until(stream, b"</html>")
            await until(lambda: answered(site) > before)
            await stream.send_all(head(site, staff, "/events"))
            await read_until(stream, b"text/event-stream")
            await site.desk.tickets.reply(site.people.admin.actor, ticket.id, "Now.")
            await read_until(stream, ticket.id.encode())


async def test_a_killed_process_costs_its_own_connections_and_comes_back(site: Any) -> None:
    staff, other = await site.as_("staff"), await site.as_("admin")
    await at_pages(site, staff)
    (pid,) = processes()
    async with await connect(site) as stream:
        asked = head(site, staff, "/tickets")
        await stream.send_all(asked)
        assert await stream.receive_some(65536)
        os.kill(pid, signal.SIGSTOP)
        # While the first answer is on its way, or behind it: this one is never answered.
        await stream.send_all(asked)
        os.kill(pid, signal.SIGKILL)
        with trio.fail_after(PATIENCE_S), suppress(trio.BrokenResourceError):
            while await stream.receive_some(65536):
                pass
    assert (await other.get("/tickets")).status == 200
    await until(lambda: figure(site, "ohd_page_processes") == 1 and pid not in processes())
    await at_pages(site, other)


async def test_requests_sent_together_are_answered_in_order(site: Any) -> None:
    staff, ticket = await site.as_("staff"), await site.ticket(subject="In order")
    await at_pages(site, staff)
    paths = ["/tickets", f"/tickets/{ticket.id}", "/nothing", "/tickets", "/profile"]
    heads = [head(site, staff, path) for path in paths]
    for pieces in ([b"".join(heads)], heads):
        said = b""
        async with await connect(site) as stream:
            for piece in pieces:
                await stream.send_all(piece)
            with trio.fail_after(PATIENCE_S):
                while said.count(b"</html>") < len(paths):
                    more = await stream.receive_some(65536)
                    assert more, said[-500:]
                    said += more
        statuses = re.findall(rb"HTTP/1\.1 (\d+)", said)
        assert statuses == [b"200", b"200", b"404", b"200", b"200"]


async def test_connections_of_all_processes_count_together(build_site: Build) -> None:
    site = await start(build_site, max_connections=16)
    staff = await site.as_("staff")
    await at_pages(site, staff)
    cookie = f"{site.config.session_cookie}={staff.client.cookies[site.config.session_cookie]}"
    asked = f"GET /tickets HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n".encode()
    streams = [
        await trio.open_tcp_stream("127.0.0.1", int(site.url.rpartition(":")[2])) for _ in range(20)
    ]
    ended = 0

    async def ask(stream: trio.SocketStream) -> None:
        nonlocal ended
        try:
            await stream.send_all(asked)
            while await stream.receive_some(65536):
                pass
        except trio.BrokenResourceError:
            pass
        ended += 1

    async with trio.open_nursery() as nursery:
        for stream in streams:
            nursery.start_soon(ask, stream)
        await until(lambda: ended >= 4)
        nursery.cancel_scope.cancel()
    for stream in streams:
        await stream.aclose()
    assert (await (await site.as_("staff")).get("/tickets")).status == 200


async def test_neither_process_keeps_a_descriptor(site: Any) -> None:
    staff, ticket = await site.as_("staff"), await site.ticket()
    await at_pages(site, staff)
    (pid,) = processes()

    def held() -> tuple[int, int]:
        here, there = Path("/proc/self/fd"), Path(f"/proc/{pid}/fd")
        return len(list(here.iterdir())), len(list(there.iterdir()))

    before = held()
    for _ in range(20):
        for path in ("/tickets", "/profile", f"/tickets/{ticket.id}", "/tickets/nothing"):
            await staff.get(path)
        await staff.client.get("/tickets", headers={"Connection": "close"})
    await until(lambda: held()[0] <= before[0] + 3 and held()[1] <= before[1] + 3)


async def test_a_stop_ends_the_processes_as_well(site: Any) -> None:
    staff = await site.as_("staff")
    await at_pages(site, staff)
    site.stop.set()
    with trio.fail_after(PATIENCE_S):
        await site.ended.wait()
    assert processes() == []

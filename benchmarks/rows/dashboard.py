"""The dashboard with ten widgets of five plugins: when it can be read, and when it is complete.

One widget counts for a while; the others answer at once. The dashboard is complete when the
document of each has arrived, by the requests that its script makes. And what a page costs while all
ten widgets loop.
"""

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial

import psutil
import trio

from benchmarks.bench import Bench
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row, Sample, percentile
from benchmarks.served import Desk, NotServed, Server, make_desk, open_server, wait_until
from tests.goatkit_modules import goatkit_module

_PLUGINS, _TICKETS, _ROUNDS = 5, 1_000, 3
_LOOPING_ROUNDS = 2
"""With the warm-up, as often as a function may fail before it is asked for less often."""
_PAGES, _BOARDS = 20, 5
_READ_S = 4.0
_COUNTS = 200_000_000
"""Of the slow widget: some tenths of a second."""
_AT_WORK_S = 0.02
_TICKET, _IDLE = "ticket page", "idle server"
_SLOW = "goatkit.board0/slow"


async def measure(bench: Bench) -> list[Row]:
    """Measure a dashboard that works, and one that loops."""
    folder, tickets = bench.workshop.folder, bench.count(_TICKETS)
    working = [_module(f"board{n}", "slow" if n == 0 else "quick") for n in range(_PLUGINS)]
    desk = await make_desk(folder / "board", {}, tickets=tickets, modules=working)
    async with open_server(desk, plugins=_PLUGINS) as server:
        pages = await interleave(
            {
                "ours": partial(_page_ms, server, "/dashboard", bench),
                _TICKET: partial(_page_ms, server, desk.ticket, bench),
            },
            rounds=min(bench.rounds, _ROUNDS),
        )
        over = [await _over_ms(server) for _ in range(bench.count(_BOARDS))]
    loops = [_module(f"loop{n}", "loop") for n in range(_PLUGINS)]
    return [
        Row.of("dashboard, until it can be read", "ms", pages, limits=[Limit(2.0, of=_TICKET)]),
        Row(
            "dashboard, complete after its slowest widget's own time",
            "ms",
            Sample(tuple(over)),
            limits=[Limit(50.0)],
            note=f"ten widgets of {_PLUGINS} plugins",
        ),
        await _beside_loops(
            bench, await make_desk(folder / "loops", {}, tickets=tickets, modules=loops)
        ),
    ]


def _module(name: str, handler: str) -> bytes:
    """Return a plugin with two widgets; the first one's function is ``handler``."""
    widgets = [("slow" if handler == "slow" else "first", handler), ("second", "quick")]
    if handler == "loop":
        widgets = [("first", "loop one"), ("second", "loop two")]
    return goatkit_module(
        {
            "name": name,
            "widgets": [
                {"id": widget, "title": widget, "handler": function, "location": "dashboard"}
                for widget, function in widgets
            ],
        },
        {} if handler == "loop" else {one: {"html": "<p>42</p>"} for one in ("slow", "quick")},
        {} if handler == "loop" else {"slow": _COUNTS},
    )


async def _page_ms(server: Server, path: str, bench: Bench) -> float:
    def read() -> float:
        began = time.perf_counter()
        for _ in range(bench.count(_PAGES)):
            server.page(path)
        return (time.perf_counter() - began) / bench.count(_PAGES) * 1e3

    return await trio.to_thread.run_sync(read)


async def _over_ms(server: Server) -> float:
    """Return what the whole dashboard takes beyond the slow widget asked for alone."""
    alone = await trio.to_thread.run_sync(_complete_ms, server, f"?only={_SLOW}", 1)
    return await trio.to_thread.run_sync(_complete_ms, server, "", 2 * _PLUGINS) - alone


def _complete_ms(server: Server, query: str, wanted: int) -> float:
    """Load a dashboard as its script does: the page, the widgets as they come, their documents."""
    connection = server.connection()
    began = time.perf_counter()
    server.page("/dashboard")
    frames = 0
    for line in _lines(connection, f"/dashboard/widgets{query}", server.desk):
        said = json.loads(line)
        if b"42" not in server.page(said["frame"]):
            raise NotServed(f"{said['key']} shows something else")
        frames += 1
    taken = (time.perf_counter() - began) * 1e3
    connection.close()
    if frames != wanted:
        raise NotServed(f"{frames} widgets came where {wanted} were expected")
    return taken


def _lines(connection: http.client.HTTPConnection, path: str, desk: Desk) -> Iterator[bytes]:
    connection.request("GET", path, headers={"Cookie": desk.cookie})
    response = connection.getresponse()
    if response.status != 200:
        raise NotServed(f"{path}: status {response.status}")
    while line := response.readline():
        yield line


async def _beside_loops(bench: Bench, desk: Desk) -> Row:
    async with open_server(desk, plugins=_PLUGINS) as server:
        samples = await interleave(
            {"ours": partial(_looping, server), _IDLE: partial(_page_p99, server)},
            rounds=min(bench.rounds, _LOOPING_ROUNDS),
        )
    name = "ticket page, p99, ten widgets looping"
    return Row.of(name, "ms", samples, limits=[Limit(2.0, of=_IDLE)])


async def _looping(server: Server) -> float:
    """Open a dashboard whose widgets never return, and read another page meanwhile."""
    before = await trio.to_thread.run_sync(_worked_s, server)
    connection = server.connection()
    figure = 0.0
    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, _until_all_failed, connection, server.desk)
        await wait_until(lambda: _worked_s(server) > before + _PLUGINS * _AT_WORK_S)
        figure = await _page_p99(server)
    connection.close()
    await wait_until(lambda: len(server.children()) >= _PLUGINS)
    return figure


def _worked_s(server: Server) -> float:
    """Return how long the plugins' processes that run now have worked, together."""
    worked = 0.0
    for child in server.children():
        with suppress(psutil.NoSuchProcess):
            worked += child.cpu_times().user
    return worked


def _until_all_failed(connection: http.client.HTTPConnection, desk: Desk) -> None:
    for line in _lines(connection, "/dashboard/widgets", desk):
        if "problem" not in json.loads(line):
            raise NotServed("a widget that loops has returned")


async def _page_p99(server: Server) -> float:
    def read() -> float:
        taken, end = [], time.perf_counter() + _READ_S
        while (started := time.perf_counter()) < end:
            server.page(server.desk.ticket)
            taken.append((time.perf_counter() - started) * 1e3)
        return percentile(taken, 99)

    return await trio.to_thread.run_sync(read)

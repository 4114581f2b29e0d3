"""Pages with processes beside the main one (``[server] web_processes``): two against one and none.

All three help desks are filled alike and run at once; those that are not asked do nothing. wrk runs
on the same processors: where there are two of them, its share is missing from two page processes.
"""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial

import psutil
import trio

from benchmarks.bench import Bench
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row, Sample
from benchmarks.served import Server, make_desk, open_server, wait_until
from benchmarks.wrk import Heard, WrkMissing, ask, find_wrk
from cli.serving.page_process import NAME

_TICKETS, _ROUNDS = 1_000, 3
_PAGES = ("ticket page", "ticket list")
_NUMBERS = (2, 1, 0)
_SCALED, _MANY = 20, 100
"""Readers at once."""
_ONE, _NONE, _ALONE, _MEDIAN = "1 page process", "no page process", "1 user", "the median"


async def measure(bench: Bench) -> list[Row]:
    """Ask each of them for the same pages."""
    try:
        find_wrk()
    except WrkMissing as exc:
        names = [name(page) for page in _PAGES for name in (_scaled, _busy, _late)]
        return [Row.empty(name, "/s", str(exc)) for name in names]
    tickets, rounds = bench.count(_TICKETS), min(bench.rounds, _ROUNDS)
    async with AsyncExitStack() as running:
        servers: dict[int, Server] = {}
        for number in _NUMBERS:
            settings = f"[server]\nweb_processes = {number}\n"
            folder = bench.workshop.folder / f"{number}-page-processes"
            desk = await make_desk(folder, {}, tickets=tickets, settings=settings)
            servers[number] = await running.enter_async_context(open_server(desk, plugins=0))
            await wait_until(partial(_has, servers[number], number))
        return [row for page in _PAGES for row in await _rows(servers, page, rounds)]


def _has(server: Server, number: int) -> bool:
    children = psutil.Process(server.process.pid).children()
    return sum(child.name() == NAME for child in children) == number


async def _rows(servers: Mapping[int, Server], page: str, rounds: int) -> Sequence[Row]:
    for server in servers.values():
        # Each person has read the ticket, and each process has seen each person.
        await _ask(server, page, _SCALED)
    scaled = await interleave(
        {
            "ours": partial(_rate, servers[2], page, _SCALED),
            _ONE: partial(_rate, servers[1], page, _SCALED),
            _NONE: partial(_rate, servers[0], page, _SCALED),
        },
        rounds=rounds,
    )
    busy = await interleave(
        {
            "ours": partial(_rate, servers[2], page, _MANY),
            _ALONE: partial(_rate, servers[2], page, 1),
        },
        rounds=rounds,
    )
    heard = [await _ask(servers[2], page, _MANY) for _ in range(rounds)]
    late = {
        "ours": Sample(tuple(each.p99_ms for each in heard)),
        _MEDIAN: Sample(tuple(each.p50_ms for each in heard)),
    }
    return [
        Row.of(_scaled(page), "/s", scaled, limits=[Limit(1.7, of=_ONE, at_least=True)]),
        Row.of(_busy(page), "/s", busy, limits=[Limit(0.95, of=_ALONE, at_least=True)]),
        Row.of(_late(page), "ms", late, limits=[Limit(4.0, of=_MEDIAN)]),
    ]


async def _ask(server: Server, page: str, users: int) -> Heard:
    path = server.desk.ticket if page == "ticket page" else "/tickets"
    return await trio.to_thread.run_sync(ask, server.address, server.desk.cookies, [path], users)


async def _rate(server: Server, page: str, users: int) -> float:
    return (await _ask(server, page, users)).rate


def _scaled(page: str) -> str:
    return f"{page}, {_SCALED} users, 2 page processes"


def _busy(page: str) -> str:
    return f"{page}, {_MANY} users, 2 page processes"


def _late(page: str) -> str:
    return f"{page}, {_MANY} users, 2 page processes, p99"

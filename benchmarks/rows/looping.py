"""Twenty plugins loop at once: what the reader of a page notices, and how late each is killed."""

import time
from functools import partial

import trio

from benchmarks.bench import Bench
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row, Sample, percentile
from benchmarks.served import Server, make_desk, open_server, wait_until

_PLUGINS, _TICKETS, _ROUNDS = 20, 1_000, 3
_READ_S = 4.0
"""How long the page is read in a round: as long as all of the loops last."""
_DEADLINE_US = 5_000_000
_AT_WORK_S = 0.02
"""Processor time after which a plugin is taken to loop."""
_IDLE = "idle server"


async def measure(bench: Bench) -> list[Row]:
    """Compare the page's p99 with that of the same server while nothing loops."""
    number = bench.count(_PLUGINS)
    folder = bench.workshop.folder / "looping"
    desk = await make_desk(folder, {"wat/loop": number}, tickets=bench.count(_TICKETS))
    async with open_server(desk, plugins=number) as server:
        samples = await interleave(
            {"ours": lambda: _looping(server, number), _IDLE: lambda: _page_p99(server)},
            rounds=min(bench.rounds, _ROUNDS),
        )
        late = await trio.to_thread.run_sync(_lateness_ms, server)
    page = f"ticket page, p99, {number} plugins looping"
    kill = f"lateness of the kill, {number} plugins looping"
    note = f"p99 of {len(late)} kills, over 5.000 s"
    return [
        Row.of(page, "ms", samples, limits=[Limit(3.0, of=_IDLE)]),
        Row(kill, "ms", Sample((percentile(late, 99),)), limits=[Limit(100.0)], note=note),
    ]


async def _looping(server: Server, number: int) -> float:
    """Set every plugin looping, read the page meanwhile, and wait for the end of it."""
    killed = len(await trio.to_thread.run_sync(_lateness_ms, server))
    children = await trio.to_thread.run_sync(server.children)
    before = {child.pid: child.cpu_times().user for child in children}
    await trio.to_thread.run_sync(server.create_ticket, "Everybody loops")
    await wait_until(
        lambda: all(child.cpu_times().user > before[child.pid] + _AT_WORK_S for child in children)
    )
    figure = await _page_p99(server)
    await wait_until(lambda: len(_lateness_ms(server)) >= killed + number)
    return figure


async def _page_p99(server: Server) -> float:
    return await trio.to_thread.run_sync(partial(_read_page, server, _READ_S))


def _read_page(server: Server, seconds: float) -> float:
    taken, end = [], time.perf_counter() + seconds
    while (started := time.perf_counter()) < end:
        server.page(server.desk.ticket)
        taken.append((time.perf_counter() - started) * 1e3)
    return percentile(taken, 99)


def _lateness_ms(server: Server) -> list[float]:
    """Return by how much each delivery outlived its deadline, until its process was gone."""
    rows = server.ask("SELECT duration_us FROM deliveries WHERE outcome = 'timeout'")
    return [max(0, int(str(taken)) - _DEADLINE_US) / 1e3 for (taken,) in rows]

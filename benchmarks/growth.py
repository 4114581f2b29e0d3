"""``python -m benchmarks.growth``: how cost grows, as pictures in ``docs/images/growth-*.svg``.

Three questions: with the number of plugins, with the size of a payload, with the number of tickets.
It takes some minutes, most of them to write a million tickets, so that it is apart from the table.
"""

import logging
import statistics
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import aclosing
from pathlib import Path

import click
import structlog
import trio
import wasmtime

from benchmarks import data_set
from benchmarks.bench import payload
from benchmarks.chart import Chart
from benchmarks.house import open_bench_house
from benchmarks.peer import open_peer
from benchmarks.rows.desk import looks
from benchmarks.rows.noop_delivery import EXTISM_GUEST
from benchmarks.workshop import open_workshop
from helpdesk.service import HelpDesk

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
PLUGINS = (1, 2, 5, 10, 20, 50, 100, 200)
BYTES = (100, 1_000, 10_000, 100_000, 1_000_000)
TICKETS = (1_000, 10_000, 100_000, 1_000_000)
_DELIVERIES = 4_000
_EVENT_BYTES = 40_000_000
"""Of payload in one measurement, or the most events, whichever is less."""
_MOST_EVENTS = 10_000
_REPEATS = 3
_LOOKS = 9

Lines = dict[str, list[tuple[float, float]]]


async def plugins(folder: Path, numbers: tuple[int, ...] = PLUGINS) -> AsyncGenerator[Chart, None]:
    """Measure a durable delivery with ever more subscribers."""
    each: list[tuple[float, float]] = []
    whole: list[tuple[float, float]] = []
    async with open_bench_house(folder / "house") as house:
        running = 0
        for number in numbers:
            for new in range(running, number):
                await house.enable(await house.install("wat/noop", new), True)
            running = number
            tickets = max(20, _DELIVERIES // number)
            await house.churn(tickets // 4, number)
            taken = [await house.churn(tickets, number) for _ in range(_REPEATS)]
            ticket_us = statistics.median(taken) / tickets * 1e6
            each.append((number, ticket_us / number))
            whole.append((number, ticket_us))
            click.echo(f"{number} plugins: {ticket_us / number:.0f} us a delivery", err=True)
            yield Chart(
                "A ticket change, delivered to every plugin and recorded, all durable",
                "plugins that subscribe",
                "µs",
                {"per delivery": each, "per ticket": whole},
            )


async def payloads(folder: Path, sizes: tuple[int, ...] = BYTES) -> AsyncGenerator[Chart, None]:
    """Measure a no-op delivery of ever larger payloads, beside Extism."""
    lines: Lines = {"Open Help Desk": [], "Extism": []}
    module = folder / "extism.wasm"
    await trio.Path(module).write_bytes(bytes(wasmtime.wat2wasm(EXTISM_GUEST)))
    async with open_workshop(folder) as workshop, workshop.child("wat/noop") as child:
        for size in sizes:
            file = folder / f"{size}.json"
            event = _of_size(size)
            await trio.Path(file).write_bytes(event)
            count = min(_MOST_EVENTS, _EVENT_BYTES // size)
            async with open_peer("extism_call", str(module), "unread", str(file)) as peer:
                await child.pipeline(event, count)
                ours, theirs = [], []
                for _ in range(_REPEATS):
                    ours.append(await child.pipeline(event, count))
                    theirs.append(await peer.microseconds(count))
            lines["Open Help Desk"].append((size, statistics.median(ours)))
            lines["Extism"].append((size, statistics.median(theirs)))
            click.echo(f"{size} bytes: {statistics.median(ours):.1f} us", err=True)
            yield Chart("A no-op delivery, pipelined", "bytes of payload", "µs", lines)


def _of_size(size: int) -> bytes:
    whole = payload()
    if size < len(whole):
        return b'{"event":"ticket.created","pad":"' + b"x" * (size - 35) + b'"}'
    return whole[:-1] + b',"pad":"' + b"x" * (size - len(whole) - 9) + b'"}'


async def tickets(folder: Path, numbers: tuple[int, ...] = TICKETS) -> AsyncGenerator[Chart, None]:
    """Measure the list, a search and a ticket in ever larger help desks."""
    lines: Lines = {}
    for number in numbers:
        path = folder / f"{number}.sqlite3"
        people = await data_set.fill(path, tickets=number, replies=number // 2)
        async with HelpDesk.open(path) as helpdesk:
            for name, look in (await looks(helpdesk, people.admin.actor)).items():
                lines.setdefault(name, []).append((number, await _median_ms(look)))
        figures = ", ".join(f"{name} {points[-1][1]:.2f} ms" for name, points in lines.items())
        click.echo(f"{number} tickets: {figures}", err=True)
        await trio.Path(path).unlink()
        yield Chart("What a person waits for in the help desk", "tickets", "ms", lines)


async def _median_ms(look: Callable[[], Awaitable[object]]) -> float:
    await look()
    taken = []
    for _ in range(_LOOKS):
        began = time.perf_counter()
        await look()
        taken.append((time.perf_counter() - began) * 1e3)
    return statistics.median(taken)


CHARTS: Mapping[str, Callable[[Path], AsyncGenerator[Chart, None]]] = {
    "plugins": plugins,
    "payload": payloads,
    "tickets": tickets,
}


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(list(CHARTS)))
def main(names: tuple[str, ...]) -> None:
    """Measure and draw NAMES, all of them by default."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    for name in names or CHARTS:
        with tempfile.TemporaryDirectory(prefix="ohd-growth-") as folder:
            trio.run(_draw, name, Path(folder))


async def _draw(name: str, folder: Path) -> None:
    """Draw the picture again with each point, so that what was measured is kept in any case."""
    path = IMAGES / f"growth-{name}.svg"
    measured = 0
    async with aclosing(CHARTS[name](folder)) as charts:
        async for chart in charts:
            measured += 1
            if measured > 1:
                await trio.Path(path).write_text(chart.svg(), encoding="utf-8")
    click.echo(f"written: {path.name}")


if __name__ == "__main__":
    main()

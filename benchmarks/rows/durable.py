"""From a ticket change to the record of its delivery, all of it durable; for one plugin and 20."""

from benchmarks.bench import Bench
from benchmarks.harness import interleave
from benchmarks.house import BenchHouse, open_bench_house
from benchmarks.model import Limit, Row
from benchmarks.peer import open_peer
from benchmarks.recording import record

_TICKETS, _TICKETS_FOR_MANY, _MANY = 1_500, 300, 20
_ALONE = "SQLite alone"
_ONE = "one plugin"


async def measure(bench: Bench) -> list[Row]:
    """Compare with SQLite writing the same rows, and 20 subscribers with one."""
    folder = bench.workshop.folder
    async with open_bench_house(folder / "one") as one:
        await one.enable(await one.install("wat/noop"), True)
        rows = [await _beside_sqlite(bench, one)]
        async with open_bench_house(folder / "many") as many:
            for number in range(bench.count(_MANY)):
                await many.enable(await many.install("wat/noop", number), True)
            rows.append(await _beside_one(bench, one, many))
    return rows


async def _beside_sqlite(bench: Bench, house: BenchHouse) -> Row:
    count = bench.count(_TICKETS)
    await house.churn(count)
    before, statements = await record(house, count, bench.workshop.folder)

    async def ours() -> float:
        return count / await house.churn(count)

    async def alone() -> float:
        return count / await peer.ask(count)

    async with open_peer("sqlite_replay", before, statements) as peer:
        samples = await interleave({"ours": ours, _ALONE: alone}, rounds=bench.rounds)
    limits = [Limit(0.45, of=_ALONE, at_least=True)]
    return Row.of("durable: change, event, delivery, record", "/s", samples, limits=limits)


async def _beside_one(bench: Bench, one: BenchHouse, many: BenchHouse) -> Row:
    count, plugins = bench.count(_TICKETS_FOR_MANY), bench.count(_MANY)

    async def ours() -> float:
        return await many.churn(count, plugins) / (count * plugins) * 1e6

    async def single() -> float:
        return await one.churn(count) / count * 1e6

    samples = await interleave({"ours": ours, _ONE: single}, rounds=bench.rounds)
    limits = [Limit(1.2, of=_ONE)]
    return Row.of(f"durable, {plugins} plugins, per delivery", "us", samples, limits=limits)

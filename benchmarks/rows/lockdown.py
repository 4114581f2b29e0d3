"""What the cage costs: a child made with it and without it, and a delivery in either."""

import statistics
import time

from benchmarks.bench import Bench, payload
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row, Sample

_CHILDREN, _DELIVERIES = 10, 20_000
_PEER = "unlocked child"


async def measure(bench: Bench) -> list[Row]:
    """Compare locked children with children whose every control is switched off."""
    return [*await _children(bench), await _deliveries(bench)]


async def _children(bench: Bench) -> list[Row]:
    number = bench.count(_CHILDREN)
    samples = await interleave(
        {
            "ours": lambda: _to_ready(bench, number, locked=True),
            _PEER: lambda: _to_ready(bench, number, locked=False),
        },
        rounds=bench.rounds,
    )
    pairs = zip(samples["ours"].values, samples[_PEER].values, strict=True)
    cost = Sample(tuple(locked - unlocked for locked, unlocked in pairs))
    return [
        Row.of("a child, from the request to READY", "ms", samples),
        Row("lockdown, per child", "ms", cost, limits=[Limit(3.0)], note="difference to unlocked"),
    ]


async def _to_ready(bench: Bench, number: int, *, locked: bool) -> float:
    taken = []
    for _ in range(number):
        started = time.perf_counter()
        async with bench.workshop.child("wat/noop", locked=locked):
            taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken)


async def _deliveries(bench: Bench) -> Row:
    event, count = payload(), bench.count(_DELIVERIES)
    async with (
        bench.workshop.child("wat/noop") as locked,
        bench.workshop.child("wat/noop", locked=False) as unlocked,
    ):
        samples = await interleave(
            {
                "ours": lambda: locked.pipeline(event, count),
                _PEER: lambda: unlocked.pipeline(event, count),
            },
            rounds=bench.rounds,
        )
    return Row.of("no-op delivery in a locked child", "us", samples)

"""From the click that enables an installed plugin to the READY of its process, and after a trap."""

import statistics
import time
from collections.abc import Mapping

from benchmarks.bench import Bench
from benchmarks.harness import interleave
from benchmarks.house import BenchHouse, open_bench_house
from benchmarks.model import Limit, Row
from benchmarks.peer import open_peer

_CLICKS = 8
_PEER = "python -c pass"
_ENABLE = "an enable"
# A host that the manifest does not declare: its first request is refused at once.
_SLACK = {"webhook_url": "https://undeclared.example/"}


async def measure(bench: Bench) -> list[Row]:
    """Measure a tiny module and one of 10 MB of compiled code."""
    async with open_bench_house(bench.workshop.folder / "enable") as house:
        return [
            await _measure(bench, house, "wat/noop", "1 KB", [Limit(1.0, of=_PEER)]),
            await _measure(
                bench, house, "examples/slack", "10 MB compiled", [Limit(1.3, of=_PEER)], _SLACK
            ),
            await _after_a_trap(bench, house),
        ]


async def _measure(
    bench: Bench,
    house: BenchHouse,
    guest: str,
    size: str,
    limits: list[Limit],
    config: Mapping[str, str] | None = None,
) -> Row:
    plugin_id, clicks = await house.install(guest), bench.count(_CLICKS)
    await house.supervisor.controls.set_config(plugin_id, config or {}, actor="benchmark")
    async with open_peer("spawn_python") as peer:
        samples = await interleave(
            {
                "ours": lambda: _clicks(house, plugin_id, clicks),
                _PEER: lambda: peer.milliseconds(clicks),
            },
            rounds=bench.rounds,
        )
    note = "the commit that records it, the fork and the lockdown included"
    return Row.of(f"enable to ready, {size}", "ms", samples, limits=limits, note=note)


async def _after_a_trap(bench: Bench, house: BenchHouse) -> Row:
    """Measure from the record of a trap to the record of the event that follows it."""
    plugin_id, clicks = await house.install("wat/trap", 1), bench.count(_CLICKS)

    async def enables() -> float:
        return await _clicks(house, plugin_id, clicks)

    async def recoveries() -> float:
        taken = []
        for _ in range(clicks):
            # Enabling forgets what the plugin did before, so that each trap is its first.
            await house.enable(plugin_id, True)
            await house.wait_ready(plugin_id)
            recorded = house.recorded()
            await house.create_ticket()
            await house.wait_recorded(recorded + 1)
            started = time.perf_counter()
            await house.create_ticket()
            await house.wait_recorded(recorded + 2)
            taken.append((time.perf_counter() - started) * 1e3)
            await house.enable(plugin_id, False)
        return statistics.median(taken)

    samples = await interleave({"ours": recoveries, _ENABLE: enables}, rounds=bench.rounds)
    name, note = "a fresh instance after a trap", "to the record of its next result"
    return Row.of(name, "ms", samples, limits=[Limit(0.5, of=_ENABLE)], note=note)


async def _clicks(house: BenchHouse, plugin_id: str, number: int) -> float:
    taken = []
    for _ in range(number):
        started = time.perf_counter()
        await house.enable(plugin_id, True)
        await house.wait_ready(plugin_id)
        taken.append((time.perf_counter() - started) * 1e3)
        await house.enable(plugin_id, False)
    return statistics.median(taken)

"""One event to an idle child and its result back; and the same with many in line.

The peer is HashiCorp's go-plugin, as Terraform has it: a Go host that calls a Go program with as
many bytes, which does nothing with them. It has no cage, no deadline and no WebAssembly.
"""

import statistics

import trio

from benchmarks.bench import Bench, payload
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from benchmarks.native import build_go_peer
from benchmarks.peer import open_program
from benchmarks.workshop import Child
from tests.guests.toolchains import BuildFailed, ToolMissing
from tests.native.build import build_native

_TRIPS, _RESTED_TRIPS, _CROWD = 2_000, 40, 20_000
_PEER = "go-plugin"
_REST_S = 0.05
"""Long enough for the child's watchdog to fall asleep, and for the processor to do so too."""
_CALLERS = 64
_NAMES = (
    "idle round trip",
    "round trip after 50 ms of rest",
    f"an event, {_CALLERS} callers at once",
)


async def measure(bench: Bench) -> list[Row]:
    """Compare one event right after the other, one after a rest, and 64 that wait at once."""
    try:
        peer = await trio.to_thread.run_sync(build_go_peer, "goplugin")
        program = await trio.to_thread.run_sync(build_native, "netrpc")
    except (ToolMissing, BuildFailed) as exc:
        return [Row.empty(name, "us", str(exc).splitlines()[0]) for name in _NAMES]
    event = payload()
    size = str(len(event))

    async def row(name: str, count: int, limits: list[Limit], rest: float, callers: int) -> Row:
        mode = ("crowd", size, str(callers)) if callers > 1 else ("trip", size, f"{rest}s")
        async with (
            bench.workshop.child("wat/noop") as child,
            open_program(_PEER, str(peer), str(program), *mode) as other,
        ):

            async def ours() -> float:
                if callers > 1:
                    return await child.pipeline(event, count, window=callers)
                return await _round_trips(child, event, count, rest)

            samples = await interleave(
                {"ours": ours, _PEER: lambda: other.microseconds(count)}, rounds=bench.rounds
            )
        note = "" if callers > 1 else "medians of single trips"
        return Row.of(name, "us", samples, limits=limits, note=note)

    one, rested, crowd = _NAMES
    return [
        await row(one, bench.count(_TRIPS), [Limit(1.5, of=_PEER)], 0.0, 1),
        await row(rested, bench.count(_RESTED_TRIPS), [], _REST_S, 1),
        await row(crowd, bench.count(_CROWD), [Limit(0.8, of=_PEER)], 0.0, _CALLERS),
    ]


async def _round_trips(child: Child, event: bytes, trips: int, rest: float) -> float:
    taken = []
    for _ in range(trips):
        if rest:
            await trio.sleep(rest)
        taken.append(await child.round_trip(event))
    return statistics.median(taken)

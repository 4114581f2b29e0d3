"""One event to an idle child and its result back, with nothing else under way."""

import statistics

import trio

from benchmarks.bench import Bench, payload
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from benchmarks.peer import open_peer
from benchmarks.workshop import Child

_TRIPS, _RESTED_TRIPS = 2_000, 40
_PEER = "pipe ping-pong"
_REST_S = 0.05
"""Long enough for the child's watchdog to fall asleep, and for the processor to do so too."""


async def measure(bench: Bench) -> list[Row]:
    """Compare with two bare processes: one event right after the other, and after a rest."""
    rows = []
    for name, trips, rest in (
        ("idle round trip", _TRIPS, 0.0),
        ("round trip after 50 ms of rest", _RESTED_TRIPS, _REST_S),
    ):
        rows.append(await _measure(bench, name, bench.count(trips), rest))
    return rows


async def _measure(bench: Bench, name: str, trips: int, rest: float) -> Row:
    event = payload()
    async with (
        bench.workshop.child("wat/noop") as child,
        open_peer("pipe_ping_pong", str(len(event)), str(rest)) as peer,
    ):
        samples = await interleave(
            {
                "ours": lambda: _round_trips(child, event, trips, rest),
                _PEER: lambda: peer.microseconds(trips),
            },
            rounds=bench.rounds,
        )
    limits = [] if rest else [Limit(200.0), Limit(3.0, of=_PEER)]
    return Row.of(name, "us", samples, limits=limits, note="medians of single trips")


async def _round_trips(child: Child, event: bytes, trips: int, rest: float) -> float:
    taken = []
    for _ in range(trips):
        if rest:
            await trio.sleep(rest)
        taken.append(await child.round_trip(event))
    return statistics.median(taken)

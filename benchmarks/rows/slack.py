"""The Slack plugin of the document, built by standard Go: an event ignored, and one posted."""

from benchmarks.bench import Bench, payload
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from benchmarks.peer import open_peer

_EVENTS = 2_000
_PEER = "wasmtime-py"
_WAZERO = {"wazero": "its peer program is not written yet"}


async def measure(bench: Bench) -> list[Row]:
    """Compare with wasmtime-py in a process of its own, by its ordinary calls."""
    return [
        await _measure(
            bench,
            "Slack plugin, event parsed and ignored",
            payload("ticket.assigned"),
            [Limit(0.65, of=_PEER), Limit(0.3, of="wazero")],
        ),
        await _measure(
            bench,
            "Slack plugin, event posted, answered at once",
            payload("ticket.created"),
            [Limit(1.0, of=_PEER), Limit(0.5, of="wazero")],
        ),
    ]


async def _measure(bench: Bench, name: str, event: bytes, limits: list[Limit]) -> Row:
    workshop, count = bench.workshop, bench.count(_EVENTS)
    module = str((await workshop.compiled("examples/slack")).module)
    file = workshop.file("slack.json", event)
    async with (
        workshop.child("examples/slack") as child,
        open_peer("wasmtime_call", module, file) as peer,
    ):
        samples = await interleave(
            {
                "ours": lambda: child.pipeline(event, count),
                _PEER: lambda: peer.microseconds(count),
            },
            rounds=bench.rounds,
        )
    return Row.of(name, "us", samples, limits=limits, missing=_WAZERO)

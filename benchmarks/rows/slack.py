"""The Slack plugin of the document, built by standard Go: an event ignored, and one posted."""

from contextlib import AsyncExitStack
from functools import partial

import trio

from benchmarks.bench import Bench, payload
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from benchmarks.native import build_go_peer
from benchmarks.peer import Peer, open_peer, open_program
from tests.guests.toolchains import BuildFailed, ToolMissing

_EVENTS = 2_000
_WASMTIME = "wasmtime-py"
_WAZERO, _WAZERO_FREE = "wazero", "wazero without deadlines"
_DEADLINE = {_WAZERO: "5s", _WAZERO_FREE: "0s"}
"""The document has wazero end a handler after 5 s; without that it is quicker, and unlike us."""


async def measure(bench: Bench) -> list[Row]:
    """Compare with wazero, and with wasmtime-py by its ordinary calls, each in its own process."""
    return [
        await _measure(
            bench,
            "Slack plugin, event parsed and ignored",
            payload("ticket.assigned"),
            [Limit(0.65, of=_WASMTIME), Limit(0.3, of=_WAZERO)],
        ),
        await _measure(
            bench,
            "Slack plugin, event posted, answered at once",
            payload("ticket.created"),
            [Limit(0.9, of=_WASMTIME), Limit(0.5, of=_WAZERO)],
        ),
    ]


async def _measure(bench: Bench, name: str, event: bytes, limits: list[Limit]) -> Row:
    workshop, count = bench.workshop, bench.count(_EVENTS)
    module = str((await workshop.compiled("examples/slack")).module)
    file = workshop.file("slack.json", event)
    async with AsyncExitStack() as running:
        child = await running.enter_async_context(workshop.child("examples/slack"))
        peers = {
            _WASMTIME: await running.enter_async_context(open_peer("wasmtime_call", module, file))
        }
        wazero, missing = await _wazero(running, module, file)
        samples = await interleave(
            {
                "ours": lambda: child.pipeline(event, count),
                **{
                    peer_name: partial(peer.microseconds, count)
                    for peer_name, peer in (peers | wazero).items()
                },
            },
            rounds=bench.rounds,
        )
    return Row.of(name, "us", samples, limits=limits, missing=missing)


async def _wazero(
    running: AsyncExitStack, module: str, file: str
) -> tuple[dict[str, Peer], dict[str, str]]:
    """Return the two peers, or why there are none."""
    try:
        program = await trio.to_thread.run_sync(build_go_peer, "wazero")
    except (ToolMissing, BuildFailed) as exc:
        return {}, dict.fromkeys(_DEADLINE, str(exc).splitlines()[0])
    return {
        name: await running.enter_async_context(
            open_program(name, str(program), module, file, deadline)
        )
        for name, deadline in _DEADLINE.items()
    }, {}

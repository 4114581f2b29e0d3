"""What a child that has nothing to do keeps for itself, beside a new process with wasmtime-py."""

import psutil
import trio

from benchmarks.bench import Bench, payload
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from benchmarks.peer import open_peer
from benchmarks.workshop import Child

_MB = 1e6
_PEER = "fresh CPython with wasmtime-py"


async def measure(bench: Bench) -> list[Row]:
    """Measure a child of a tiny module and one of a large one."""
    return [
        await _measure(bench, "wat/noop", "idle child, 463 byte module", [Limit(6.0)]),
        await _measure(bench, "examples/slack", "idle child, 4.4 MB Go module", []),
    ]


async def _measure(bench: Bench, guest: str, name: str, limits: list[Limit]) -> Row:
    event = payload("ticket.assigned")
    compiled = await bench.workshop.compiled(guest)
    file = bench.workshop.file("memory.json", event)

    async def ours() -> float:
        async with bench.workshop.child(guest) as child:
            await child.pipeline(event, 100)
            return await _private_mb(child)

    async def fresh() -> float:
        async with open_peer("fresh_process", "uss", str(compiled.module), file) as peer:
            return await peer.ask(1) / _MB

    try:
        samples = await interleave({"ours": ours, _PEER: fresh}, rounds=2, warm_up=0)
    except psutil.AccessDenied:
        return Row.empty(name, "MB", "a child's memory is hidden from all but root")
    return Row.of(name, "MB", samples, limits=limits, note="USS, after 100 events")


async def _private_mb(child: Child) -> float:
    # A child is not dumpable: only root may read its smaps, and the fork server's own too.
    process = psutil.Process(child.session.handle.pid)
    info = await trio.to_thread.run_sync(process.memory_full_info)
    return float(info.uss) / _MB

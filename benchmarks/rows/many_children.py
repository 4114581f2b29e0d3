"""What a hundred idle children keep together, fork server included."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager

import trio

from benchmarks.bench import Bench, payload
from benchmarks.harness import Contender, interleave
from benchmarks.memory_map import pss_mb
from benchmarks.model import Limit, Row, Sample
from benchmarks.peer import open_peer
from benchmarks.workshop import Child

_IDLE = 100
_ROUNDS = 2
"""Memory hardly differs from round to round."""
_REAL = 10
"""Fresh processes that really run at once; their figure is multiplied."""
_MB = 1e6
_FRESH = "one fresh CPython, as often"
_FRESH_SHARED = "fresh CPythons, sharing"


async def measure(bench: Bench) -> list[Row]:
    """Compare with as many fresh processes."""
    try:
        return [await _idle(bench)]
    except PermissionError:
        return [Row.empty("100 idle plugins", "MB", "a child's memory is hidden from all but root")]


async def _idle(bench: Bench) -> Row:
    number = bench.count(_IDLE)
    files = await _files(bench, "wat/noop")

    async def alone() -> float:
        async with open_peer("fresh_process", "rss", *files) as peer:
            return await peer.ask(1) / _MB * number

    async with open_peer("fresh_process", "pss", *files) as several:

        async def shared() -> float:
            return await several.ask(_REAL) / _MB / _REAL * number

        peers = {_FRESH: alone, _FRESH_SHARED: shared}
        samples = await _beside(bench, "wat/noop", number, peers)
    name = f"{number} idle plugins, fork server included"
    return Row.of(name, "MB", samples, limits=[Limit(0.2, of=_FRESH)], note="PSS, after 10 events")


async def _files(bench: Bench, guest: str) -> tuple[str, str]:
    module = (await bench.workshop.compiled(guest)).module
    name = f"{guest.replace('/', '-')}.json"
    return str(module), bench.workshop.file(name, payload("ticket.assigned"))


async def _beside(
    bench: Bench, guest: str, number: int, peers: Mapping[str, Contender]
) -> dict[str, Sample]:
    async def ours() -> float:
        async with _children(bench, guest, number) as children:
            for child in children:
                await child.pipeline(payload("ticket.assigned"), 10)
            pids = [child.session.handle.pid for child in children]
            server = bench.workshop.fork_server.pid
            assert server is not None
            return await trio.to_thread.run_sync(pss_mb, [server, *pids])

    return await interleave({"ours": ours, **peers}, rounds=_ROUNDS, warm_up=0)


@asynccontextmanager
async def _children(bench: Bench, guest: str, number: int) -> AsyncIterator[list[Child]]:
    async with AsyncExitStack() as running:
        yield [
            await running.enter_async_context(bench.workshop.child(guest)) for _ in range(number)
        ]

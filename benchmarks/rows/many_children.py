"""What many children keep together: 100 idle ones of a tiny module, 20 of one large module."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import trio

from benchmarks.bench import Bench, payload
from benchmarks.bulky import bulky_module
from benchmarks.harness import Contender, interleave
from benchmarks.memory_map import pss_mb
from benchmarks.model import Limit, Row, Sample
from benchmarks.peer import open_peer
from benchmarks.workshop import Child

_IDLE, _LARGE = 100, 20
_ROUNDS = 2
"""Memory hardly differs from round to round."""
_REAL = 10
"""Fresh processes that really run at once; their figure is multiplied."""
_MB = 1e6
_FRESH = "one fresh CPython, as often"
_FRESH_SHARED = "fresh CPythons, sharing"
_COPIES = "forked, code copied"
_FRESH_COPIES = "fresh CPythons, code copied"


async def measure(bench: Bench) -> list[Row]:
    """Compare with fresh processes, and with children that copy the code instead of mapping it."""
    try:
        return [await _idle(bench), await _bulky(bench), await _slack(bench)]
    except PermissionError:
        why = "a child's memory is hidden from all but root"
        return [Row.empty("100 idle plugins", "MB", why), Row.empty("20 children", "MB", why)]


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


async def _bulky(bench: Bench) -> Row:
    module = await trio.to_thread.run_sync(bulky_module)
    path = Path(bench.workshop.file("bulky.wasm", module))
    await bench.workshop.compile("bulky", path, module)
    return await _large(bench, "bulky", "a module of 10 MB of compiled code")


async def _slack(bench: Bench) -> Row:
    return await _large(bench, "examples/slack", "the Slack plugin, 10 MB compiled, Go's heap each")


async def _large(bench: Bench, guest: str, what: str) -> Row:
    number = bench.count(_LARGE)
    files = await _files(bench, guest)
    async with (
        open_peer("private_copies", *files) as copies,
        open_peer("fresh_process", "pss", *files) as fresh,
    ):

        async def forked() -> float:
            return await copies.ask(number) / _MB

        async def started() -> float:
            return await fresh.ask(number) / _MB

        peers = {_COPIES: forked, _FRESH_COPIES: started}
        samples = await _beside(bench, guest, number, peers)
    name = f"{number} children of {what}"
    return Row.of(name, "MB", samples, limits=[Limit(0.4, of=_COPIES)], note="PSS, after 10 events")


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

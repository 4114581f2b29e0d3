"""A native plugin beside HashiCorp's own Go host of the same program: a call, memory, a start.

Over net/rpc, and over gRPC.

That host runs the program as it is. Ours has a cage around it and a bridge in front.
"""

import time
from contextlib import AsyncExitStack
from pathlib import Path

import trio

from benchmarks.bench import Bench
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from benchmarks.native import build_go_peer
from benchmarks.peer import Peer, open_program
from supervisor.native.plugin import NativePlugin, NativeSettings, open_native
from supervisor.native.sealed import SealedProgram, seal_program
from supervisor.process.cage import Cage, CageSettings
from tests.guests.toolchains import BuildFailed, ToolMissing
from tests.native.build import build_native

_CALLS, _STARTS = 2_000, 8
_PEER = "HashiCorp's Go host"
_MIB = 1024 * 1024
_ARGUMENTS = b'{"text":"x"}'
_PROTOCOLS = {"": "native plugin", "grpc": "native plugin over gRPC"}
"""Modes of the program, and how its rows begin."""
_MEASURES = {
    "a call": "us",
    "memory beside the program's own": "MiB",
    "its start beyond the program's own": "ms",
}


async def measure(bench: Bench) -> list[Row]:
    """Measure all three over both protocols; the rows are empty where Go is missing."""
    rows: list[Row] = []
    for mode, kind in _PROTOCOLS.items():
        names = {f"{kind}, {measure}": unit for measure, unit in _MEASURES.items()}
        try:
            program = await trio.to_thread.run_sync(build_native, "netrpc", mode)
            peer = await trio.to_thread.run_sync(build_go_peer, "goplugin")
        except (ToolMissing, BuildFailed) as exc:
            why = str(exc).splitlines()[0]
            rows += [Row.empty(name, unit, why) for name, unit in names.items()]
            continue
        with seal_program(program) as sealed:
            for name, measured in zip(names, (_calls, _memory, _starts), strict=True):
                rows.append(await measured(bench, name, sealed, peer, program))
    return rows


def _settings(bench: Bench) -> NativeSettings:
    async def serve(_name: str, _arguments: bytes) -> bytes:
        await trio.lowlevel.checkpoint()
        return b"[]"

    cage = Cage(CageSettings())
    # That host uses no TLS either, as the platform does not.
    return NativeSettings(
        bench.workshop.fork_server, cage, serve, lambda _line: None, offer_tls=False
    )


async def _calls(bench: Bench, name: str, sealed: SealedProgram, peer: Path, program: Path) -> Row:
    count = bench.count(_CALLS)
    async with AsyncExitStack() as running:
        ours = await running.enter_async_context(open_native(_settings(bench), sealed))
        theirs = await _open(running, peer, program, "call")
        await ours.init({})

        async def calls() -> float:
            began = time.perf_counter()
            for _ in range(count):
                await ours.call("hello", _ARGUMENTS, 5.0)
            return (time.perf_counter() - began) / count * 1e6

        samples = await interleave(
            {"ours": calls, _PEER: lambda: theirs.microseconds(count)}, rounds=bench.rounds
        )
    return Row.of(name, "us", samples, limits=[Limit(2.0, of=_PEER)])


async def _memory(bench: Bench, name: str, sealed: SealedProgram, peer: Path, program: Path) -> Row:
    count = bench.count(_CALLS)
    async with AsyncExitStack() as running:
        ours = await running.enter_async_context(open_native(_settings(bench), sealed))
        theirs = await _open(running, peer, program, "memory")
        await ours.init({})

        async def beyond() -> float:
            for _ in range(count):
                await ours.call("hello", _ARGUMENTS, 5.0)
            alone = await theirs.ask(count)
            ours_program, bridge = ours.pids
            return (_kept(ours_program, "Rss:") + _kept(bridge, "Private_") - alone) / _MIB

        samples = await interleave({"ours": beyond}, rounds=bench.rounds)
    note = "what the programs have in memory, and what is the bridge's own, after the same calls"
    return Row.of(name, "MiB", samples, limits=[Limit(8.0)], note=note)


async def _starts(bench: Bench, name: str, sealed: SealedProgram, peer: Path, program: Path) -> Row:
    count = bench.count(_STARTS)
    async with AsyncExitStack() as running:
        theirs = await _open(running, peer, program, "start")

        async def beyond() -> float:
            alone = await theirs.milliseconds(count)
            taken = [await _one_start(_settings(bench), sealed) for _ in range(count)]
            return sum(taken) / count - alone

        samples = await interleave({"ours": beyond}, rounds=bench.rounds)
    note = "to the first answer; the cage, the bridge and its lockdown included"
    return Row.of(name, "ms", samples, limits=[Limit(60.0)], note=note)


async def _one_start(settings: NativeSettings, sealed: SealedProgram) -> float:
    began = time.perf_counter()
    async with open_native(settings, sealed) as plugin:
        await plugin.init({})
        await plugin.call("hello", _ARGUMENTS, 5.0)
        taken = (time.perf_counter() - began) * 1e3
        await _leave(plugin)
    return taken


async def _leave(plugin: NativePlugin) -> None:
    plugin.stop()
    await plugin.over.wait()


async def _open(running: AsyncExitStack, peer: Path, program: Path, mode: str) -> Peer:
    opened = open_program(_PEER, str(peer), str(program), mode)
    return await running.enter_async_context(opened)


def _kept(pid: int, field: str) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))

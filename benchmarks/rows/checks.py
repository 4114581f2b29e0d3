"""What checking costs: a plugin's HTTP request before it goes out, and a large module's structure.

Both clients open a connection for each request, in the same process, to the same server on
loopback. Neither uses TLS: the handshake would be the same for both and hide the rest.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import httpx
import trio
import wasmtime

from benchmarks.bench import Bench
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row, Sample
from sandbox_child.abi.contracts import examine
from sandbox_child.abi.structure import Needs
from sandbox_child.wasm.module import read_module
from supervisor.egress import EgressClient, EgressPolicy, EgressRequest

_REQUESTS = 300
_HOST = "hooks.slack.com"
_BODY = '{"text": "New laptop request"}'
_HTTPX = "plain httpx"
_VALIDATE = "wasmtime's validation alone"


async def measure(bench: Bench) -> list[Row]:
    """Compare with httpx by itself, and with the engine's own check of a module."""
    return [*await requests(bench), await _structure(bench)]


async def requests(bench: Bench) -> list[Row]:
    """Return the rows about HTTP requests: what one takes, and what of it the checks take."""
    count = bench.count(_REQUESTS)
    async with _answering() as port:
        address = f"http://127.0.0.1:{port}"
        policy = EgressPolicy(routes={_HOST: address})
        plain = httpx.AsyncClient(trust_env=False, headers={"Connection": "close"})
        async with EgressClient(policy) as client, plain:
            hosts = frozenset({_HOST})
            asked = EgressRequest(
                f"https://{_HOST}/services/T0", "POST", {"Content-Type": "application/json"}, _BODY
            )

            async def checked() -> None:
                answer = await client.request(asked, hosts)
                assert answer.status == 200, answer.detail

            async def unchecked() -> None:
                headers = {"Content-Type": "application/json"}
                answer = await plain.post(f"{address}/services/T0", content=_BODY, headers=headers)
                assert answer.status_code == 200

            samples = await interleave(
                {
                    "ours": partial(_timed, checked, count),
                    _HTTPX: partial(_timed, unchecked, count),
                },
                rounds=bench.rounds,
            )
    pairs = zip(samples["ours"].values, samples[_HTTPX].values, strict=True)
    cost = Sample(tuple(ours - peer for ours, peer in pairs))
    return [
        Row.of("a plugin's HTTP request, checked", "ms", samples, note="to loopback, without TLS"),
        Row("egress checks, per request", "ms", cost, limits=[Limit(0.2)], note="the difference"),
    ]


async def _timed(ask: Callable[[], Awaitable[None]], count: int) -> float:
    """Return the median, in ms."""
    taken = []
    for _ in range(count):
        started = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - started) * 1e3)
    return statistics.median(taken)


@asynccontextmanager
async def _answering() -> AsyncIterator[int]:
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "benchmarks.answering"], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.receive_some(16))
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()
            await process.stdout.aclose()


async def _structure(bench: Bench) -> Row:
    path = (await bench.workshop.compiled("examples/slack")).module
    module = await trio.Path(path).read_bytes()
    engine = wasmtime.Engine()
    needs = Needs(events=True, panel=False)

    def check() -> float:
        started = time.perf_counter()
        examine(read_module(module), needs)
        return time.perf_counter() - started

    def validate() -> float:
        started = time.perf_counter()
        wasmtime.Module.validate(engine, module)
        return time.perf_counter() - started

    samples = await interleave(
        {
            "ours": partial(trio.to_thread.run_sync, check),
            _VALIDATE: partial(trio.to_thread.run_sync, validate),
        },
        rounds=bench.rounds,
    )
    name = f"structure of a {len(module) / 1e6:.1f} MB module checked"
    return Row.of(name, "s", samples, limits=[Limit(0.3)])

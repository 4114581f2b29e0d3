"""Some of the benchmark's programs run, with next to no work: their figures mean nothing here.

The rest compile a large module, fill a help desk, or wait for loops to end: too long for a test.
"""

from pathlib import Path

import pytest

from benchmarks import native
from benchmarks.bench import Bench
from benchmarks.model import Row
from benchmarks.rows import checks, durable, gk_call, noop_delivery
from benchmarks.workshop import open_workshop


def have_figures(rows: list[Row]) -> bool:
    return all(
        row.ours is not None
        and row.ours.median > 0
        and row.peers
        and all(peer.median > 0 for peer in row.peers.values())
        for row in rows
    )


async def test_a_delivery_is_measured_beside_extism(tmp_path: Path) -> None:
    pytest.importorskip("extism", reason="the Python package extism is not installed")
    async with open_workshop(tmp_path) as workshop:
        assert have_figures(await noop_delivery.measure(Bench(workshop, rounds=1, scale=0.01)))


async def test_the_durable_path_is_measured_beside_sqlite(tmp_path: Path) -> None:
    async with open_workshop(tmp_path) as workshop:
        assert have_figures(await durable.measure(Bench(workshop, rounds=1, scale=0.02)))


async def test_a_checked_request_is_measured_beside_httpx(tmp_path: Path) -> None:
    async with open_workshop(tmp_path) as workshop:
        request, cost = await checks.requests(Bench(workshop, rounds=1, scale=0.02))
    assert have_figures([request])
    assert cost.ours is not None
    assert cost.ours.median == pytest.approx(
        request.ours.median - request.peers["plain httpx"].median
    )


async def test_a_goatkit_call_is_measured_beside_a_delivery_and_wazero(tmp_path: Path) -> None:
    if not native.is_built("wazero"):
        pytest.skip("the peer is not built: run `python -m benchmarks.prepare`")
    async with open_workshop(tmp_path) as workshop:
        assert have_figures(await gk_call.measure(Bench(workshop, rounds=1, scale=0.01)))

"""Real control groups, on machines where some can be made."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trio

from sandbox_child.wire.spec import ProbeSpec
from supervisor.limits import Limits
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.cgroups import GroupPool, open_groups
from supervisor.process.forkserver import open_fork_server

SERVER = """
import trio
from supervisor.cgroups import open_groups
from supervisor.process.forkserver import open_fork_server
async def main():
    async with open_groups() as groups, open_fork_server(groups=groups):
        await groups.take(1 << 28)
        print(*groups.homes, sep="\\n", flush=True)
        print("", flush=True)
        await trio.sleep_forever()
trio.run(main)
"""


@pytest.fixture
async def groups():
    async with open_groups() as pool:
        if not pool.homes:
            pytest.skip(f"no control groups here: {pool.reason}")
        yield pool


async def probe(groups: GroupPool) -> bytes:
    spec = ProbeSpec("probe", Cage(CageSettings()).plugin(Limits()))
    async with open_fork_server(groups=groups) as fork_server:
        reads, writes = os.pipe()
        said, says = os.pipe()
        try:
            child = await fork_server.spawn(spec, [reads, says])
            os.close(says)
            await child.wait()
            return os.read(said, 65536)
        finally:
            for descriptor in (reads, writes, said):
                os.close(descriptor)


async def test_a_child_joins_a_group_before_it_is_locked(groups):
    report = await probe(groups)
    assert b'"name": "cgroup", "active": true' in report


async def test_a_group_is_lent_again_once_its_child_has_ended(groups):
    for _ in range(3):
        await probe(groups)
    assert len(list(groups.homes[0].glob("child-*"))) == 1


async def test_groups_of_sizes_that_nobody_asks_for_any_longer_are_removed(groups):
    for size in range(40):
        group = await groups.take((256 + size) << 20)
        assert group is not None
        groups.give_back(group)
    assert await groups.take((256 + 39) << 20) is group
    left = len(list(groups.homes[0].glob("child-*")))
    assert left <= 17


async def test_children_that_run_together_have_groups_of_their_own(groups):
    first = await groups.take(1 << 28)
    second = await groups.take(1 << 28)
    assert first is not None
    assert second is not None
    assert not set(first.folders) & set(second.folders)


async def test_children_with_other_limits_have_other_groups(groups):
    small = await groups.take(1 << 27)
    assert small is not None
    groups.give_back(small)
    large = await groups.take(1 << 28)
    assert large is not None
    assert large.memory_bytes > small.memory_bytes
    assert await groups.take(1 << 27) is small


async def test_the_limits_are_active_in_the_group(groups):
    group = await groups.take(1 << 28)
    assert group is not None
    said = {
        file.name: file.read_text(encoding="ascii").strip()
        for folder in group.folders
        for file in folder.iterdir()
        if file.name in ("pids.max", "memory.max", "memory.limit_in_bytes")
    }
    assert said
    for name, value in said.items():
        assert value == ("8" if name == "pids.max" else str(group.memory_bytes))


async def test_a_pool_that_closes_leaves_no_folder():
    async with open_groups() as pool:
        await pool.take(1 << 28)
        homes = pool.homes
    assert not any(home.exists() for home in homes)


async def test_a_pool_that_is_not_wanted_makes_none():
    async with open_groups(wanted=False) as pool:
        assert await pool.take(1 << 28) is None
        assert pool.homes == ()
        assert "switched off" in pool.reason


def start_server() -> tuple[subprocess.Popen[str], list[Path]]:
    server = subprocess.Popen([sys.executable, "-c", SERVER], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    homes = []
    for line in server.stdout:
        if not line.strip():
            break
        homes.append(Path(line.strip()))
    return server, [home for home in homes if home.is_absolute()]


def pid_of_the_past() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        return ended.pid


def wait_until_gone(homes: list[Path]) -> bool:
    deadline = time.monotonic() + 120
    while any(home.exists() for home in homes):
        if time.monotonic() > deadline:
            return False
        os.sched_yield()
    return True


async def test_a_killed_server_leaves_no_group():
    server, homes = await trio.to_thread.run_sync(start_server)
    with server:
        if not homes:
            server.kill()
            pytest.skip("no control groups here")
        assert all(home.exists() for home in homes)
        server.send_signal(signal.SIGKILL)
    assert await trio.to_thread.run_sync(wait_until_gone, homes)


async def test_what_nobody_could_remove_goes_with_the_next_pool(groups):
    ended = await trio.to_thread.run_sync(pid_of_the_past)
    left = [home.parent / f"ohd-{ended}-0badcafe" for home in groups.homes]
    for folder in left:
        (folder / "child-0").mkdir(parents=True)
    async with open_groups():
        pass
    assert not any(folder.exists() for folder in left)

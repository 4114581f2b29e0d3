"""A child and its pipes: whatever fails while they are made, nothing of them is left."""

import gc
import os
import resource
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import trio

from sandbox_child.wire.spec import AttackSpec, ProbeSpec
from supervisor.limits import DEFAULT_LIMITS
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.cgroups import open_groups
from supervisor.process.errors import ProcessError, SpawnRefused
from supervisor.process.forkserver import ForkServer, open_fork_server
from supervisor.process.pipes import open_piped, spawn_piped
from supervisor.sandbox_check.attempt import open_attacker
from supervisor.sandbox_check.sandbox import Sandbox

CAGE = Cage(CageSettings()).plugin(DEFAULT_LIMITS)
PROBE = ProbeSpec("probe", CAGE)
NEEDED = 5
"""Descriptors of a child that is made: two pipes, and what the fork server holds it by."""

Make = Callable[[], Awaitable[None]]


def left_over() -> tuple[int, set[int]]:
    """Return how many descriptors this process has open, and which children, zombies included."""
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    return descriptors, {child.pid for child in psutil.Process().children()}


@contextmanager
def room_for(count: int) -> Iterator[None]:
    """Let this process open so many descriptors and no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(taken) + count + 1, hard))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.dup(taken[0]))
        for descriptor in taken[len(taken) - count :]:
            os.close(descriptor)
        del taken[len(taken) - count :]
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)


@pytest.fixture
async def fork_server() -> AsyncIterator[ForkServer]:
    async with open_fork_server(attacks=True) as started:
        # The first child starts it for good.
        async with open_piped(started, PROBE):
            pass
        gc.collect()  # what other tests left behind must not go in the middle of a count
        yield started


def makers(fork_server: ForkServer) -> dict[str, Make]:
    """Return everything that makes a child with two pipes, each as something to try."""

    async def plugin() -> None:
        await (await spawn_piped(fork_server, PROBE)).aclose()

    async def probe() -> None:
        async with open_groups(wanted=False) as groups:
            sandbox = Sandbox(fork_server, CageSettings(), DEFAULT_LIMITS, groups)
            await sandbox._probe()

    async def attacker() -> None:
        spec = AttackSpec("attack", CAGE, "no such attack", False, {})
        async with open_attacker(fork_server, spec, ()):
            pass

    return {"plugin": plugin, "probe": probe, "attacker": attacker}


@pytest.mark.parametrize("room", range(NEEDED))
@pytest.mark.parametrize("maker", ["plugin", "probe", "attacker"])
async def test_where_descriptors_run_out_none_is_left_open(
    fork_server: ForkServer, maker: str, room: int
) -> None:
    make = makers(fork_server)[maker]
    await make()
    before = left_over()
    with room_for(room), pytest.raises(ProcessError):
        await make()
    assert left_over() == before
    await make()
    assert left_over() == before


async def test_a_child_that_is_refused_leaves_its_pipes_closed(
    fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = left_over()
    with monkeypatch.context() as patch:
        patch.setattr("supervisor.process.forkserver.pack_spec", lambda _spec: b"\xc1")
        with pytest.raises(SpawnRefused):
            await spawn_piped(fork_server, PROBE)
    assert left_over() == before


@pytest.mark.parametrize("maker", ["plugin", "probe", "attacker"])
async def test_a_cancel_at_any_step_leaves_neither_child_nor_descriptor(
    fork_server: ForkServer, maker: str
) -> None:
    make = makers(fork_server)[maker]
    await make()
    before = left_over()
    finished = False
    # Step by step where the child is made, then ever later while it is waited for.
    for steps in (*range(40), *(40 * 2**n for n in range(16))):
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(cancel_after, steps, scope)
                await make()
                finished = True
                nursery.cancel_scope.cancel()
        assert left_over() == before
        if finished:
            break
    assert finished


async def cancel_after(steps: int, scope: trio.CancelScope) -> None:
    for _ in range(steps):
        await trio.lowlevel.checkpoint()
    scope.cancel()


def test_nobody_else_opens_pipes_to_a_child_that_it_talks_with() -> None:
    root = Path(__file__).resolve().parents[3]
    opening = {
        path.relative_to(root).as_posix()
        for path in (root / "supervisor").rglob("*.py")
        if "os.pipe(" in path.read_text("utf-8")
    }
    # The fork server's standard error, and the report of a compile child: one pipe each, read only.
    one_way = {"supervisor/process/forkserver.py", "supervisor/plugins/compiler.py"}
    # What a native program prints; frames with it go by its bridge.
    one_way |= {"supervisor/native/program.py"}
    assert opening == one_way | {"supervisor/process/pipes.py"}


async def test_the_end_of_the_child_is_seen_through_its_pipe(fork_server: ForkServer) -> None:
    async with open_piped(fork_server, PROBE) as child:
        said = bytearray()
        with trio.fail_after(60):
            while chunk := await child.from_child.receive_some(65536):
                said += chunk
            await child.handle.wait()
    assert said

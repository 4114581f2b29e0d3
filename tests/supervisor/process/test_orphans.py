"""`kill -9` of the supervisor, of its fork server, of both: nothing stays alive."""

import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import trio

from supervisor.process.orphans import end_orphans
from tests.guests.build import build_guest
from tests.guests.toolchains import CACHE, ROOT

PROGRAM = Path(__file__).with_name("lonely_supervisor.py")
SECONDS = 120
FORK_SERVER_AND_CHILDREN = 4


@contextmanager
def running_supervisor() -> Iterator[tuple[subprocess.Popen[str], dict[int, psutil.Process]]]:
    """Start the program; give it and a pidfd of each of its processes."""
    command = [sys.executable, str(PROGRAM), str(build_guest("wat/loop")), str(CACHE / "compiled")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment,
    ) as process:
        processes: dict[int, psutil.Process] = {}
        try:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert line[:1].isdecimal(), line + process.stderr.read()
            pids = [int(word) for word in line.split()]
            processes = {os.pidfd_open(pid): psutil.Process(pid) for pid in pids}
            yield process, processes
        finally:
            process.kill()
            for pidfd in processes:
                os.close(pidfd)


def wait_for_the_end_of(pidfds: list[int]) -> None:
    """Return once every process has ended; fails after a while."""
    left = set(pidfds)
    while left:
        ended, _, _ = select.select(sorted(left), [], [], SECONDS)
        assert ended, "a process outlives its supervisor"
        left -= set(ended)


def of_name(processes: dict[int, psutil.Process], name: str) -> list[int]:
    return [pidfd for pidfd, process in processes.items() if process.name() == name]


def kill_the_supervisor(
    supervisor: subprocess.Popen[str], processes: dict[int, psutil.Process]
) -> None:
    supervisor.kill()
    wait_for_the_end_of(list(processes))


def kill_the_fork_server_then_the_supervisor(
    supervisor: subprocess.Popen[str], processes: dict[int, psutil.Process]
) -> None:
    (fork_server,) = of_name(processes, "ohd-forkserver")
    signal.pidfd_send_signal(fork_server, signal.SIGKILL)
    wait_for_the_end_of([fork_server])
    children = [pidfd for pidfd in processes if pidfd != fork_server]
    assert all(processes[pidfd].is_running() for pidfd in children)
    supervisor.kill()
    wait_for_the_end_of(children)


def kill_all_at_once(
    supervisor: subprocess.Popen[str], processes: dict[int, psutil.Process]
) -> None:
    for pidfd in of_name(processes, "ohd-forkserver"):
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
    supervisor.kill()
    wait_for_the_end_of(list(processes))


def stop_the_fork_server_and_kill_the_supervisor(
    supervisor: subprocess.Popen[str], processes: dict[int, psutil.Process]
) -> None:
    (fork_server,) = of_name(processes, "ohd-forkserver")
    signal.pidfd_send_signal(fork_server, signal.SIGSTOP)
    supervisor.kill()
    wait_for_the_end_of([pidfd for pidfd in processes if pidfd != fork_server])
    signal.pidfd_send_signal(fork_server, signal.SIGCONT)
    wait_for_the_end_of([fork_server])


def interrupt_the_supervisor(
    supervisor: subprocess.Popen[str], processes: dict[int, psutil.Process]
) -> None:
    supervisor.send_signal(signal.SIGTERM)
    wait_for_the_end_of(list(processes))


@pytest.mark.parametrize(
    "how",
    [
        kill_the_supervisor,
        kill_the_fork_server_then_the_supervisor,
        kill_all_at_once,
        stop_the_fork_server_and_kill_the_supervisor,
        interrupt_the_supervisor,
    ],
)
def test_nothing_outlives_a_supervisor(how: Callable[..., None]) -> None:
    with running_supervisor() as (supervisor, processes):
        assert len(processes) == FORK_SERVER_AND_CHILDREN
        assert len(of_name(processes, "ohd-plugin")) == FORK_SERVER_AND_CHILDREN - 1
        how(supervisor, processes)


async def test_only_children_of_the_group_that_have_no_owner_are_ended() -> None:
    def sleeper(group: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(["sleep", "3600"], process_group=group)

    first = sleeper(0)
    owned, orphan = sleeper(first.pid), sleeper(first.pid)
    other = sleeper(0)
    try:
        with trio.fail_after(SECONDS):
            assert await end_orphans(first.pid, {first.pid, owned.pid}) == [orphan.pid]
        assert [process.poll() for process in (first, owned, other)] == [None] * 3
        with pytest.raises(ProcessLookupError):
            os.kill(orphan.pid, 0)
        orphan.returncode = 0  # reaped already
    finally:
        for process in (first, owned, other):
            process.kill()
            process.wait()

"""The fork server: it makes children, dies, is replaced, and leaves nothing behind."""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import trio

from sandbox_child.abi.contracts import examine
from sandbox_child.abi.structure import Needs
from sandbox_child.wasm.module import read_module
from sandbox_child.wire.spec import ChildSpec, ProbeSpec
from supervisor.process import forkserver
from supervisor.process.errors import ForkServerGone, SpawnRefused
from supervisor.process.forkserver import open_fork_server
from tests.children import QUICK, Recorder, Workshop, event, no_answer, serve
from tests.guests.toolchains import CACHE

Guest = Callable[[str], bytes]


def own_children() -> set[int]:
    """Return the ids of this process's children, zombies included."""
    return {child.pid for child in psutil.Process().children()}


def open_descriptors(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Let this process open nothing more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken = [os.open(os.devnull, os.O_RDONLY)]
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(taken) + 1, hard))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.dup(taken[0]))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)


async def test_it_has_one_thread_and_keeps_nothing_open_for_the_children_it_made(
    workshop: Workshop, guest: Guest
) -> None:
    pid = workshop.fork_server.pid
    assert pid is not None
    assert psutil.Process(pid).num_threads() == 1
    before, ours = open_descriptors(pid), open_descriptors(os.getpid())
    for _ in range(10):
        run = await workshop.run(guest("wat/echo"), event(b"hello"))
        assert run.lines == ["hello"]
    assert open_descriptors(pid) == before
    assert open_descriptors(os.getpid()) == ours


async def test_thirty_children_are_made_and_work_at_once(workshop: Workshop, guest: Guest) -> None:
    runs = []

    async def one(number: int) -> None:
        runs.append(await workshop.run(guest("wat/echo"), event(b"%d" % number)))

    async with trio.open_nursery() as nursery:
        for number in range(30):
            nursery.start_soon(one, number)
    assert sorted(int(run.lines[0]) for run in runs) == list(range(30))
    assert {run.outcome for run in runs} == {"ok"}


async def test_a_killed_fork_server_is_replaced_by_the_next_request(
    workshop: Workshop, guest: Guest
) -> None:
    first = workshop.fork_server.pid
    assert first is not None
    for starts in (2, 3, 4):
        pid = workshop.fork_server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        run = await workshop.run(guest("wat/echo"), event(b"still"))
        assert run.lines == ["still"]
        assert workshop.fork_server.starts == starts
    assert first not in own_children()


async def test_children_outlive_their_fork_server(workshop: Workshop, guest: Guest) -> None:
    recorder = Recorder(200, no_answer)
    session = await workshop.spawn(guest("wat/echo"), QUICK, recorder.hooks())
    pid = workshop.fork_server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    other = await workshop.run(guest("wat/noop"), event())
    assert other.outcomes == ["OK"]
    run = await serve(session, recorder, [event() for _ in range(200)])
    assert run.outcomes == ["OK"] * 200


async def test_one_that_does_not_answer_is_replaced(
    workshop: Workshop, guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forkserver, "_ANSWER_S", 2.0)
    pid = workshop.fork_server.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert (await workshop.run(guest("wat/echo"), event(b"on"))).lines == ["on"]
    assert workshop.fork_server.starts == 2
    assert pid not in own_children()


async def test_a_child_that_was_made_and_never_told_of_is_ended(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The first fork server dies between the making of a child and the word of it.
    dying = "import os; forkserver._send_child = lambda *a: os.kill(os.getpid(), 9); "
    boot = forkserver._BOOT
    before = own_children()
    monkeypatch.setattr(
        forkserver, "_BOOT", boot.replace("forkserver.main", dying + "forkserver.main")
    )
    async with open_fork_server() as fork_server:
        workshop = Workshop(fork_server, CACHE / "compiled")
        first = fork_server.pid
        monkeypatch.setattr(forkserver, "_BOOT", boot)
        recorder = Recorder(1, no_answer)
        session = await workshop.spawn(guest("wat/echo"), QUICK, recorder.hooks())
        assert fork_server.starts == 2
        assert own_children() - before == {fork_server.pid, session.handle.pid}
        assert first not in own_children()
        assert (await serve(session, recorder, [event(b"mine")])).lines == ["mine"]
    assert own_children() <= before


async def test_two_deaths_in_a_row_are_an_error_and_leave_no_process(
    guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = "import os; forkserver._send_child = lambda *a: os.kill(os.getpid(), 9); "
    boot = forkserver._BOOT
    before, descriptors = own_children(), open_descriptors(os.getpid())
    async with open_fork_server() as fork_server:
        workshop = Workshop(fork_server, CACHE / "compiled")
        # Compiled while it works, so that what fails is the plugin's child.
        await workshop.run(guest("wat/echo"), event())
        assert fork_server.pid is not None
        os.kill(fork_server.pid, signal.SIGKILL)
        broken = boot.replace("forkserver.main", dying + "forkserver.main")
        monkeypatch.setattr(forkserver, "_BOOT", broken)
        with pytest.raises(ForkServerGone, match="a new one will be started"):
            await workshop.run(guest("wat/echo"), event())
        assert own_children() <= before
        monkeypatch.setattr(forkserver, "_BOOT", boot)
        assert (await workshop.run(guest("wat/echo"), event(b"again"))).lines == ["again"]
    assert own_children() <= before
    assert open_descriptors(os.getpid()) <= descriptors


async def test_a_request_that_makes_no_sense_is_refused_and_the_fork_server_lives(
    workshop: Workshop, guest: Guest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def garbage(_spec: ChildSpec) -> bytes:
        return b"\xc1"

    await workshop.run(guest("wat/echo"), event())
    pid = workshop.fork_server.pid
    with monkeypatch.context() as patch:
        patch.setattr(forkserver, "pack_spec", garbage)
        with pytest.raises(SpawnRefused, match="could not make a child"):
            await workshop.run(guest("wat/echo"), event())
    assert workshop.fork_server.pid == pid
    assert (await workshop.run(guest("wat/echo"), event(b"fine"))).lines == ["fine"]


async def test_a_child_that_no_descriptor_is_left_for_is_refused_and_ended(
    workshop: Workshop, guest: Guest
) -> None:
    module = guest("wat/echo")
    await workshop.run(module, event())
    code = await workshop.open(module)
    child_reads, we_write = os.pipe()
    we_read, child_writes = os.pipe()
    before = own_children()
    spec = ProbeSpec(kind="probe", cage=workshop.cage.plugin(QUICK))
    try:
        with no_descriptor_left(), pytest.raises(SpawnRefused, match="no descriptor left"):
            await workshop.fork_server.spawn(spec, [child_reads, child_writes, code])
    finally:
        for descriptor in (code, child_reads, we_write, we_read, child_writes):
            os.close(descriptor)
    assert own_children() <= before
    assert (await workshop.run(module, event(b"room"))).lines == ["room"]


async def test_no_pipe_for_a_child_is_an_error_of_ours(workshop: Workshop, guest: Guest) -> None:
    module = guest("wat/echo")
    code = await workshop.open(module)
    recorder = Recorder(1, no_answer)
    entry = examine(read_module(module), Needs(events=True, panel=False)).entry
    try:
        with no_descriptor_left(), pytest.raises(SpawnRefused, match="no pipe"):
            await workshop.spawner.spawn("org.example.x", entry, QUICK, code, recorder.hooks())
    finally:
        os.close(code)


async def test_a_spawn_that_is_cancelled_leaves_no_child(workshop: Workshop, guest: Guest) -> None:
    module = guest("wat/loop")
    await workshop.run(guest("wat/noop"))
    before = own_children()
    for _ in range(5):
        with trio.CancelScope() as scope:
            scope.cancel()
            await workshop.run(module, event())
        assert own_children() <= before


async def test_closing_the_fork_server_leaves_running_children_to_their_owners(
    guest: Guest,
) -> None:
    recorder = Recorder(1, no_answer)
    async with open_fork_server() as fork_server:
        workshop = Workshop(fork_server, CACHE / "compiled")
        session = await workshop.spawn(guest("wat/echo"), QUICK, recorder.hooks())
    run = await serve(session, recorder, [event(b"alone")])
    assert run.lines == ["alone"]

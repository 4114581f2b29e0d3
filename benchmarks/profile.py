"""``python -m benchmarks.profile WORK``: what an event costs each of the two processes.

Processor time in the interpreter and in the kernel, reads, writes and switches, an event, for the
supervisor's process and the child's. It prints the process ids first, so that a profiler can be
attached meanwhile: ``py-spy record --pid …``, ``perf record -p …``, ``strace -c -p …``; as root,
since a child may not be looked into by others.
"""

import os
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click
import trio

from benchmarks.bench import payload
from benchmarks.workshop import Child, open_workshop

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_BATCH = 1_000
WORK = {
    "noop": ("wat/noop", "ticket.created"),
    "round_trip": ("wat/noop", "ticket.created"),
    "ignored": ("examples/slack", "ticket.assigned"),
    "posted": ("examples/slack", "ticket.created"),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What a process has used since its start; times in seconds."""

    user: float
    system: float
    reads: int
    writes: int
    waits: int
    """Times that it gave the processor away to wait for something."""

    @classmethod
    def by(cls, pid: int) -> "Spent":
        """Read it (man 5 proc)."""
        folder = Path(f"/proc/{pid}")
        times = (folder / "stat").read_bytes().rpartition(b")")[2].split()
        io = _pairs(folder / "io")
        waits = sum(
            _pairs(task / "status")["voluntary_ctxt_switches"]
            for task in (folder / "task").iterdir()
        )
        user, system = int(times[11]) * _TICK_S, int(times[12]) * _TICK_S
        return cls(user, system, io["syscr"], io["syscw"], waits)

    def since(self, before: "Spent", events: int) -> str:
        """Return what came to it since, for each event."""
        microseconds = [
            (now - then) / events * 1e6
            for now, then in ((self.user, before.user), (self.system, before.system))
        ]
        counts = [
            (now - then) / events
            for now, then in (
                (self.reads, before.reads),
                (self.writes, before.writes),
                (self.waits, before.waits),
            )
        ]
        return "{:6.1f} us itself, {:5.1f} us in the kernel; ".format(
            *microseconds
        ) + "{:.2f} reads, {:.2f} writes, {:.2f} waits".format(*counts)


def _pairs(path: Path) -> dict[str, int]:
    lines = (line.split(":") for line in path.read_text("utf-8").splitlines() if ":" in line)
    return {name: int(value) for name, value in lines if value.strip().isdecimal()}


@click.command()
@click.argument("work", type=click.Choice(list(WORK)))
@click.option("--seconds", default=5.0, show_default=True)
def main(work: str, seconds: float) -> None:
    """Do WORK for a while and say what it cost."""
    with tempfile.TemporaryDirectory(prefix="ohd-profile-") as folder:
        trio.run(_profile, Path(folder), work, seconds)


async def _profile(folder: Path, work: str, seconds: float) -> None:
    guest, event = WORK[work]
    async with open_workshop(folder) as workshop, workshop.child(guest) as child:
        processes = {"supervisor": os.getpid(), "child": child.session.handle.pid}
        click.echo(", ".join(f"{name} is process {pid}" for name, pid in processes.items()))
        deliver = _one_by_one if work == "round_trip" else _pipelined
        await deliver(child, payload(event))
        before = {name: Spent.by(pid) for name, pid in processes.items()}
        events, began = 0, time.perf_counter()
        while time.perf_counter() < began + seconds:
            events += await deliver(child, payload(event))
        took = (time.perf_counter() - began) / events * 1e6
        click.echo(f"{events} events, {took:.1f} us each")
        for name, pid in processes.items():
            click.echo(f"{name:10} {Spent.by(pid).since(before[name], events)}")


async def _pipelined(child: Child, event: bytes) -> int:
    await child.pipeline(event, _BATCH)
    return _BATCH


async def _one_by_one(child: Child, event: bytes) -> int:
    for _ in range(_BATCH):
        await child.round_trip(event)
    return _BATCH


if __name__ == "__main__":
    main()

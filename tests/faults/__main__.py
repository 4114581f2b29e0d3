"""The table of ``docs/reliability.md``: ``python -m tests.faults [--kills N]``.

Each row is a fault, done for real to a real server over a data directory of its own, behind which
the server is started again without it and must account for every event. Exit 1 if one does not.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from cli.logs import set_up_logging
from tests.faults.books import Books
from tests.faults.breaking import FileLimit, FullDisk, can_mount, locked, mounted
from tests.faults.desk import Server, Site, make_site, some_ticket, until
from tests.faults.strikes import STEPS

COLUMNS = (
    *("fault", "times", "events in", "delivered", "failed", "timed out", "dropped"),
    *("unaccounted", "redelivered", "left over"),
)
IN_A_ROW = 50
"""Kills over one data directory."""


@dataclass
class Row:
    """One fault."""

    fault: str
    times: int = 0
    books: Books = field(default_factory=Books)
    left: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        b = self.books
        return line(
            *(self.fault, self.times, b.events, b.delivered, b.failed, b.outcomes["timeout"]),
            *(b.outcomes["dropped"], b.events - b.accounted, b.redelivered),
            ", ".join(self.left) or "nothing",
        )


def line(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")


@contextmanager
def running(site: Site, fault: str = "none", *, wait: bool = True) -> Iterator[Server]:
    server = Server(site, fault, wait=wait)
    try:
        yield server
    finally:
        server.close()


def load_for(server: Server, rng: random.Random, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.status is None:
        some_ticket(server, rng)


def look(row: Row, site: Site, server: Server) -> Books:
    """Hold the books of a server that has ended against the rules."""
    books = site.books()
    row.problems += books.problems
    row.left += site.left_over(server)
    return books


def settle(row: Row, site: Site) -> Row:
    """Start again without a fault, wait until nothing waits, stop; close the books."""
    with running(site) as server:
        server.wait_settled(patience_s=600)
        if server.stop() != 0:
            row.problems.append("it did not stop well")
        row.books = look(row, site, server)
    if (site.data / "control.sock").exists():
        row.left.append("the control socket")
    return row


def killed_at(step: str, site: Site, rng: random.Random) -> Row:
    """Kill the server at a step of a delivery."""
    row = Row(f"`kill -9` of the server: {step}")
    if step == "redelivery marked":
        with running(site, "die:sent:1") as server:
            server.ticket("Any ticket")
            server.wait_end()
    with running(site, f"die:{step}:1", wait=step != "redelivery marked") as server:
        for _ in range(3):
            some_ticket(server, rng)
        server.ticket(STEPS[step].subject)
        if step == "stopping":
            server.stop()
        if server.wait_end() != -signal.SIGKILL:
            row.problems.append(f"it did not die at {step!r}")
        row.times = 1
        look(row, site, server)
    return settle(row, site)


def killed_at_random(times: int, site: Site, rng: random.Random) -> Row:
    """Kill the server at random moments under load, and while it starts.

    The data directory is a new one every so often: the books are read after each kill, and get
    longer.
    """
    row = Row("`kill -9` of the server at a random moment")
    while row.times < times:
        new = site.copy(site.folder.with_name(f"{site.folder.name}-{row.times}"))
        each = kill_some(min(IN_A_ROW, times - row.times), new, rng)
        row.times += each.times
        row.books.add(each.books)
        row.left += each.left
        row.problems += each.problems
        complain(f"{row.times} kills, {row.books.events} events")
    return row


def kill_some(times: int, site: Site, rng: random.Random) -> Row:
    """Kill the server so often in a row."""
    row = Row("")
    for number in range(times):
        with running(site, wait=number % 5 != 4) as server:
            # Up to its full start where that is not waited for, and behind it in any case.
            load_for(server, rng, rng.uniform(0.0, 1.0))
            server.kill()
            look(row, site, server)
        row.times += 1
    return settle(row, site)


def process_killed(name: str, times: int, site: Site, rng: random.Random) -> Row:
    """Kill one of the server's processes at random moments under load."""
    row = Row(f"`kill -9` of {name}")
    with running(site) as server:
        for _ in range(times):
            load_for(server, rng, rng.uniform(0.0, 0.4))
            pids = until(lambda: [p for p, found in server.children() if found == name])
            os.kill(rng.choice(pids), signal.SIGKILL)
            server.ticket("~t traps")
            row.times += 1
        server.wait_settled(patience_s=300)
        server.stop()
        look(row, site, server)
    return settle(row, site)


def broken_under_load(
    fault: str,
    site: Site,
    rng: random.Random,
    breaking: Callable[[Server], AbstractContextManager[None]],
    built_in: str = "none",
) -> Row:
    """Break something around a running server for a while."""
    row = Row(fault, times=1)
    with running(site, built_in) as server:
        load_for(server, rng, 1.0)
        with breaking(server):
            load_for(server, rng, 2.0)
        until(lambda: server.ticket("It goes on") == 201)
        load_for(server, rng, 1.0)
        server.stop()
        look(row, site, server)
    return settle(row, site)


@contextmanager
def filled(disk: FullDisk | FileLimit) -> Iterator[None]:
    disk.fill()
    yield
    disk.free()


def scenarios(kills: int) -> Iterator[tuple[bool, Callable[[Site, random.Random], Row]]]:
    """Return each fault, and whether it wants a small file system of its own."""
    for step in STEPS:
        yield False, lambda site, rng, step=step: killed_at(step, site, rng)
    yield False, lambda site, rng: killed_at_random(kills, site, rng)
    for name in ("ohd-forkserver", "ohd-plugin"):
        yield False, lambda site, rng, name=name: process_killed(name, kills // 10, site, rng)
    if can_mount():
        yield (
            True,
            lambda site, rng: broken_under_load(
                "disk full", site, rng, lambda server: filled(FullDisk(site))
            ),
        )
    yield (
        False,
        lambda site, rng: broken_under_load(
            "files may not grow", site, rng, lambda server: filled(FileLimit(site, server))
        ),
    )
    yield (
        False,
        lambda site, rng: broken_under_load(
            "database locked for 8 s", site, rng, lambda server: locked(site, 8.0)
        ),
    )
    yield (
        False,
        lambda site, rng: broken_under_load(
            "each commit 0.2 s slower", site, rng, lambda server: nullcontext(), "slow-disk:0.2"
        ),
    )
    # Less than what records are kept for: retention goes by the time of day, and is right to.
    for days in (20, -20):
        yield (
            False,
            lambda site, rng, days=days: broken_under_load(
                f"clock jumps by {days} days and back",
                site,
                rng,
                lambda server: nullcontext(),
                f"clock:{days * 86400}",
            ),
        )


def main() -> int:
    """Run every scenario; print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="of the server, at random moments")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    problems = 0
    set_up_logging("error")
    say(line(*COLUMNS))
    say("|---" * len(COLUMNS) + "|")
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        made = make_site(_new(Path(folder) / "made"))
        for number, (wants_disk, scenario) in enumerate(scenarios(given.kills)):
            site = made.copy(Path(folder) / str(number))
            with mounted(site) if wants_disk else nullcontext():
                row = scenario(site, random.Random(given.seed + number))
            say(row.markdown())
            for problem in row.problems:
                complain(f"{row.fault}: {problem}")
            problems += len(row.problems) + len(row.left)
    return min(problems, 1)


def _new(folder: Path) -> Path:
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(main())

"""A real server under attack by strangers, and one person who goes on reading tickets meanwhile.

The server, the attackers and the reader are three processes. What is looked at: how long pages take
with and without an attack, that each is answered, that descriptors and tasks do not become more,
that the log tells of no failure, and that the server stops although the attack goes on.

How long pages take is measured by the reader, which does nothing else, in rounds. In each, it reads
beside nobody (idle), beside the same attackers while they attack something else on the same machine
(the control, ``sink.py``), and beside the attack; so whatever else the machine does meanwhile
touches all three alike. The attackers have the lowest priority of the three processes: elsewhere
they would have processors of their own. The bound is on the 99th percentile under attack against
that of the idle server. The control says which part of it is the attackers' own work.
"""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.server_process import ROOT, ServerProcess

PAUSE_S = 0.02
"""The reader waits so long between two pages."""
FRESH_EVERY = 4
"""Every fourth page is asked for on a connection of its own."""
PATIENCE_S = 60.0
CALM_S = 60.0
"""So long after an attack the server has forgotten it."""
STARTING_S = 2.0
"""Time for the attackers to begin."""
MOST_TIMES_IDLE = 3.0
MORE_DESCRIPTORS = 10
_TICKET = re.compile(r'href="(/tickets/[0-9A-Z]{26})')
_WRONG = re.compile(r"Traceback|\"level\": \"(?:error|critical)\"")


@dataclass(frozen=True)
class Outcome:
    """What a siege came to; times in seconds."""

    seconds: float
    idle: Sequence[float]
    control: Sequence[float]
    """While the attackers attack something else on the same machine."""
    attacked: Sequence[float]
    load: tuple[float, float]
    """Processes that wanted a processor, before and after, by the system's average of a minute."""
    rounds: Mapping[str, int]
    """Of each attack."""
    descriptors: tuple[int, int]
    """Before, and after the attackers have gone."""
    most_descriptors: int
    memory_mb: tuple[float, float]
    stop_s: float
    status: int
    wrong: Sequence[str]
    """Pages that were not answered, lines of the log."""

    @property
    def ratio(self) -> float:
        """How many times its idle 99th percentile a page took."""
        return percentile(self.attacked) / percentile(self.idle)

    @property
    def control_ratio(self) -> float:
        """The same for the control."""
        return percentile(self.control) / percentile(self.idle)

    @property
    def problems(self) -> list[str]:
        """Everything that must not be, except slow pages."""
        found = list(self.wrong)
        before, after = self.descriptors
        if after > before + MORE_DESCRIPTORS:
            found.append(f"{before} descriptors became {after}")
        if self.status:
            found.append(f"the server ended with status {self.status}")
        found += [f"no round of {name} came to its end" for name, n in self.rounds.items() if not n]
        return found


def percentile(times: Sequence[float], share: float = 0.99) -> float:
    """Return the time that so many of all take at most."""
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


@dataclass
class Reader:
    """One person with an account, who reads one page after another."""

    url: str
    cookie: str = ""
    pages: Sequence[str] = ()
    wrong: list[str] = field(default_factory=list)
    _kept: http.client.HTTPConnection | None = None

    def log_in(self) -> None:
        """Log in, and find some tickets to read."""
        with closing(self._connection()) as connection:
            body = json.dumps({"email": "staff@example.com", "password": "demo"})
            connection.request(
                "POST", "/api/auth/login", body, {"Content-Type": "application/json"}
            )
            answer = connection.getresponse()
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.pages = ("/tickets",)
        self.pages = ("/tickets", *dict.fromkeys(_TICKET.findall(self._fetch("/tickets"))))[:6]

    def read(self, seconds: float) -> list[float]:
        """Read pages for so long; return how long each took."""
        times: list[float] = []
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if len(times) % FRESH_EVERY == 0:
                self.hang_up()
            page = self.pages[len(times) % len(self.pages)]
            began = time.monotonic()
            try:
                self._fetch(page)
            except (OSError, http.client.HTTPException, AssertionError) as exc:
                self.wrong.append(f"{page} was not answered: {exc!r}")
                self.hang_up()
            times.append(time.monotonic() - began)
            time.sleep(PAUSE_S)
        return times

    def _fetch(self, page: str) -> str:
        if self._kept is None:
            self._kept = self._connection()
        self._kept.request("GET", page, headers={"Cookie": self.cookie})
        answer = self._kept.getresponse()
        text = answer.read().decode()
        assert answer.status == 200, answer.status
        if answer.headers.get("Connection", "").lower() == "close":
            self.hang_up()
        return text

    def hang_up(self) -> None:
        """Close the connection that is kept, if there is one."""
        if self._kept is not None:
            self._kept.close()
            self._kept = None

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self.url.rpartition("/")[2], timeout=PATIENCE_S)


def lay_siege(folder: Path, seconds: float, idle_s: float, rounds: int = 1) -> Outcome:
    """Start a server with the demo in ``folder``; attack it for so long in all.

    In each round the reader reads for ``idle_s`` beside nobody, and beside the control.
    """
    server = ServerProcess(folder, options=("--demo",))
    server.start()
    reader = Reader(server.url)
    idle, control, attacked = list[float](), list[float](), list[float]()
    load, done, most = os.getloadavg()[0], Counter[str](), 0
    try:
        reader.log_in()
        reader.read(min(5.0, idle_s / 2))
        before, memory = descriptors(server.pid), resident_mb(server.pid)
        for _ in range(rounds):
            idle += reader.read(idle_s)
            with sink() as port, attackers(port, PATIENCE_S + idle_s):
                reader.read(STARTING_S)
                control += reader.read(idle_s)
            with attackers(server.port, seconds / rounds) as attack:
                attacked += reader.read(seconds / rounds)
                most = max(most, descriptors(server.pid))
                done.update(json.loads(attack.communicate(timeout=PATIENCE_S)[0]))
            after = settled(server.pid, before + MORE_DESCRIPTORS)
        memory_after = resident_mb(server.pid)
        with attackers(server.port, PATIENCE_S):
            reader.read(STARTING_S)
            began = time.monotonic()
            status = server.stop()
            stop_s = time.monotonic() - began
    finally:
        reader.hang_up()
        server.stop()
    lines = [line for line in server.log.splitlines() if _WRONG.search(line)]
    return Outcome(
        seconds=seconds,
        idle=idle,
        control=control,
        attacked=attacked,
        load=(load, os.getloadavg()[0]),
        rounds=done,
        descriptors=(before, after),
        most_descriptors=most,
        memory_mb=(memory, memory_after),
        stop_s=stop_s,
        status=status,
        wrong=[*reader.wrong[:5], *lines[:5]],
    )


@contextmanager
def attackers(port: int, seconds: float) -> Iterator[subprocess.Popen[str]]:
    """Run the attackers for so long, or until the block ends."""
    command = (sys.executable, "-m", "tests.attacker.attacks", str(port), str(seconds))
    with _running(*command) as process:
        # Whoever else wants a processor has it at once: kernels with slices of time would let the
        # server's threads wait for milliseconds behind an attacker who shares theirs.
        os.sched_setscheduler(process.pid, os.SCHED_IDLE, os.sched_param(0))
        yield process


@contextmanager
def sink() -> Iterator[int]:
    """Run what takes everything; yields its port."""
    with _running(sys.executable, "-m", "tests.attacker.sink") as process:
        assert process.stdout is not None
        yield int(process.stdout.readline())


@contextmanager
def _running(*command: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()


def descriptors(pid: int) -> int:
    """Return how many files a process has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 - no Path for each of a thousand


def settled(pid: int, at_most: int) -> int:
    """Wait until a process has no more files open than this; return how many it has."""
    end = time.monotonic() + CALM_S
    while (found := descriptors(pid)) > at_most and time.monotonic() < end:
        time.sleep(0.1)
    return found


def resident_mb(pid: int) -> float:
    """Return the memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6

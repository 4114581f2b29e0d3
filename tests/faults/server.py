"""The real server with one fault built in: ``python -m tests.faults.server FAULT ARGUMENTS…``.

``FAULT`` is ``none``, ``die:STEP:COUNT`` (see ``strikes``), ``die-in-record:COUNT`` (at so many
statements behind the first one that writes a plugin's record), ``slow-disk:SECONDS`` (each commit
takes so much longer), ``clock:SECONDS`` (the time of day jumps by so much, there and back, with
every look at it) or ``off:SECONDS`` (it is off by so much). The arguments are those of ``ohd``.
"""

import datetime
import itertools
import os
import signal
import sys
import time
from typing import Any

from cli.main import main
from helpdesk.clock import SystemClock
from helpdesk.storage.writer import Writer
from tests.faults import strikes


def slow_disk(seconds: float) -> None:
    """Let the writer thread wait before it commits, as it would for a disk that is slow."""
    commit = Writer._commit

    def slowly(self: Writer, batch: Any) -> Any:
        time.sleep(seconds)
        return commit(self, batch)

    Writer._commit = slowly


def die_in_record(count: int) -> None:
    """Kill this process in front of a statement of the writer's, in or behind a transaction."""
    main_of = Writer._main
    left = count
    begun = False

    def strike(statement: str) -> None:
        nonlocal left, begun
        begun = begun or statement.startswith("INSERT INTO plugin_records")
        if begun:
            left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def traced(self: Writer) -> None:
        self._connection.set_trace_callback(strike)
        main_of(self)

    Writer._main = traced


def wrong_clock(*off: float) -> None:
    """Let the time of day be off by these seconds, by the next with every look at it."""
    real, real_ns, real_now = time.time, time.time_ns, SystemClock.now
    jumps = itertools.cycle(off)
    time.time = lambda: real() + next(jumps)
    time.time_ns = lambda: real_ns() + int(next(jumps) * 1e9)
    SystemClock.now = lambda self: real_now(self) + datetime.timedelta(seconds=next(jumps))


def build_in(fault: str) -> None:
    kind, _, rest = fault.partition(":")
    if kind == "die":
        name, _, count = rest.rpartition(":")
        strikes.arm(name, int(count))
    elif kind == "die-in-record":
        die_in_record(int(rest))
    elif kind == "slow-disk":
        slow_disk(float(rest))
    elif kind == "clock":
        wrong_clock(0.0, float(rest))
    elif kind == "off":
        wrong_clock(float(rest))


if __name__ == "__main__":
    build_in(sys.argv.pop(1))
    main()

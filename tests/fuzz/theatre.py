"""Real sessions over real pipes with real children that do what a script says."""

import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgpack
import trio

from sandbox_child.wire.entry import Entry
from sandbox_child.wire.messages import EVENT
from supervisor.limits import Limits
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.conversation import Called, Finished, Logged, Ready, Work
from supervisor.process.forkserver import ForkServer, _import_paths
from supervisor.process.session import Ended, SessionHooks
from supervisor.process.spawn import Spawner
from tests.fuzz import grammar
from tests.fuzz.grammar import sequence

Line = tuple[str, object]

DEADLINE_S = 0.25
EVENTS = 3
"""Given to a child at once, whenever it has none."""
LIMITS = Limits(
    deadline_s=DEADLINE_S,
    http_request_bytes=grammar.REQUEST_BYTES,
    log_lines=grammar.LOG_LINES,
    log_line_bytes=grammar.LOG_BYTES,
    host_calls=grammar.HOST_CALLS,
)
_ENTRY = Entry(allocator="arena", has_free=False, start="none", on_event=True, panel="none")
_PROGRAM = Path(__file__).with_name("hostile_forkserver.py")


class HostileForkServer(ForkServer):
    """The supervisor's own end of a fork server, with another program at the far end."""

    def _popen(self, control: int, errors: int) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join(_import_paths())
        return subprocess.Popen(
            [sys.executable, "-S", str(_PROGRAM), str(control)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=[control],
            env={"PYTHONPATH": paths},
            process_group=0,
        )


@dataclass
class Performance:
    """How one session with a hostile child went."""

    ended: Ended
    took_s: float
    finished: list[Finished] = field(default_factory=list)


class Theatre:
    """Makes hostile children. Open it with :func:`open_theatre`."""

    def __init__(self, fork_server: ForkServer) -> None:
        self._spawner = Spawner(fork_server, Cage(CageSettings()))

    async def play(self, lines: Sequence[Line], limits: Limits = LIMITS) -> Performance:
        """Run a session with a child that does ``lines``; asks for events while it lives."""
        idle = trio.Event()
        finished: list[Finished] = []

        def on_ready(_ready: Ready, _controls: tuple[str, ...]) -> None:
            idle.set()

        def on_finished(results: Sequence[Finished]) -> None:
            finished.extend(results)
            if not session.conversation.in_line:
                idle.set()

        async def answer(_called: Called) -> tuple[int, bytes]:
            return 200, b"answer"

        hooks = SessionHooks(ready=on_ready, finished=on_finished, logged=_ignore, answer=answer)
        script = os.memfd_create("script")
        try:
            os.write(script, msgpack.packb(lines))
            session = await self._spawner.spawn("hostile", _ENTRY, limits, script, hooks)
        finally:
            os.close(script)

        async def feed() -> None:
            nonlocal idle
            while True:
                # Again and again: an idle child may be silent for as long as it likes.
                await idle.wait()
                idle = trio.Event()
                await session.ask([Work(EVENT, b"{}", None) for _ in range(EVENTS)])

        began = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(feed)
            ended = await session.run()
            nursery.cancel_scope.cancel()
        return Performance(ended, trio.current_time() - began, finished)


def _ignore(_line: Logged) -> None:
    """Drop a log line."""


@asynccontextmanager
async def open_theatre() -> AsyncIterator[Theatre]:
    """Run a hostile fork server for the length of the block."""
    async with trio.open_nursery() as nursery:
        server = HostileForkServer(nursery)
        try:
            async with server._lock:
                await server._start()
            yield Theatre(server)
        finally:
            await server.aclose()
            nursery.cancel_scope.cancel()


def script(rng: random.Random) -> list[Line]:
    """Return what one child does: a malformed sequence, then an end of some kind."""
    lines: list[Line] = []
    for step in sequence(rng):
        if step.ask or step.answer:
            # A child that waits here may wait for nothing: the deadline is for that.
            lines += [("hear", None)] if rng.random() < 0.5 else []
        if step.say:
            lines.append(("drip" if rng.random() < 0.05 else "say", step.say))
    # Mostly an end: each silence costs the test a deadline.
    lines += rng.choices(_ENDS, weights=[20, 10, 5, 3, 1, 1, 1])[0]
    return lines


_ENDS: list[list[Line]] = [
    [("exit", 0)],
    [("exit", 3)],
    [("die", 9)],
    [("die", 11)],
    [("stop", None)],
    [("babble", grammar.frame((grammar.LOG, 1), b"more"))],
    [],
]

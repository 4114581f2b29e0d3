"""A real fork server and real locked children, without the help desk and the outbox around them.

What rows measure here is what the supervisor runs: the same compiler, artifacts, cage and session.
Only the source of the events (memory) and the sink of the results (a counter) are the benchmark's.
"""

import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

import trio

from sandbox_child.lockdown.status import Control
from sandbox_child.runtime.settings import settings_fingerprint
from sandbox_child.wasm.sections import manifest_section
from sandbox_child.wire.entry import Entry
from sandbox_child.wire.messages import EVENT
from sandbox_child.wire.spec import CageSpec
from supervisor.limits import DEFAULT_LIMITS, Limits
from supervisor.manifest import parse_manifest
from supervisor.plugins.artifacts import ArtifactStore, module_hash
from supervisor.plugins.compiler import Compiler
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.conversation import Called, Finished, Logged, Ready, Work
from supervisor.process.forkserver import ForkServer, open_fork_server
from supervisor.process.session import Session, SessionHooks
from supervisor.process.spawn import Spawner
from tests.guests.build import build_guest

WINDOW = 256
"""Events in flight at most; what the supervisor comes to for a quick plugin."""
WINDOW_BYTES = 4 << 20
"""Of payload in flight at most; what the supervisor's feed keeps to."""
ANSWER = (200, b"ok")


class UnlockedCage(Cage):
    """Leaves every control out: only to measure what they cost, only for our own guests."""

    def plugin(self, limits: Limits) -> CageSpec:
        """Return a lockdown that locks nothing."""
        return replace(super().plugin(limits), switched_off=get_args(Control))


class GuestFailed(Exception):
    """A child ended while it was being measured."""


class Child:
    """A plugin's child that is ready, and the benchmark as its owner."""

    def __init__(self) -> None:
        self.session: Session
        self._finished = 0
        self._goal = 0
        self._moved = trio.Event()
        self._ready = trio.Event()

    def hooks(self) -> SessionHooks:
        """Return what the session calls."""
        return SessionHooks(
            ready=self._on_ready, finished=self._on_finished, logged=_ignore, answer=_answer
        )

    async def wait_ready(self) -> None:
        """Return when the child has said READY."""
        await self._ready.wait()

    async def pipeline(
        self,
        payload: bytes,
        count: int,
        work: Callable[[], Work[None]] | None = None,
        *,
        window: int = WINDOW,
    ) -> float:
        """Deliver ``count`` events, as many at once as a runner does; return the mean in us.

        ``window``: how many are in line at most.
        ``work``: makes what is asked for in the place of an event, about as large as ``payload``.
        """
        make = work or (lambda: Work(EVENT, payload, None))
        session, line = self.session, self.session.conversation.in_line
        window = max(2, min(window, WINDOW_BYTES // len(payload)))
        self._finished, self._goal = 0, count
        asked = 0
        started = time.perf_counter()
        while self._finished < count:
            self._moved = trio.Event()
            room = min(window - len(line), count - asked)
            if room and (room >= window // 2 or asked + room == count):
                asked += room
                await session.ask([make() for _ in range(room)])
            else:
                await self._moved.wait()
        return (time.perf_counter() - started) / count * 1e6

    async def round_trip(self, payload: bytes) -> float:
        """Deliver one event to the idle child; return how long it took, in us."""
        self._finished, self._goal = 0, 1
        self._moved = trio.Event()
        started = time.perf_counter()
        await self.session.ask([Work(EVENT, payload, None)])
        await self._moved.wait()
        return (time.perf_counter() - started) * 1e6

    def _on_ready(self, _ready: Ready, _controls: tuple[str, ...]) -> None:
        self._ready.set()

    def _on_finished(self, results: Sequence[Finished]) -> None:
        self._finished += len(results)
        self._moved.set()


def _ignore(_logged: Logged) -> None:
    """Drop a log line."""


async def _answer(_called: Called) -> tuple[int, bytes]:
    return ANSWER


@dataclass(frozen=True, slots=True)
class Compiled:
    """A guest whose compiled code is in the cache."""

    plugin_id: str
    module: Path
    sha256: str
    entry: Entry
    code: int


class Workshop:
    """Makes children of guests. Open it with :func:`open_workshop`."""

    def __init__(self, folder: Path, fork_server: ForkServer) -> None:
        self.folder = folder
        self.fork_server = fork_server
        self._artifacts = ArtifactStore(folder, os.urandom(32), settings_fingerprint())
        self._cage, self._unlocked = Cage(CageSettings()), UnlockedCage(CageSettings())
        self._compiler = Compiler(fork_server, self._artifacts, self._cage, DEFAULT_LIMITS)
        self._compiled: dict[str, Compiled] = {}

    async def compiled(self, guest: str) -> Compiled:
        """Build and compile a guest of ``tests/guests`` or ``examples``, once."""
        if guest not in self._compiled:
            path = await trio.to_thread.run_sync(build_guest, guest)
            await self.compile(guest, path, await trio.Path(path).read_bytes())
        return self._compiled[guest]

    async def compile(self, guest: str, path: Path, module: bytes) -> None:
        """Compile a module, which lies at ``path`` too, and call it ``guest`` from here on."""
        manifest = parse_manifest(manifest_section(module))
        sha256 = module_hash(module)
        await trio.to_thread.run_sync(self._artifacts.save_module, sha256, module)
        report = await self._compiler.compile(sha256, manifest)
        code = await self._compiler.open(sha256, manifest)
        self._compiled[guest] = Compiled(manifest.id, path, sha256, report.entry, code)

    async def compile_goatkit(self, guest: str, module: bytes) -> None:
        """Compile a GoatKit module, and call it ``guest`` from here on."""
        sha256 = module_hash(module)
        await trio.to_thread.run_sync(self._artifacts.save_module, sha256, module)
        report = await self._compiler.compile(sha256, None)
        code = await self._compiler.open(sha256, None)
        path = Path(self._artifacts.module_path(sha256))
        self._compiled[guest] = Compiled(f"goatkit.{guest}", path, sha256, report.entry, code)

    def file(self, name: str, content: bytes) -> str:
        """Write a file for a peer; return its path."""
        path = self.folder / name
        path.write_bytes(content)
        return str(path)

    @asynccontextmanager
    async def child(self, guest: str, *, locked: bool = True) -> AsyncIterator[Child]:
        """Run a child of ``guest`` that is ready; it is killed and reaped with the block."""
        compiled = await self.compiled(guest)
        spawner = Spawner(self.fork_server, self._cage if locked else self._unlocked)
        child = Child()
        child.session = await spawner.spawn(
            compiled.plugin_id, compiled.entry, DEFAULT_LIMITS, compiled.code, child.hooks()
        )
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_serve, child.session)
            await child.wait_ready()
            yield child
            child.session.stop()

    def close(self) -> None:
        """Close the compiled files."""
        for compiled in self._compiled.values():
            os.close(compiled.code)


async def _serve(session: Session) -> None:
    ended = await session.run()
    if ended.error:
        raise GuestFailed(ended.error)


@asynccontextmanager
async def open_workshop(folder: Path) -> AsyncIterator[Workshop]:
    """Run a fork server for the length of the block."""
    async with open_fork_server() as fork_server:
        workshop = Workshop(folder, fork_server)
        with closing(workshop):
            yield workshop

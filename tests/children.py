"""Guests in real, locked children, for tests that care about the guest and not about processes.

One fork server serves a whole test run, on a Trio thread of its own: starting one costs a tenth of
a second. Compiled code is kept in ``.cache`` from run to run, authenticated as in a data directory.
"""

import os
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

import trio
import wasmtime

from sandbox_child.abi.contracts import examine
from sandbox_child.abi.structure import Needs
from sandbox_child.runtime.settings import settings_fingerprint
from sandbox_child.wasm.module import read_module
from sandbox_child.wire.messages import EVENT, PANEL
from supervisor.limits import Limits
from supervisor.manifest import Manifest, parse_manifest
from supervisor.plugins.artifacts import ArtifactStore, module_hash
from supervisor.plugins.compiler import Compiler
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.conversation import Called, Finished, Logged, Ready, Work
from supervisor.process.forkserver import ForkServer, open_fork_server
from supervisor.process.session import Ended, Session, SessionHooks
from supervisor.process.spawn import Spawner
from tests.guests.toolchains import CACHE

QUICK = Limits(deadline_s=60.0)
"""Limits for guests that end by themselves: no machine is too slow for them."""
SHORT = Limits(deadline_s=1.5)
"""Limits for guests that do not end; long enough for a child to start on a busy machine."""

Answer = Callable[[Called], tuple[int, bytes] | Awaitable[tuple[int, bytes]]]
_MANIFEST = b'{"id":"org.example.test","name":"Test","version":"1.0.0","description":"A test.",%s}'


@dataclass
class Run:
    """What became of one child and of the work that it was given."""

    ended: Ended | None = None
    ready: Ready | None = None
    controls: tuple[str, ...] = ()
    finished: list[Finished] = field(default_factory=list)
    logged: list[Logged] = field(default_factory=list)
    called: list[Called] = field(default_factory=list)

    @property
    def outcomes(self) -> list[str]:
        """How the guest calls ended, in order, as the child saw it."""
        return [result.outcome.name for result in self.finished]

    @property
    def lines(self) -> list[str]:
        """The texts of the log lines, in order."""
        return [line.text for line in self.logged]

    @property
    def leveled_lines(self) -> list[tuple[str, str]]:
        """Level and text of the log lines, in order."""
        return [(line.level.name, line.text) for line in self.logged]

    @property
    def error(self) -> str:
        """The text of the last result, or why the session ended where there was none."""
        assert self.ended is not None
        return self.ended.error

    @property
    def outcome(self) -> str:
        """The outcome of the session."""
        assert self.ended is not None
        return self.ended.outcome.value


def no_answer(called: Called) -> tuple[int, bytes]:
    """Answer for guests that must not make a host call."""
    raise AssertionError(f"an unexpected host call: {called.name.name}")


def event(blob: bytes = b"{}") -> Work:
    """Return one event."""
    return Work(EVENT, blob, None)


def panel(ticket_id: bytes = b"01T") -> Work:
    """Return one request for a panel."""
    return Work(PANEL, ticket_id, None)


def assemble(text: str) -> bytes:
    """Return the module of a WAT text."""
    return bytes(wasmtime.wat2wasm(text))


def plain_manifest(module: bytes) -> Manifest:
    """Return a manifest that asks for what the module exports."""
    facts = read_module(module)
    parts = [b'"events":["ticket.created"]' if facts.export("on_event") else b'"events":[]']
    if facts.export("render_panel"):
        parts.append(b'"ui_panel":{"title":"Test","height":100}')
    return parse_manifest(_MANIFEST % b",".join(parts))


class Recorder:
    """Hooks of a session that keep everything, and tell when the last result is in."""

    def __init__(self, expected: int, answer: Answer) -> None:
        self.run = Run()
        self.ready = trio.Event()
        self.done = trio.Event()
        self._expected = expected
        self._answer_with = answer

    def hooks(self) -> SessionHooks:
        """Return them."""
        return SessionHooks(
            ready=self._ready, finished=self._finished, logged=self._logged, answer=self._answer
        )

    def _ready(self, ready: Ready, controls: tuple[str, ...]) -> None:
        self.run.ready, self.run.controls = ready, controls
        self.ready.set()

    def _finished(self, results: Sequence[Finished]) -> None:
        self.run.finished += results
        if len(self.run.finished) >= self._expected:
            self.done.set()

    def _logged(self, line: Logged) -> None:
        self.run.logged.append(line)

    async def _answer(self, called: Called) -> tuple[int, bytes]:
        self.run.called.append(called)
        answer = self._answer_with(called)
        return answer if isinstance(answer, tuple) else await answer


async def serve(session: Session, recorder: Recorder, works: Sequence[Work]) -> Run:
    """Give ``works`` to a child at once, in one write, and run its session to the end."""

    async def feed() -> None:
        await recorder.ready.wait()
        if works:
            await session.ask(works)
            await recorder.done.wait()
        session.stop()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(feed)
        recorder.run.ended = await session.run()
        nursery.cancel_scope.cancel()
    return recorder.run


class Workshop:
    """Compiles modules and runs them in children of one fork server. To be used on its Trio loop.

    ``limits`` are those of compiling.
    """

    def __init__(self, fork_server: ForkServer, folder: Path, limits: Limits | None = None) -> None:
        self.fork_server = fork_server
        self.cage = Cage(CageSettings())
        self.artifacts = ArtifactStore(
            folder, b"a key for tests, and no secret".ljust(32), settings_fingerprint()
        )
        self.compiler = Compiler(fork_server, self.artifacts, self.cage, limits or Limits())
        self.spawner = Spawner(fork_server, self.cage)

    async def open(self, module: bytes) -> int:
        """Return a descriptor of the compiled module, which is the caller's to close."""
        sha256 = module_hash(module)
        await trio.to_thread.run_sync(self.artifacts.save_module, sha256, module)
        return await self.compiler.open(sha256, plain_manifest(module))

    async def spawn(self, module: bytes, limits: Limits, hooks: SessionHooks) -> Session:
        """Make a child of ``module``; the caller runs its session."""
        code = await self.open(module)
        entry = examine(read_module(module), Needs(events=False, panel=False)).entry
        try:
            return await self.spawner.spawn("org.example.test", entry, limits, code, hooks)
        finally:
            os.close(code)

    async def run(
        self,
        module: bytes,
        *works: Work,
        answer: Answer = no_answer,
        limits: Limits = QUICK,
        patience_s: float | None = None,
    ) -> Run:
        """Run ``works`` in a new child, and end it after the last.

        ``patience_s`` is the supervisor's own deadline, where it is not the child's.
        """
        recorder = Recorder(len(works), answer)
        session = await self.spawn(module, limits, recorder.hooks())
        if patience_s is not None:
            session.limits = replace(limits, deadline_s=patience_s)
        return await serve(session, recorder, works)


class SharedWorkshop:
    """A :class:`Workshop` on a thread of its own, for tests without a Trio loop."""

    def __init__(self, folder: Path = CACHE / "compiled") -> None:
        self._folder = folder
        self._thread = threading.Thread(target=trio.run, args=(self._serve,), name="workshop")
        self._usable = threading.Event()
        self._token: trio.lowlevel.TrioToken | None = None
        self._workshop: Workshop | None = None
        self._stop: trio.Event | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._usable.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._stop is not None and self._token is not None:
            self._token.run_sync_soon(self._stop.set)
        self._thread.join()

    def run(
        self,
        module: bytes | str,
        *works: Work,
        answer: Answer = no_answer,
        limits: Limits = QUICK,
        patience_s: float | None = None,
    ) -> Run:
        """Run ``works`` in a new child of ``module``, given as bytes or as WAT."""
        assert self._workshop is not None, "the fork server did not start"
        data = assemble(module) if isinstance(module, str) else module
        call = partial(
            self._workshop.run,
            data,
            *works,
            answer=answer,
            limits=limits,
            patience_s=patience_s,
        )
        return trio.from_thread.run(call, trio_token=self._token)

    async def _serve(self) -> None:
        try:
            async with open_fork_server() as fork_server:
                self._workshop = Workshop(fork_server, self._folder)
                self._token = trio.lowlevel.current_trio_token()
                self._stop = trio.Event()
                self._usable.set()
                await self._stop.wait()
        finally:
            self._usable.set()

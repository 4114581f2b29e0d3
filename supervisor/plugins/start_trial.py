"""Starts a module once before it is installed: what can never start is said then, and not later.

A start makes no host call and sees no event, so that nothing but the module and its limits decides
how it ends. What is wrong with this machine and not with the module is no reason to refuse one.
"""

import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import structlog
import trio

from sandbox_child.wire.entry import ModuleReport
from sandbox_child.wire.messages import OutcomeCode
from supervisor.errors import CannotStart, ModuleRefused
from supervisor.limits import KIB, MIB, Limits
from supervisor.manifest import Manifest
from supervisor.native.errors import NativeError
from supervisor.native.plugin import HostRefused, NativeSettings, open_native
from supervisor.native.sealed import seal_descriptor
from supervisor.plugins.compiler import Compiler
from supervisor.plugins.limits import TABLE
from supervisor.process.conversation import Called, Finished
from supervisor.process.errors import ProcessError
from supervisor.process.session import Ended, Session, SessionHooks
from supervisor.process.spawn import Spawner
from supervisor.process.work import register_work
from supervisor.states import Outcome
from supervisor.text import clean_text

_PAGE_BYTES = 64 * KIB
_LONGEST = 2_000
_UNNAMED = "goatkit"
"""What a plugin is called before it has said its name."""
_OF_THE_MACHINE = frozenset({Outcome.LOST, Outcome.PROTOCOL})
log = structlog.get_logger("supervisor.start_trial")


def unmet_need(report: ModuleReport, limits: Limits) -> str | None:
    """Return what a module begins with and may not have, None where it may have everything."""
    memory = report.memory_min_pages * _PAGE_BYTES
    if memory > limits.memory_bytes:
        return (
            f"it starts with {memory / MIB:g} MiB of memory, and its limit is "
            f"{limits.memory_bytes / MIB:g} MiB (memory_mib)"
        )
    if report.table_min > limits.table_elements:
        return (
            f"it starts with a table of {report.table_min:,} elements, and its limit is "
            f"{limits.table_elements:,} (table_elements)"
        )
    return None


def check_needs(plugin_id: str, report: ModuleReport, limits: Limits) -> None:
    """Raise CannotStart where a module begins with more than ``limits`` allow."""
    if (need := unmet_need(report, limits)) is not None:
        raise CannotStart(plugin_id, f"{need}; raise the limit, or build the module to use less")


def beyond_every_limit(report: ModuleReport) -> str | None:
    """Return what a module begins with and no admin can allow it, None without such a thing."""
    memory, table = TABLE["memory_mib"], TABLE["table_elements"]
    most = Limits(memory_bytes=int(memory.most) * MIB, table_elements=int(table.most))
    return unmet_need(report, most)


@dataclass(frozen=True, slots=True)
class StartTrial:
    """Makes the trials of one supervisor."""

    spawner: Spawner
    compiler: Compiler

    async def registration(self, sha256: str, report: ModuleReport, limits: Limits) -> bytes:
        """Return what ``gk_register`` of a compiled module returns; raises ModuleRefused.

        The guest runs once, in a process that is discarded, and is granted nothing: host calls
        fail until it is installed.
        """
        said: list[Finished[None]] = []
        ready, done = trio.Event(), trio.Event()

        def finished(results: Sequence[Finished[None]]) -> None:
            said.extend(results)
            done.set()

        hooks: SessionHooks[None] = SessionHooks(
            ready=lambda _ready, _controls: ready.set(),
            finished=finished,
            logged=lambda _line: None,
            answer=_no_answer,
        )
        code = await self.compiler.open(sha256, None)
        if report.program is not None:
            try:
                return await self._native_registration(code, report.program.sha256, limits)
            finally:
                os.close(code)
        try:
            session = await self.spawner.spawn(_UNNAMED, report.entry, limits, code, hooks)
        except ProcessError as exc:
            raise ModuleRefused(f"its registration could not be run: {exc}") from None
        finally:
            os.close(code)

        async def ask() -> None:
            await session.ask([register_work(None)])
            await done.wait()

        ended = await _start_and_stop(session, ready, ask)
        if said and said[0].outcome is OutcomeCode.OK:
            if not said[0].result:
                raise ModuleRefused("gk_register returned nothing; expected a JSON object")
            return said[0].result
        what = "its registration failed" if ended.started else "the module cannot start"
        raise ModuleRefused(f"{what}: {clean_text(ended.error, _LONGEST)}")

    async def _native_registration(self, code: int, pinned: str, limits: Limits) -> bytes:
        """Return what a program registers; it begins no work, and is ended."""

        async def refuse(_name: str, _arguments: bytes) -> bytes:
            await trio.lowlevel.checkpoint()
            raise HostRefused("nothing is granted before the plugin is installed")

        settings = NativeSettings(
            self.spawner.fork_server, self.spawner.cage, refuse, lambda _line: None, limits
        )
        try:
            with await trio.to_thread.run_sync(seal_descriptor, code, pinned) as sealed:
                async with open_native(settings, sealed) as plugin:
                    raw = await plugin.register()
        except (NativeError, ProcessError) as exc:
            text = clean_text(str(exc), _LONGEST)
            raise ModuleRefused(f"the program cannot be installed: {text}") from None
        if not raw:
            raise ModuleRefused("GKRegister returned nothing; expected a JSON object")
        return raw

    async def problem(
        self, sha256: str, manifest: Manifest, report: ModuleReport, limits: Limits
    ) -> str | None:
        """Return why a compiled module cannot start, None where it can or nobody can tell."""
        code = await self.compiler.open(sha256, manifest)
        ready = trio.Event()
        hooks: SessionHooks[None] = SessionHooks(
            ready=lambda _ready, _controls: ready.set(),
            finished=lambda _results: None,
            logged=lambda _line: None,
            answer=_no_answer,
        )
        try:
            session = await self.spawner.spawn(manifest.id, report.entry, limits, code, hooks)
        except ProcessError as exc:
            log.warning("start_not_tried", plugin=manifest.id, error=str(exc))
            return None
        finally:
            os.close(code)
        ended = await _start_and_stop(session, ready)
        if ended.started or ended.outcome in _OF_THE_MACHINE:
            return None
        return clean_text(ended.error, _LONGEST)


async def _start_and_stop(
    session: Session[None],
    ready: trio.Event,
    meanwhile: Callable[[], Awaitable[None]] = trio.lowlevel.checkpoint,
) -> Ended[None]:
    """Run a session until its guest has started and ``meanwhile`` has returned."""

    async def stop() -> None:
        await ready.wait()
        await meanwhile()
        session.stop()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop)
        ended = await session.run()
        nursery.cancel_scope.cancel()
    return ended


async def _no_answer(_called: Called) -> tuple[int, bytes]:
    return 0, b""  # never asked: a host call before READY breaks the protocol

"""A plugin's process, or its two: started, begun, finished alike, whatever its contract.

A WebAssembly plugin is one child. A native plugin is a program with its bridge, whose life has
calls of its own: it registers and begins before its first event, and is asked to finish.
"""

import json
import math
import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import trio

from sandbox_child.wire.messages import NATIVE_INIT, NATIVE_SHUTDOWN, OutcomeCode
from supervisor.contracts import GoatkitDescription
from supervisor.delivery.function_calls import CallRequest
from supervisor.delivery.work import PluginWork, WorkKey
from supervisor.errors import ModuleRefused
from supervisor.limits import Limits
from supervisor.manifest import ConfigValue
from supervisor.native.child import NativeChild, NativeTools, open_native_child
from supervisor.native.errors import NativeError
from supervisor.native.limits import NativeLimits
from supervisor.native.sealed import SealedProgram, seal_descriptor
from supervisor.plugins.compiler import Compiler
from supervisor.process.conversation import Finished
from supervisor.process.handle import ChildHandle
from supervisor.process.session import Ended, Session, SessionHooks
from supervisor.process.spawn import Spawner
from supervisor.process.work import call_work, register_work
from supervisor.registration.resources import Resources
from supervisor.states import Outcome
from supervisor.store.plugins import PluginRow
from supervisor.views import CallResult

HOST_VERSION = "0.8.0"
"""Of the platform whose contract this is: plugins look at it."""
_INIT_S, _LONGEST_INIT_S = 10.0, 30.0
_PING = "__health_ping__"
"""Reserved by the platform for this; no plugin knows the function."""
_PING_SOON_S, _PING_EVERY_S = 0.5, 60.0
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True, eq=False)
class LifeCall(CallRequest):
    """A call that is part of a native plugin's life, and that nobody else waits for."""


@dataclass(frozen=True, slots=True)
class Code:
    """What a plugin's children run, opened once for all of them; owns its descriptor."""

    descriptor: int
    program: SealedProgram | None = None
    """Of a native plugin: what was checked is what every one of its processes runs."""

    def close(self) -> None:
        """Close the descriptor."""
        os.close(self.descriptor)


@dataclass(slots=True)
class Child:
    """A running plugin. Open it with :meth:`Children.open`; whoever did must run it."""

    session: Session[WorkKey]
    native: NativeChild[WorkKey] | None = None
    has_begun: bool = False
    """Whether it may be given work."""
    is_quiet: bool = False
    """Whether it was given no work since it was last asked whether it lives."""

    @property
    def handles(self) -> tuple[ChildHandle, ...]:
        """Every process of it."""
        return self.native.handles if self.native else (self.session.handle,)

    async def run(self) -> Ended[WorkKey]:
        """Serve it until it ends; return why."""
        return await (self.native.run() if self.native else self.session.run())

    async def begin(self, row: PluginRow, config: Mapping[str, ConfigValue]) -> bool:
        """Make it ready for its first work, once its process is; return whether it is."""
        if self.native is not None:
            settings = init_settings(row, config, self.native.program.folder)
            asked = _resources(row).init_timeout_s
            seconds = min(max(asked or _INIT_S, self.session.limits.deadline_s), _LONGEST_INIT_S)
            begins = LifeCall("init", settings, seconds)
            work = call_work(NATIVE_INIT.decode(), settings, seconds, _key(begins))
            for work_ in (register_work(_key(LifeCall("register", b"", seconds))), work):
                if not await self._made(work_):
                    return False
        self.has_begun = True
        return True

    async def finish(self) -> None:
        """Let it end by itself, where it has something to do before that."""
        if self.native is None or not self.has_begun:
            return
        self.native.finishing = True
        seconds = self.native.native.shutdown_s
        last = LifeCall("shutdown", b"", seconds)
        await self._made(call_work(NATIVE_SHUTDOWN.decode(), b"", seconds, _key(last)))

    @property
    def ping_after_s(self) -> float:
        """After how long without work it is asked whether it lives.

        The first time soon: a native program's last lines come with that.
        """
        if self.native is None:
            return math.inf
        return _PING_EVERY_S if self.is_quiet else _PING_SOON_S

    def ping(self) -> PluginWork:
        """Return the question whether a native program lives: any answer to it will do."""
        self.is_quiet = True
        seconds = self.session.limits.deadline_s
        return call_work(_PING, b"", seconds, _key(LifeCall("health check", b"", seconds)))

    async def _made(self, work: PluginWork) -> bool:
        request = work.key
        assert isinstance(request, LifeCall)  # noqa: S101 - of this module's making
        await self.session.ask([work])
        await request.done.wait()
        return request.result is not None and request.result.error is None

    def without_life(
        self, results: Sequence[Finished[WorkKey]], failed: Callable[[str, str], str]
    ) -> Sequence[Finished[WorkKey]]:
        """Answer the calls of a native plugin's life; return the others, with its memory.

        ``failed`` records what failed and why, and returns the text as it is kept.
        """
        memory = self.memory_bytes()
        if memory is None:
            return results
        others = []
        for result in results:
            request = result.work.key if result.work else None
            if not isinstance(request, LifeCall):
                others.append(msgspec.structs.replace(result, memory_bytes=memory))
            elif result.outcome is OutcomeCode.OK:
                request.finish(CallResult(str(Outcome.OK), b"", None, result.duration_s, 0, ()))
            else:
                request.finish(CallResult.failed(failed(request.function, result.text)))
        return others

    def memory_bytes(self) -> int | None:
        """Return what a native program has in memory; None for a module, which reports it."""
        if self.native is None:
            return None
        try:
            fields = Path(f"/proc/{self.native.program.handle.pid}/statm").read_bytes().split()
        except OSError:
            return 0
        return int(fields[1]) * _PAGE


def _key(request: LifeCall) -> WorkKey:
    return request


@dataclass(frozen=True, slots=True)
class Children:
    """Makes the processes of the plugins of one supervisor."""

    spawner: Spawner
    compiler: Compiler
    native: NativeTools
    native_limits: NativeLimits = field(default_factory=NativeLimits)

    async def open_code(self, row: PluginRow) -> Code:
        """Return what a plugin's children run; raises SupervisorError where it is not the one.

        A native program is compared with what was pinned when it was installed, and sealed: from
        then on nothing changes it.
        """
        descriptor = await self.compiler.open(row.sha256, row.manifest)
        if row.report.program is None:
            return Code(descriptor)
        try:
            sealed = await trio.to_thread.run_sync(
                seal_descriptor, descriptor, row.report.program.sha256
            )
        except NativeError as exc:
            raise ModuleRefused(str(exc)) from None
        finally:
            os.close(descriptor)
        return Code(sealed.descriptor, sealed)

    @asynccontextmanager
    async def open(
        self,
        row: PluginRow,
        limits: Limits,
        code: Code,
        hooks: SessionHooks[WorkKey],
        *,
        tell: Callable[[str], None],
        give_up: trio.Event,
    ) -> AsyncIterator[Child]:
        """Start a plugin's processes; raises SupervisorError.

        ``tell`` hears what a native program prints by itself; ``give_up`` ends the wait for it.
        """
        if code.program is None:
            session = await self.spawner.spawn(
                row.id, row.report.entry, limits, code.descriptor, hooks
            )
            yield Child(session)
            return
        async with open_native_child(
            self.native,
            code.program,
            limits,
            self.limits_of(row, limits),
            hooks,
            tell=tell,
            give_up=give_up,
        ) as native:
            yield Child(native.session, native)

    def limits_of(self, row: PluginRow, limits: Limits) -> NativeLimits:
        """Return what a native plugin's program may use: its admin's word on memory counts."""
        native = self.native_limits
        if asked := _resources(row).shutdown_timeout_s:
            native = replace(native, shutdown_s=min(asked, native.shutdown_s))
        if "memory_mib" in row.limits:
            native = replace(native, memory_bytes=limits.memory_bytes)
        return native


def _resources(row: PluginRow) -> Resources:
    description = row.description
    if isinstance(description, GoatkitDescription):
        return description.registration.resources
    return Resources()


def init_settings(row: PluginRow, config: Mapping[str, ConfigValue], folder: str) -> bytes:
    """Return what a native plugin is told as it begins: a JSON object of texts.

    The host's own words win over settings of the same name.
    """
    own = {name: _text(value) for name, value in config.items()}
    name = row.id.removeprefix("goatkit.")
    host = {
        "host_version": HOST_VERSION,
        "plugin_name": name,
        "plugin_dir": folder,
        "work_dir": folder,
    }
    return json.dumps({**own, **host}).encode()


def _text(value: ConfigValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)

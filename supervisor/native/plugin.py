"""The front door: a native plugin, from its start to the end of both of its processes.

The bridge is a child as any other, with a session that owns it: the same frames, deadlines and
kills. Where either process ends, the other does.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

from sandbox_child.wire.messages import NATIVE_INIT, NATIVE_SHUTDOWN, read_named_call
from supervisor.limits import Limits
from supervisor.native.child import NativeChild, NativeTools, open_native_child
from supervisor.native.errors import CallFailed, plain_errors
from supervisor.native.limits import NativeLimits
from supervisor.native.sealed import SealedProgram
from supervisor.process.cage import Cage
from supervisor.process.conversation import Called, Finished, Logged, Ready, Work
from supervisor.process.forkserver import ForkServer
from supervisor.process.session import Ended, SessionHooks
from supervisor.process.work import call_work, register_work
from supervisor.states import Outcome


@dataclass(eq=False, slots=True)
class _Call:
    """A call that somebody waits for."""

    done: trio.Event = field(default_factory=trio.Event)
    result: "Finished[_Call] | None" = None


_RESERVED = "__"
_HEALTH_PING = "__health_ping__"

HostFunction = Callable[[str, bytes], Awaitable[bytes]]
"""Serves one call of the host: its name and its arguments; returns JSON, or raises HostRefused."""


class HostRefused(Exception):
    """A host function did not do what a plugin asked for; the plugin is told the message."""


@dataclass(frozen=True, slots=True)
class NativeSettings:
    """What one native plugin is run with."""

    fork_server: ForkServer
    cage: Cage
    serve: HostFunction
    tell: Callable[[str], None]
    """Hears each line that it prints or logs."""
    limits: Limits = field(default_factory=Limits)
    native: NativeLimits = field(default_factory=NativeLimits)
    offer_tls: bool = True
    """Whether the program is asked for the mutual TLS of go-plugin."""


class NativePlugin:
    """One running plugin. Open it with :func:`open_native`."""

    def __init__(self, settings: NativeSettings) -> None:
        self._settings = settings
        self._ended: Ended[_Call] | None = None
        self._why = ""
        self.over = trio.Event()
        """Set once both processes have ended."""
        self._ready = trio.Event()
        self.controls: tuple[str, ...] = ()
        """What is active of the bridge's cage."""
        self._child: NativeChild[_Call] | None = None
        self._open: list[_Call] = []
        """Calls that somebody waits for."""

    @property
    def child(self) -> NativeChild[_Call]:
        """Both processes."""
        assert self._child is not None  # noqa: S101 - it is set before anybody has this
        return self._child

    @property
    def program_controls(self) -> tuple[str, ...]:
        """What is active of the program's cage."""
        return self.child.program.controls

    @property
    def has_tls(self) -> bool:
        """Whether the program took the mutual TLS that it was offered."""
        return bool(self.child.program.handshake.certificate)

    @property
    def pids(self) -> tuple[int, int]:
        """Process ids of program and bridge."""
        program, bridge = self.child.handles
        return program.pid, bridge.pid

    async def register(self) -> bytes:
        """Return the plugin's manifest, JSON of whatever shape; raises CallFailed."""
        return await self._do(register_work(_Call()))

    async def init(self, config: Mapping[str, str]) -> None:
        """Let the plugin begin its work, with its settings; it may call the host inside."""
        deadline = self._settings.limits.deadline_s
        settings = json.dumps(dict(config)).encode()
        await self._do(call_work(NATIVE_INIT.decode(), settings, deadline, _Call()))

    async def call(self, function: str, arguments: bytes, deadline_s: float) -> bytes:
        """Call a function of the plugin; return its JSON, which may be an error of its own."""
        if function.startswith(_RESERVED) and function != _HEALTH_PING:
            raise ValueError(f"{function} is no plugin's function")
        return await self._do(call_work(function, arguments, deadline_s, _Call()))

    async def shutdown(self) -> None:
        """Let the plugin finish and its program end, for as long as it has; then end both."""
        with trio.move_on_after(self._settings.native.shutdown_s):
            deadline = self._settings.native.shutdown_s
            self.child.finishing = True
            try:
                await self._do(call_work(NATIVE_SHUTDOWN.decode(), b"", deadline, _Call()))
                # The owner of both processes is the one that waits for them.
                await self.over.wait()
            except CallFailed:
                return

    async def _do(self, work: Work[_Call]) -> bytes:
        call = work.key
        if self._ended is None:
            self._open.append(call)
            await self.child.session.ask([work])
            await call.done.wait()
            self._open.remove(call)
        result = call.result
        if result is None:
            outcome = self._ended.outcome if self._ended else Outcome.LOST
            raise CallFailed(outcome.value, self._with_last_words(self._why))
        if result.text:
            await self.over.wait()
            text = self._with_last_words(result.text)
            raise CallFailed(result.outcome.name.lower(), text)
        return result.result

    def _with_last_words(self, why: str) -> str:
        last = self._child.last_words if self._child else ""
        return "; ".join(dict.fromkeys(part for part in (why, last) if part))

    def hooks(self) -> SessionHooks[_Call]:
        """Return what the session tells."""
        return SessionHooks(
            ready=self._on_ready,
            finished=self._on_finished,
            logged=self._on_logged,
            answer=self._on_called,
        )

    async def own(self, child: NativeChild[_Call], task_status: trio.TaskStatus[None]) -> None:
        """Run both processes until they end."""
        self._child = child
        task_status.started()
        ended = await child.run()
        self._ended = ended
        self._why = ended.error
        self.over.set()
        for call in self._open:
            call.done.set()

    async def started(self) -> None:
        """Wait until the plugin can be called; raises CallFailed where it cannot."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_first, nursery, self._ready)
            nursery.start_soon(_first, nursery, self.over)
        if not self._ready.is_set():
            raise CallFailed(Outcome.START_FAILED.value, self._with_last_words(self._why))

    def stop(self) -> None:
        """End both processes."""
        if self._child is not None:
            self._child.session.stop()

    def _on_ready(self, _ready: Ready, controls: tuple[str, ...]) -> None:
        self.controls = controls
        self._ready.set()

    def _on_finished(self, finished: Sequence[Finished[_Call]]) -> None:
        for one in finished:
            if one.work is not None:
                one.work.key.result = one
                one.work.key.done.set()

    def _on_logged(self, logged: Logged) -> None:
        self._settings.tell(logged.text)

    async def _on_called(self, called: Called) -> tuple[int, bytes]:
        name, arguments = read_named_call(called.request)
        try:
            return 1, await self._settings.serve(name, arguments)
        except HostRefused as exc:
            return 0, str(exc).encode()


@asynccontextmanager
async def open_native(
    settings: NativeSettings, sealed: SealedProgram
) -> AsyncIterator[NativePlugin]:
    """Start program and bridge; both have ended when the block has.

    Raises StartFailed, CallFailed, ProcessError.
    """
    with plain_errors():
        plugin = NativePlugin(settings)
        tools = NativeTools(settings.fork_server, settings.cage)
        async with (
            open_native_child(
                tools,
                sealed,
                settings.limits,
                settings.native,
                plugin.hooks(),
                tell=settings.tell,
                offer_tls=settings.offer_tls,
            ) as child,
            trio.open_nursery() as nursery,
        ):
            await nursery.start(plugin.own, child)
            try:
                await plugin.started()
                yield plugin
            finally:
                plugin.stop()


async def _first(nursery: trio.Nursery, event: trio.Event) -> None:
    await event.wait()
    nursery.cancel_scope.cancel()

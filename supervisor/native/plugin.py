"""The front door: a native plugin, from its start to the end of both of its processes.

The bridge is a child as any other, with a session that owns it: the same frames, deadlines and
kills. Where either process ends, the other does.
"""

import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import trio

from sandbox_child.wire.messages import MAX_RESULT, NATIVE_INIT, NATIVE_SHUTDOWN, read_named_call
from sandbox_child.wire.spec import BridgeSpec
from supervisor.limits import Limits
from supervisor.native.errors import CallFailed, plain_errors
from supervisor.native.limits import NativeLimits
from supervisor.native.program import Program, open_program
from supervisor.native.sealed import SealedProgram
from supervisor.process.cage import Cage
from supervisor.process.conversation import Called, Finished, Logged, Ready, Work
from supervisor.process.forkserver import ForkServer
from supervisor.process.pipes import spawn_piped
from supervisor.process.session import Ended, Session, SessionHooks
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

    def __init__(self, settings: NativeSettings, program: Program) -> None:
        self._settings = settings
        self._program = program
        self._ended: Ended[_Call] | None = None
        self._why = ""
        self._last_words = ""
        """How the program ended, where that is not our doing."""
        self.over = trio.Event()
        """Set once both processes have ended."""
        self._ready = trio.Event()
        self.controls: tuple[str, ...] = ()
        """What is active of the bridge's cage."""
        self._session: Session[_Call] | None = None

    @property
    def program_controls(self) -> tuple[str, ...]:
        """What is active of the program's cage."""
        return self._program.controls

    @property
    def has_tls(self) -> bool:
        """Whether the program took the mutual TLS that it was offered."""
        return bool(self._program.handshake.certificate)

    @property
    def pids(self) -> tuple[int, int]:
        """Process ids of program and bridge."""
        assert self._session is not None  # noqa: S101 - it is set before anybody has this
        return self._program.handle.pid, self._session.handle.pid

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
            try:
                await self._do(call_work(NATIVE_SHUTDOWN.decode(), b"", deadline, _Call()))
                # The owner of both processes is the one that waits for them.
                await self.over.wait()
            except CallFailed:
                return

    async def _do(self, work: Work[_Call]) -> bytes:
        call = work.key
        if self._session is not None and self._ended is None:
            await self._session.ask([work])
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_first, nursery, call.done)
                nursery.start_soon(_first, nursery, self.over)
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
        return "; ".join(part for part in (why, self._last_words) if part)

    def hooks(self) -> SessionHooks[_Call]:
        """Return what the session tells."""
        return SessionHooks(
            ready=self._on_ready,
            finished=self._on_finished,
            logged=self._on_logged,
            answer=self._on_called,
        )

    async def run(self, session: Session[_Call], task_status: trio.TaskStatus[None]) -> None:
        """Own the bridge until it ends."""
        self._session = session
        task_status.started()
        ended = await session.run()
        self._ended = ended
        self._why = ended.error
        if ended.outcome is not Outcome.TIMEOUT:
            self._last_words = await self._program.why_it_ended()
        await self._program.handle.reap()
        self.over.set()

    async def started(self) -> None:
        """Wait until the plugin can be called; raises CallFailed where it cannot."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(_first, nursery, self._ready)
            nursery.start_soon(_first, nursery, self.over)
        if not self._ready.is_set():
            raise CallFailed(Outcome.START_FAILED.value, self._with_last_words(self._why))

    def stop(self) -> None:
        """End the bridge."""
        if self._session is not None:
            self._session.stop()

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
        async with (
            open_program(
                settings.fork_server,
                settings.cage,
                sealed,
                settings.native,
                settings.tell,
                offer_tls=settings.offer_tls,
            ) as program,
            trio.open_nursery() as nursery,
        ):
            plugin = NativePlugin(settings, program)
            session = await _spawn_bridge(settings, program, plugin.hooks())
            await nursery.start(plugin.run, session)
            try:
                await plugin.started()
                yield plugin
            finally:
                plugin.stop()


async def _spawn_bridge(
    settings: NativeSettings, program: Program, hooks: SessionHooks[_Call]
) -> Session[_Call]:
    limits = settings.limits
    spec = BridgeSpec(
        kind="bridge",
        cage=settings.cage.plugin(limits),
        max_request_bytes=limits.http_request_bytes,
        max_answer_bytes=limits.http_response_bytes,
        max_arguments_bytes=limits.payload_bytes,
        max_log_line_bytes=limits.log_line_bytes,
        max_log_lines=limits.log_lines,
        max_host_calls=limits.host_calls,
    )
    spec, sockets = program.spoken_to_by(spec)
    with socket.socket(fileno=program.connection), program.door:
        child = await spawn_piped(settings.fork_server, spec, sockets)
    return Session(
        child.handle, child.to_child, child.from_child, limits, hooks, result_bytes=MAX_RESULT
    )


async def _first(nursery: trio.Nursery, event: trio.Event) -> None:
    await event.wait()
    nursery.cancel_scope.cancel()

"""A native plugin's two processes as one child: a session with the bridge, and the program.

To whoever runs it, it is a child as any other: the same frames, deadlines and kills. Where either
process ends, the other does.
"""

import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Generic

import trio

from sandbox_child.wire.messages import CLOSED, MAX_RESULT, PROGRAM_GONE
from sandbox_child.wire.spec import BridgeSpec
from supervisor.limits import Limits
from supervisor.native.limits import NativeLimits
from supervisor.native.program import Program, open_program
from supervisor.native.sealed import SealedProgram
from supervisor.process.cage import Cage
from supervisor.process.conversation import Key
from supervisor.process.deadline import GRACE_S
from supervisor.process.forkserver import ForkServer
from supervisor.process.handle import ChildHandle
from supervisor.process.pipes import spawn_piped
from supervisor.process.session import Ended, Session, SessionHooks
from supervisor.states import Outcome

_NO_LAST_WORDS = frozenset({Outcome.OK, Outcome.TIMEOUT})
"""Ends that are our own doing."""


@dataclass(frozen=True, slots=True)
class NativeTools:
    """What native plugins of one supervisor have in common."""

    fork_server: ForkServer
    cage: Cage
    grace_s: float = GRACE_S
    """See ``Session``."""


@dataclass
class NativeChild(Generic[Key]):
    """See the module. Open it with :func:`open_native_child`."""

    session: Session[Key]
    program: Program
    native: NativeLimits
    finishing: bool = False
    """Whether the program was asked to end, and has a while for it."""
    last_words: str = ""
    """How the program ended, where that is not our doing."""
    over: trio.Event = field(default_factory=trio.Event)
    """Set once both processes have ended."""

    @property
    def handles(self) -> tuple[ChildHandle, ChildHandle]:
        """Program and bridge."""
        return self.program.handle, self.session.handle

    async def run(self) -> Ended[Key]:
        """Serve the bridge until it ends, then end the program; return why."""
        ended = await self.session.run()
        if self.finishing and ended.outcome is Outcome.OK:
            with trio.move_on_after(self.native.shutdown_s):
                await self.program.handle.wait()
        elif not self.finishing and ended.outcome not in _NO_LAST_WORDS:
            self.last_words = await self.program.why_it_ended()
        went_by_itself = self.program.handle.ended
        status = await self.program.handle.reap()
        self.over.set()
        if ended.outcome is not Outcome.LOST:
            return ended
        was_killed = went_by_itself and status.signal == signal.SIGKILL
        bridge = await self.session.handle.reap()
        if bridge.code == PROGRAM_GONE and not was_killed:
            # It has crashed, or hung up, in the middle of an event: that fails, and no other.
            return replace(ended, outcome=Outcome.TRAP, error=CLOSED)
        return replace(ended, error=self.last_words or ended.error)


@asynccontextmanager
async def open_native_child(
    tools: NativeTools,
    sealed: SealedProgram,
    limits: Limits,
    native: NativeLimits,
    hooks: SessionHooks[Key],
    *,
    tell: Callable[[str], None],
    give_up: trio.Event | None = None,
    offer_tls: bool = True,
) -> AsyncIterator[NativeChild[Key]]:
    """Start program and bridge; the caller must run the child. The program ends with the block.

    ``tell`` hears what the program prints beside go-plugin's streams; ``give_up`` ends the wait for
    its start; ``offer_tls``: whether it is asked for go-plugin's mutual TLS. Raises StartFailed,
    ProcessError.
    """
    async with open_program(
        tools.fork_server, tools.cage, sealed, native, tell, give_up=give_up, offer_tls=offer_tls
    ) as program:
        session = await _spawn_bridge(tools, program, limits, hooks)
        yield NativeChild(session, program, native)


async def _spawn_bridge(
    tools: NativeTools, program: Program, limits: Limits, hooks: SessionHooks[Key]
) -> Session[Key]:
    spec = BridgeSpec(
        kind="bridge",
        cage=tools.cage.plugin(limits),
        max_request_bytes=limits.http_request_bytes,
        max_answer_bytes=limits.http_response_bytes,
        max_arguments_bytes=limits.payload_bytes,
        max_log_line_bytes=limits.log_line_bytes,
        max_log_lines=limits.log_lines,
        max_host_calls=limits.host_calls,
    )
    spec, sockets = program.spoken_to_by(spec)
    with socket.socket(fileno=program.connection), program.door:
        child = await spawn_piped(tools.fork_server, spec, sockets)
    return Session(
        child.handle,
        child.to_child,
        child.from_child,
        limits,
        hooks,
        tools.grace_s,
        result_bytes=MAX_RESULT,
        last_lines=limits.log_lines + 1,
    )

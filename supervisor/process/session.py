"""One child from its first to its last breath: pipes, deadlines, answers, and its reaping.

The session owns the process and both pipes. However it ends (the child's own doing, a broken
protocol, the deadline, or its owner's cancellation) the process is killed and reaped and the pipes
are closed before :meth:`Session.run` returns.
"""

# How it works, and why
#
# Two tasks run for as long as the child lives:
#
#     _listen   reads the pipe, feeds the conversation, passes on what it heard
#     _watch    waits until the guest call that runs has used up its time, then kills
#
# and one short task per host call (``_answer``), so that a slow answer does not keep log lines and
# results from being read. Whoever has work calls ``ask`` from a task of its own.
#
# Every end goes through ``_end``, and the first caller wins: it kills the process at once and
# cancels the tasks. Only ``run`` releases: in its ``finally`` the process is reaped and both pipes
# are closed, whatever happened. There is no way out of ``run`` that leaves a process or a
# descriptor.
#
# The 5-second kill is ``_watch``; when it is due is ``Deadline``'s to say (``deadline``).
#
# Why ``ask`` writes several calls ahead: with one at a time a quick plugin would mostly wait for
# its next one. Not more than ``_MAX_AHEAD_BYTES``, though: the answer to a host call comes behind
# everything that was written before it, and the child has to keep all of that in memory to get to
# it.
#
# Why ``_receive`` and ``_write`` use the descriptors directly and not the streams: Trio's streams
# yield to other tasks before they read or write, and an idle child need not wait for those.

import os
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic

import msgspec
import trio

from sandbox_child.wire.errors import WireError
from sandbox_child.wire.frames import encode_frame
from sandbox_child.wire.messages import ANSWER, MAX_TEXT, OutcomeCode
from supervisor.limits import MIB, Limits
from supervisor.process.conversation import (
    Budgets,
    Called,
    Conversation,
    Finished,
    Key,
    Logged,
    Occurrence,
    Ready,
    Spent,
    Work,
)
from supervisor.process.deadline import GRACE_S, Deadline
from supervisor.process.handle import ChildHandle
from supervisor.process.report import controls_in_force
from supervisor.states import Outcome

_READ_BYTES = 256 * 1024
_MAX_AHEAD_BYTES = 4 * MIB
"""What a child may be given before it is done with what it has: it may have to keep all of it, as
the answer to a host call comes behind it."""
_LAST_BREATH_S = 3.0
"""Time for a process to end after its pipe has ended."""

OUTCOMES = {
    OutcomeCode.OK: Outcome.OK,
    OutcomeCode.TRAP: Outcome.TRAP,
    OutcomeCode.TIMEOUT: Outcome.TIMEOUT,
    OutcomeCode.OUT_OF_MEMORY: Outcome.OUT_OF_MEMORY,
    OutcomeCode.EXIT: Outcome.EXIT,
    OutcomeCode.BAD_RESULT: Outcome.TRAP,
}


@dataclass(frozen=True, slots=True)
class Ended(Generic[Key]):
    """End of a session: its reason, and what was left."""

    outcome: Outcome
    """OK where nothing was wrong: it was asked to stop, or its child was recycled."""
    error: str
    culprit: Work[Key] | None
    """The guest call during which it happened and which got no result; None for the start."""
    left: Sequence[Work[Key]]
    """Guest calls that were asked for behind it, and those that are asked for from now on."""
    started: bool
    """Whether the child had said READY."""
    spent: Spent | None
    """Reason why the child ended between two guest calls although nothing had failed."""


@dataclass(frozen=True, slots=True)
class SessionHooks(Generic[Key]):
    """Callbacks of the owner for a child's messages. None of these may raise or block."""

    ready: Callable[[Ready, tuple[str, ...]], None]
    """The second argument names the controls that are active in the child."""
    finished: Callable[[Sequence[Finished[Key]]], None]
    logged: Callable[[Logged], None]
    answer: Callable[[Called], Awaitable[tuple[int, bytes]]]
    """May take as long as the deadline allows; cancelled with the child."""


@dataclass
class Session(Generic[Key]):
    """See the module. Create with the child's handle and the supervisor's ends of its pipes."""

    handle: ChildHandle
    to_child: trio.lowlevel.FdStream
    from_child: trio.lowlevel.FdStream
    limits: Limits
    hooks: SessionHooks[Key]
    grace_s: float = GRACE_S
    """How long after its deadline a child is let live that has not ended by itself: it says where
    it was when it is interrupted, and a busy machine may keep it from saying so in time."""
    result_bytes: int = MAX_TEXT
    """Limits of a guest call's result."""
    last_lines: int = 0
    """See ``Budgets``."""
    conversation: Conversation[Key] = field(init=False)
    _deadline: Deadline = field(init=False)
    _ended: Ended[Key] | None = field(default=None, init=False)
    _send_lock: trio.Lock = field(default_factory=trio.Lock, init=False)
    _progress: trio.Event = field(default_factory=trio.Event, init=False)
    _scope: trio.CancelScope = field(default_factory=trio.CancelScope, init=False)
    _ready: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Begin the conversation: the start has its deadline from here."""
        limits = self.limits
        self.conversation = Conversation(
            Budgets(
                request_bytes=limits.http_request_bytes,
                log_lines=limits.log_lines,
                log_line_bytes=limits.log_line_bytes,
                host_calls=limits.host_calls,
                memory_bytes=limits.memory_bytes,
                result_bytes=self.result_bytes,
                last_lines=self.last_lines,
            ),
            trio.current_time(),
        )
        self._deadline = Deadline(
            self.handle, self.conversation, lambda: self.limits.deadline_s, self.grace_s
        )

    async def run(self) -> Ended[Key]:
        """Serve the child until it ends; return why, with everything released."""
        try:
            async with trio.open_nursery() as nursery:
                self._scope = nursery.cancel_scope
                nursery.start_soon(self._listen, nursery)
                nursery.start_soon(self._watch)
        finally:
            with trio.CancelScope(shield=True):
                await self.handle.reap()
                await self.to_child.aclose()
                await self.from_child.aclose()
        assert self._ended is not None  # noqa: S101 - neither task returns before it is set
        return self._ended

    async def ask(self, works: Sequence[Work[Key]]) -> None:
        """Send guest calls to the child, in order; it works on them one at a time.

        Returns when they are written, which may take until others are done. A child that does not
        read is the watcher's business. Only to be called once the child is ready; what is asked of
        a session that has ended is left over.
        """
        rest = deque(works)
        try:
            while rest and self._ended is None:
                if self._progress.is_set():
                    self._progress = trio.Event()
                progress = self._progress
                await self._send(self._enter(rest))
                if rest:
                    await progress.wait()
        finally:
            now = trio.current_time()
            for work in rest:
                self.conversation.ask(work, now)

    def _enter(self, rest: deque[Work[Key]]) -> bytes:
        """Put the first of ``rest`` in line, as far as there is room; return their frames."""
        conversation, now = self.conversation, trio.current_time()
        line = conversation.in_line
        ahead = sum([len(work.blob) for work in line])
        frames = []
        while rest and (not line or ahead + len(rest[0].blob) <= _MAX_AHEAD_BYTES):
            work = rest.popleft()
            ahead += len(work.blob)
            head = (work.kind, conversation.ask(work, now), *work.head)
            frames.append(encode_frame(head, work.blob))
        if frames:
            self._deadline.begin()
        return b"".join(frames)

    def stop(self) -> None:
        """End the session now; what is in line is left over."""
        self._end(Outcome.OK, "")

    async def _listen(self, nursery: trio.Nursery) -> None:
        conversation = self.conversation
        while self._ended is None:
            data = await self._receive()
            if not data:
                await self._lose()
                return
            try:
                heard = conversation.hear(data, trio.current_time())
                controls = controls_in_force(heard)
            except WireError as exc:
                self._end(Outcome.PROTOCOL, f"the process broke the protocol: {exc}")
                return
            finished = [occurrence for occurrence in heard if type(occurrence) is Finished]
            if len(finished) < len(heard):
                self._tell(heard, controls, nursery)
            if finished:
                self._finish(finished)

    def _tell(
        self, heard: Sequence[Occurrence[Key]], controls: tuple[str, ...], nursery: trio.Nursery
    ) -> None:
        for occurrence in heard:
            if isinstance(occurrence, Logged):
                self.hooks.logged(occurrence)
            elif isinstance(occurrence, Called):
                nursery.start_soon(self._answer, occurrence)
            elif isinstance(occurrence, Ready):
                self._ready = True
                self.hooks.ready(occurrence, controls)

    def _finish(self, finished: Sequence[Finished[Key]]) -> None:
        self._progress.set()
        last = finished[-1]
        if last.outcome is OutcomeCode.TIMEOUT:
            own = last.work.deadline_s if last.work else None
            allowed_s = self.limits.deadline_s if own is None else own
            last = msgspec.structs.replace(last, text=f"{self._too_late(allowed_s)}\n{last.text}")
            finished = [*finished[:-1], last]
        if last.work is not None:
            self.hooks.finished(finished)
        if last.outcome is not OutcomeCode.OK:
            outcome = OUTCOMES[last.outcome] if last.work else Outcome.START_FAILED
            self._end(outcome, last.text, culprit_known=True)
        elif self.conversation.spent is not None:
            self._end(Outcome.OK, "")
        elif not self.conversation.in_line:
            self._deadline.rest()
        else:
            self._deadline.look_again()

    async def _lose(self) -> None:
        """The pipe has ended; the process has too, unless it only closed its pipe."""
        with trio.move_on_after(_LAST_BREATH_S):
            status = await self.handle.wait()
            self._end(Outcome.LOST, f"the process has ended: {status}")
        self._end(Outcome.PROTOCOL, "the process closed its pipe and went on running")

    async def _answer(self, called: Called) -> None:
        status, body = await self.hooks.answer(called)
        self.conversation.answered(called.call)
        await self._send(encode_frame((ANSWER, called.call, status), body))

    async def _receive(self) -> bytes:
        """Return what the child has written; nothing at the end of the pipe."""
        # Not the stream's own way, which tries to read first and mostly has to wait after all.
        pipe = self.from_child.fileno()
        while True:
            await trio.lowlevel.wait_readable(pipe)
            try:
                return os.read(pipe, _READ_BYTES)
            except BlockingIOError:
                continue
            except OSError:
                return b""

    async def _send(self, data: bytes) -> None:
        try:
            self._send_lock.acquire_nowait()
        except trio.WouldBlock:
            await self._send_lock.acquire()
        try:
            rest = memoryview(data)[self._write(data) :]
            if rest:
                await self.to_child.send_all(rest)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            # The listener sees the end of the other pipe, which tells more.
            return
        finally:
            self._send_lock.release()

    def _write(self, data: bytes) -> int:
        """Write what the pipe has room for, mostly all; return how much.

        The stream would let the other tasks run first, which an idle child need not wait for.
        """
        try:
            return os.write(self.to_child.fileno(), data)
        except OSError:
            return 0  # full, which send_all waits for, or broken, which it raises

    async def _watch(self) -> None:
        """Kill the child when the guest call that runs has used up its time."""
        why = await self._deadline.passed()
        if why is not None:
            self._end(Outcome.PROTOCOL, why)
            return
        self._end(
            Outcome.TIMEOUT if self._ready else Outcome.START_FAILED,
            self._too_late(self.conversation.allowed_s(self.limits.deadline_s)),
        )

    def _too_late(self, allowed_s: float) -> str:
        what = "it did not end" if self._ready else "it did not start"
        return f"{what} within {allowed_s:g} s and was killed"

    def _end(self, outcome: Outcome, error: str, *, culprit_known: bool = False) -> None:
        if self._ended is not None:
            return
        self.handle.kill()
        line = self.conversation.in_line
        stopped = outcome is Outcome.OK or culprit_known
        culprit = line.popleft() if line and not stopped else None
        spent = self.conversation.spent
        self._ended = Ended(outcome, error, culprit, line, self._ready, spent)
        self._progress.set()
        self._scope.cancel()

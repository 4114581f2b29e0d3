"""Runs one enabled plugin: one child after another, until it is told to stop or must not go on.

One task owns the runner and, through it, the child. What the child is given and what happens to it
is the workload's business. ``docs/states.md`` draws the states; every change of state goes through
:meth:`PluginRunner._become`.
"""

import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog
import trio

from sandbox_child.wire.messages import LogLevel
from supervisor.calls.host_calls import HostCalls
from supervisor.delivery.error_threshold import ErrorThreshold
from supervisor.delivery.feed import Feed
from supervisor.delivery.function_calls import CallRequest
from supervisor.delivery.job_process import MOST_AT_ONCE, JobProcess
from supervisor.delivery.recorder import Recorder
from supervisor.delivery.redelivery import RedeliveryQueue
from supervisor.delivery.restart_backoff import RestartPolicy, RestartRule
from supervisor.delivery.work import Delivery, WorkKey
from supervisor.delivery.workload import Workload
from supervisor.errors import SupervisorError
from supervisor.manifest import ConfigValue
from supervisor.plugins.limits import LimitsInForce
from supervisor.process.conversation import Finished, Ready, Spent
from supervisor.process.session import Session, SessionHooks
from supervisor.process.spawn import Spawner
from supervisor.states import Outcome, PluginState
from supervisor.store.plugins import PluginRow
from supervisor.store.redeliveries import Entry
from supervisor.views import CallResult, PanelResult

log = structlog.get_logger("supervisor.runner")


@dataclass(slots=True)
class RunnerTools:
    """What all runners of one supervisor share; ``limits`` apply from a plugin's next child on."""

    spawner: Spawner
    open_code: Callable[[PluginRow], Awaitable[int]]
    host_calls: HostCalls
    limits: LimitsInForce
    health_rule: Callable[[], ErrorThreshold] = ErrorThreshold
    """The rule as it is now."""
    restart_rule: RestartRule = field(default_factory=RestartRule)
    plain_http_panels: bool = False
    job_places: trio.CapacityLimiter = field(
        default_factory=lambda: trio.CapacityLimiter(MOST_AT_ONCE)
    )
    """For the processes of jobs, of all plugins together."""


class PluginRunner:
    """See the module."""

    def __init__(
        self,
        row: PluginRow,
        config: Mapping[str, ConfigValue],
        feed: Feed,
        recorder: Recorder,
        tools: RunnerTools,
        *,
        again: RedeliveryQueue,
    ) -> None:
        self.row = row
        self.limits = tools.limits.of(row.limits)
        """Of the child that runs, or ran last."""
        self.recorder = recorder
        self.feed = feed
        self.workload = Workload(
            row.description,
            config,
            feed,
            again,
            recorder,
            limits=self.limits,
            health_rule=tools.health_rule,
            withheld=row.withheld,
            extras=row.extras,
            plain_http_panels=tools.plain_http_panels,
        )
        self._jobs = JobProcess(
            row,
            self.workload,
            spawner=tools.spawner,
            host_calls=tools.host_calls,
            open_code=tools.open_code,
            places=tools.job_places,
        )
        self.state = PluginState.STARTING
        self.restarts = 0
        self._recycled = False
        """Whether the last child ended because its guest left by ``proc_exit(0)``: no restart."""
        self.controls: tuple[str, ...] = ()
        self.session: Session[WorkKey] | None = None
        self.child_since: float | None = None
        self._tools = tools
        self._policy = RestartPolicy(tools.restart_rule)
        self._ready = trio.Event()
        self._nudged = trio.Event()
        self._stop_asked = trio.Event()
        self._ended = trio.Event()

    async def run(self) -> str | None:
        """Run until asked to stop, or until the plugin must not run any longer: then says why."""
        try:
            return await self._run()
        finally:
            self._stop_asked.set()
            self._become(PluginState.STOPPING)
            self.workload.panels.close()
            self.workload.calls.close()
            with trio.CancelScope(shield=True):
                await self._jobs.aclose(self.limits.deadline_s)
                self._ended.set()
                await self._tools.host_calls.release(self.row.id)

    async def stop(self) -> None:
        """Ask for the end and wait for it: what runs may finish within its deadline."""
        self._stop_asked.set()
        self._become(PluginState.STOPPING)
        self._nudge()
        await self._ended.wait()

    def deliver_again(self, entries: Iterable[Entry]) -> None:
        """Let the plugin get events again that are queued on disk."""
        self.workload.again.add(entries)
        self._nudge()

    @property
    def has_ended(self) -> bool:
        """Whether it runs no longer, and has no process."""
        return self._ended.is_set()

    async def render_panel(self, ticket_id: str) -> PanelResult:
        """Return the panel of a ticket, or the sentence for its error card."""
        busy = PanelResult(None, "the plugin is busy or starting; try again")
        if self.workload.panels_are_paused:
            return PanelResult(None, "the panel failed too often; it is tried again later")
        request = self.workload.panels.join(ticket_id)
        if request is None:
            return busy
        self._nudge()
        try:
            # Twice: whatever runs before it may take its whole time, then the panel may.
            with trio.move_on_after(2 * self.limits.deadline_s):
                await request.done.wait()
        finally:
            self.workload.panels.leave(request)
        return request.result or busy

    async def call(self, request: CallRequest, patience_s: float) -> CallResult:
        """Call a function, and wait for it at most so long; what runs before it takes of that."""
        if (why := self.workload.why_not_now(request)) is not None:
            return self._drop(request, why)
        if not self.workload.calls.add(request):
            return self._drop(request, "too many calls of this plugin wait already; try again")
        self._nudge()
        try:
            with trio.move_on_after(patience_s):
                await request.done.wait()
        finally:
            self.workload.calls.drop(request)
        if request.result is None:
            why = "the plugin is busy or starting; try again"
            if not request.sent:  # else its end is recorded
                self.recorder.dropped_call(request, Outcome.TIMEOUT, why)
            return CallResult.failed(why, str(Outcome.TIMEOUT))
        if not request.sent:
            self.recorder.dropped_call(request, Outcome.DROPPED, request.result.error or "")
        return request.result

    async def run_job(self, request: CallRequest) -> CallResult:
        """Run a job in a process of its own, for which pages and events do not wait."""
        return await self._jobs.run(request, self._tools.limits.of(self.row.limits))

    def _drop(self, request: CallRequest, why: str) -> CallResult:
        self.recorder.dropped_call(request, Outcome.DROPPED, why)
        return CallResult.failed(why)

    async def _run(self) -> str | None:
        await self.workload.recover()
        code = await self._tools.open_code(self.row)
        try:
            while not self._stop_asked.is_set():
                began = trio.current_time()
                outcome = await self._one_child(code)
                if self.workload.verdict is not None:
                    return self.workload.verdict
                delay = self._policy.after(outcome, trio.current_time() - began)
                if delay is None:
                    return f"its process failed {self._policy.failures} times in a row"
                await self._pause(delay)
        finally:
            os.close(code)
        return None

    async def _pause(self, delay: float) -> None:
        if delay > 0 and not self._stop_asked.is_set():
            self._become(PluginState.BACKING_OFF)
            with trio.move_on_after(delay):
                await self._stop_asked.wait()
        self.restarts += not self._stop_asked.is_set() and not self._recycled

    async def _one_child(self, code: int) -> Outcome:
        """Make a child and serve it to its end."""
        self._become(PluginState.STARTING)
        self._ready = trio.Event()
        self.limits = self._tools.limits.of(self.row.limits)
        self.workload.set_limits(self.limits)
        self.recorder.tally.starts += 1
        hooks = SessionHooks(
            ready=self._on_ready,
            finished=self._on_finished,
            logged=lambda said: self.recorder.log(said.level, said.text, said.work),
            answer=lambda called: self._tools.host_calls.answer(self.workload.caller, called),
        )
        try:
            session = await self._tools.spawner.spawn(
                self.row.id, self.row.report.entry, self.limits, code, hooks
            )
        except SupervisorError as exc:
            self.recorder.failure("start", str(exc), None)
            return Outcome.START_FAILED
        with self._current(session):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._feed_child, session)
                ended = await session.run()
                nursery.cancel_scope.cancel()
        self.workload.child_gone(ended)
        self._recycled = ended.spent is Spent.GUEST_LEFT
        if ended.spent is Spent.MEMORY_FULL:
            size = session.conversation.memory_bytes // 1024
            self.recorder.note(LogLevel.INFO, f"memory at {size} KiB: a new process takes over")
        if ended.culprit is not None and not isinstance(ended.culprit.key, Delivery):
            # What people asked for has failed: events neither wait for that nor end by it.
            return Outcome.TRAP
        return ended.outcome

    @contextmanager
    def _current(self, session: Session[WorkKey]) -> Iterator[None]:
        self.session, self.child_since = session, trio.current_time()
        try:
            yield
        finally:
            self.session = self.child_since = None

    async def _feed_child(self, session: Session[WorkKey]) -> None:
        """Give the child work whenever there is some and it has room; then let it finish."""
        await self._ready.wait()
        line = session.conversation.in_line
        while not self._stop_asked.is_set() and self.workload.verdict is None:
            self._nudged = trio.Event()
            room = self.workload.room(len(line))
            asked = any(not isinstance(work.key, Delivery) for work in line)
            works = await self.workload.next(room, asked=asked)
            if works:
                await session.ask(works)
            else:
                await self._wait(for_events=room > 0)
        with trio.move_on_after(self.limits.deadline_s):
            while line and self.workload.verdict is None:
                self._nudged = trio.Event()
                await self._nudged.wait()
        session.stop()

    async def _wait(self, *, for_events: bool) -> None:
        if not for_events:
            await self._nudged.wait()
            return
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._nudge_when_fed)
            await self._nudged.wait()
            nursery.cancel_scope.cancel()

    async def _nudge_when_fed(self) -> None:
        await self.feed.wait()
        self._nudge()

    def _nudge(self) -> None:
        self._nudged.set()

    def _on_ready(self, ready: Ready, controls: tuple[str, ...]) -> None:
        del ready
        self.controls = controls
        self._become(PluginState.RUNNING)
        self._ready.set()

    def _on_finished(self, results: Sequence[Finished[WorkKey]]) -> None:
        if self.workload.finished(results):
            self._policy.delivered()
        self._nudge()

    def _become(self, state: PluginState) -> None:
        if self._stop_asked.is_set():
            state = PluginState.STOPPING
        if state is not self.state:
            log.info("plugin_state", plugin=self.row.id, was=self.state.value, now=state.value)
            self.state = state

"""Runs one enabled plugin: one child after another, until it is told to stop or must not go on.

One task owns the runner and, through it, the child. What the child is given and what happens to it
is the workload's business. ``docs/states.md`` draws the states; every change of state goes through
:meth:`PluginRunner._become`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field, replace

import structlog
import trio

from sandbox_child.wire.messages import LogLevel
from supervisor.calls.host_calls import HostCalls
from supervisor.delivery.children import Child, Children, Code, LifeCall
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
from supervisor.native.limits import NativeLimits
from supervisor.plugins.limits import LimitsInForce
from supervisor.process.conversation import Finished, Ready, Spent
from supervisor.process.handle import ChildHandle
from supervisor.process.session import Ended, Session, SessionHooks
from supervisor.states import Outcome, PluginState
from supervisor.store.plugins import PluginRow
from supervisor.store.redeliveries import Entry
from supervisor.views import CallResult, PanelResult

log = structlog.get_logger("supervisor.runner")


@dataclass(slots=True)
class RunnerTools:
    """What all runners of one supervisor share; ``limits`` apply from a plugin's next child on."""

    children: Children
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
            children=tools.children,
            host_calls=tools.host_calls,
            places=tools.job_places,
        )
        self.state = PluginState.STARTING
        self.restarts = 0
        self._recycled = False
        """Whether the last child ended because its guest left by ``proc_exit(0)``: no restart."""
        self.controls: tuple[str, ...] = ()
        self.child: Child | None = None
        self.child_since: float | None = None
        self._tools = tools
        self._policy = RestartPolicy(tools.restart_rule)
        self._ready = trio.Event()
        self._nudged = trio.Event()
        self._stop_asked = trio.Event()
        self._renewing = False
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

    @property
    def session(self) -> Session[WorkKey] | None:
        """The session with its process, where it has one."""
        return self.child.session if self.child else None

    @property
    def handles(self) -> tuple[ChildHandle, ...]:
        """Its processes: one, of a native plugin the program before its bridge."""
        return self.child.handles if self.child else ()

    @property
    def native_limits(self) -> NativeLimits | None:
        """What a native plugin's program may use; None of a module."""
        native = self.child.native if self.child else None
        return native.native if native else None

    def configure(self, config: Mapping[str, ConfigValue]) -> None:
        """Give the plugin other values: from its next event on, or by a restart."""
        self.workload.set_config(config)
        if self.child is not None and self.child.native is not None:
            self._renewing = True
            self._nudge()

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
        code = await self._tools.children.open_code(self.row)
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
            code.close()
        return None

    async def _pause(self, delay: float) -> None:
        if delay > 0 and not self._stop_asked.is_set():
            self._become(PluginState.BACKING_OFF)
            with trio.move_on_after(delay):
                await self._stop_asked.wait()
        self.restarts += not self._stop_asked.is_set() and not self._recycled

    async def _one_child(self, code: Code) -> Outcome:
        """Make a child and serve it to its end."""
        self._become(PluginState.STARTING)
        self._ready, self._renewing = trio.Event(), False
        self.limits = self._tools.limits.of(self.row.limits)
        self.workload.set_limits(self.limits)
        self.recorder.tally.starts += 1
        hooks = SessionHooks(
            ready=self._on_ready,
            finished=self._on_finished,
            logged=lambda said: self.recorder.log(said.level, said.text, said.work),
            answer=lambda called: self._tools.host_calls.answer(self.workload.caller, called),
        )
        opened = self._tools.children.open(
            self.row,
            self.limits,
            code,
            hooks,
            tell=lambda line: self.recorder.note(LogLevel.INFO, line),
            give_up=self._stop_asked,
        )
        async with AsyncExitStack() as stack:
            try:
                child = await stack.enter_async_context(opened)
            except SupervisorError as exc:
                if self._stop_asked.is_set():
                    return Outcome.OK
                self.recorder.failure("start", str(exc), None)
                self._native_start_failed(code)
                return Outcome.START_FAILED
            with self._current(child):
                async with trio.open_nursery() as nursery:
                    nursery.start_soon(self._feed_child, child)
                    ended = await child.run()
                    nursery.cancel_scope.cancel()
        return self._gone(child, ended, code)

    def _gone(self, child: Child, ended: Ended[WorkKey], code: Code) -> Outcome:
        """Record the end of a child; return what it means for the next one."""
        if child.native is not None:
            if child.native.finishing and ended.outcome is not Outcome.OK:
                if ended.outcome is Outcome.TIMEOUT:
                    text = "it did not finish when it was asked to, and was killed"
                    self.recorder.note(LogLevel.WARN, text)
                ended = replace(ended, outcome=Outcome.OK, culprit=None)
            if child.native.last_words:
                self.recorder.note(LogLevel.ERROR, child.native.last_words)
            if ended.culprit is not None and isinstance(ended.culprit.key, LifeCall):
                self._life_failed(f"{ended.culprit.key.function}: {ended.outcome}", ended.error)
                ended = replace(ended, outcome=Outcome.TRAP, culprit=None)
        self.workload.child_gone(ended)
        self._recycled = ended.spent is Spent.GUEST_LEFT
        if ended.spent is Spent.MEMORY_FULL:
            size = child.session.conversation.memory_bytes // 1024
            self.recorder.note(LogLevel.INFO, f"memory at {size} KiB: a new process takes over")
        if child.native is not None and not child.has_begun and ended.outcome is not Outcome.OK:
            self._native_start_failed(code)
            return Outcome.START_FAILED
        if ended.culprit is not None and not isinstance(ended.culprit.key, Delivery):
            # What people asked for has failed: events neither wait for that nor end by it.
            return Outcome.TRAP
        return ended.outcome

    def _native_start_failed(self, code: Code) -> None:
        """Tell those who wait why a native program did not begin: its next start may take long."""
        if code.program is not None:
            self.workload.calls.fail(f"the plugin could not start: {self.recorder.last_error}")

    def _life_failed(self, what: str, error: str) -> str:
        return self.recorder.failure(what, error, None)

    @contextmanager
    def _current(self, child: Child) -> Iterator[None]:
        self.child, self.child_since = child, trio.current_time()
        try:
            yield
        finally:
            self.child = self.child_since = None

    async def _feed_child(self, child: Child) -> None:
        """Give the child work whenever there is some and it has room; then let it finish."""
        session = child.session
        await self._ready.wait()
        if not await child.begin(self.row, self.workload.config):
            return  # its session has ended, or is about to
        self._become(PluginState.RUNNING)
        line = session.conversation.in_line
        while self._goes_on:
            self._nudged = trio.Event()
            room = self.workload.room(len(line))
            asked = any(not isinstance(work.key, Delivery) for work in line)
            works = await self.workload.next(room, asked=asked)
            if works:
                child.is_quiet = False
                await session.ask(works)
                continue
            with trio.move_on_after(child.ping_after_s) as waiting:
                await self._wait(for_events=room > 0)
            if waiting.cancelled_caught and not line:
                await session.ask([child.ping()])
        with trio.move_on_after(self.limits.deadline_s):
            while line and self.workload.verdict is None:
                self._nudged = trio.Event()
                await self._nudged.wait()
        if not line:
            await child.finish()
        session.stop()

    @property
    def _goes_on(self) -> bool:
        stops = self._stop_asked.is_set() or self._renewing
        return not stops and self.workload.verdict is None

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
        self._ready.set()

    def _on_finished(self, results: Sequence[Finished[WorkKey]]) -> None:
        if self.child is not None:
            results = self.child.without_life(results, self._life_failed)
        if results and self.workload.finished(results):
            self._policy.delivered()
        self._nudge()

    def _become(self, state: PluginState) -> None:
        if self._stop_asked.is_set():
            state = PluginState.STOPPING
        if state is not self.state:
            log.info("plugin_state", plugin=self.row.id, was=self.state.value, now=state.value)
            self.state = state

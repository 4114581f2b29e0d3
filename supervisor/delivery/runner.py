"""Runs one enabled plugin: one child after another, its deliveries, its panels.

One task owns the runner and, through it, the child. ``docs/states.md`` draws the states; every
change of state goes through :meth:`PluginRunner._become`.
"""

import os
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
import trio

from sandbox_child.wire.messages import LogLevel, OutcomeCode
from supervisor.bound_secrets import BoundSecrets
from supervisor.delivery.feed import Feed
from supervisor.delivery.health import Health, HealthRule
from supervisor.delivery.recorder import Recorder, config_member
from supervisor.delivery.restart import RestartPolicy
from supervisor.delivery.work import Delivery, PanelRequest, depth_of, event_work, panel_work
from supervisor.errors import SupervisorError
from supervisor.hostcalls import PERMISSIONS, Caller, HostCalls
from supervisor.limits import Limits
from supervisor.manifest import ConfigValue
from supervisor.panels import panel_problem
from supervisor.process.conversation import Finished, Ready, Work
from supervisor.process.session import OUTCOMES, Ended, Session, SessionHooks
from supervisor.process.spawn import Spawner
from supervisor.redaction import Redactor
from supervisor.store.plugins import PluginRow
from supervisor.views import Outcome, PanelResult, PluginState

log = structlog.get_logger("supervisor.runner")

_SMALLEST_WINDOW, _LARGEST_WINDOW = 2, 256
_QUICK_S = 0.002
_UNCERTAIN = frozenset({Outcome.LOST, Outcome.PROTOCOL})


@dataclass(frozen=True, slots=True)
class RunnerTools:
    """What all runners of one supervisor share."""

    spawner: Spawner
    open_code: Callable[[PluginRow], Awaitable[int]]
    host_calls: HostCalls
    limits: Limits
    health_rule: HealthRule
    plain_http_panels: bool


class PluginRunner:
    """See the module."""

    def __init__(
        self,
        row: PluginRow,
        config: Mapping[str, ConfigValue],
        feed: Feed,
        recorder: Recorder,
        tools: RunnerTools,
    ) -> None:
        self.row = row
        self.recorder = recorder
        self.feed = feed
        self.state = PluginState.STARTING
        self.restarts = 0
        self.controls: tuple[str, ...] = ()
        self.session: Session | None = None
        self.child_since: float | None = None
        self._tools = tools
        self._policy = RestartPolicy()
        self._health = Health(tools.health_rule)
        self._window = _SMALLEST_WINDOW
        self._panels: deque[PanelRequest] = deque()
        self._ready = trio.Event()
        self._nudged = trio.Event()
        self._stop_asked = trio.Event()
        self._ended = trio.Event()
        self._give_up: str | None = None
        self._recycle = False
        self.set_config(config)

    def set_config(self, config: Mapping[str, ConfigValue]) -> None:
        """Give the plugin other values from its next event on."""
        schema = self.row.manifest.config_schema
        secrets = BoundSecrets(self.row.manifest, config)
        self.recorder.redact = Redactor(
            str(value) for name, value in config.items() if schema[name].secret
        )
        self._config_member = config_member(secrets.config)
        self._caller = Caller(
            plugin_id=self.row.id,
            name=self.row.manifest.name,
            allowed_hosts=frozenset(self.row.manifest.allowed_hosts),
            grants=PERMISSIONS,
            redact=self.recorder.redact,
            secrets=secrets,
            log=self.recorder.log,
            depth=depth_of,
        )

    async def run(self) -> str | None:
        """Run until asked to stop, or until the plugin must not run any longer: then says why."""
        try:
            return await self._run()
        finally:
            self._ended.set()
            self._become(PluginState.STOPPING)
            for request in self._panels:
                request.finish(PanelResult(None, "the plugin was switched off"))

    async def stop(self) -> None:
        """Ask for the end and wait for it: what runs may finish within its deadline."""
        self._stop_asked.set()
        self._nudge()
        await self._ended.wait()

    async def render_panel(self, ticket_id: str) -> PanelResult:
        """Return the panel of a ticket, or the sentence for its error card."""
        request = PanelRequest(ticket_id)
        self._panels.append(request)
        self._nudge()
        # Twice: whatever runs before it may take its whole time, then the panel may.
        with trio.move_on_after(2 * self._tools.limits.deadline_s):
            await request.done.wait()
        if request in self._panels:
            self._panels.remove(request)
        return request.result or PanelResult(None, "the plugin is busy or starting; try again")

    async def _run(self) -> str | None:
        twice_lost = await self.feed.recover()
        if twice_lost is not None:
            self._lost(twice_lost, "the server stopped twice during this delivery")
        code = await self._tools.open_code(self.row)
        try:
            while not self._stop_asked.is_set():
                began = trio.current_time()
                outcome = await self._one_child(code)
                if self._give_up is not None:
                    return self._give_up
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
        self.restarts += not self._stop_asked.is_set()

    async def _one_child(self, code: int) -> Outcome:
        """Make a child and serve it to its end."""
        self._become(PluginState.STARTING)
        self._ready = trio.Event()
        self._recycle = False
        hooks = SessionHooks(
            ready=self._on_ready,
            finished=self._on_finished,
            logged=lambda said: self.recorder.log(said.level, said.text, said.work),
            answer=lambda called: self._tools.host_calls.answer(self._caller, called),
        )
        try:
            session = await self._tools.spawner.spawn(
                self.row.id, self.row.report.entry, self._tools.limits, code, hooks
            )
        except SupervisorError as exc:
            self.recorder.failure("start", str(exc), None)
            return Outcome.START_FAILED
        with self._current(session):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._feed_child, session)
                ended = await session.run()
                nursery.cancel_scope.cancel()
        self._settle(ended)
        return ended.outcome

    @contextmanager
    def _current(self, session: Session) -> Iterator[None]:
        self.session, self.child_since = session, trio.current_time()
        try:
            yield
        finally:
            self.session = self.child_since = None

    async def _feed_child(self, session: Session) -> None:
        """Give the child work whenever there is some and it has room."""
        await self._ready.wait()
        line = session.conversation.in_line
        while not self._stop_asked.is_set() and self._give_up is None:
            if self._recycle and not line:
                break
            self._nudged = trio.Event()
            room = 0 if self._recycle else self._window - len(line)
            works = await self._next_works(room)
            if works:
                await session.ask(works)
            else:
                await self._wait(for_events=room > 0)
        with trio.move_on_after(self._tools.limits.deadline_s):
            while line and self._give_up is None:
                self._nudged = trio.Event()
                await self._nudged.wait()
        session.stop()

    async def _next_works(self, room: int) -> list[Work]:
        if self._panels:
            return [panel_work(self._panels.popleft())]
        # Half of the window at a time: the next half is claimed while the child does this one.
        if room <= 0 or (room < self._window // 2 and self._window > _SMALLEST_WINDOW):
            return []
        works = []
        for delivery in await self.feed.take(max(1, room)):
            work = event_work(delivery, self._config_member)
            if len(work.blob) <= self._tools.limits.payload_bytes:
                works.append(work)
            else:
                self._finish_failed(
                    work, Outcome.DROPPED, f"a payload of {len(work.blob)} bytes", 0.0, None
                )
        return works

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

    def _on_finished(self, results: Sequence[Finished]) -> None:
        passed = 0
        slowest = 0.0
        for result in results:
            work = result.work
            assert work is not None  # noqa: S101 - the session sends no others here
            slowest = max(slowest, result.duration_s)
            if result.outcome is not OutcomeCode.OK:
                outcome = OUTCOMES[result.outcome]
                self._finish_failed(
                    work, outcome, result.text, result.duration_s, result.memory_bytes
                )
            elif isinstance(work.key, Delivery):
                passed += 1
                self.recorder.delivery(work, Outcome.OK, "", result.duration_s, result.memory_bytes)
            else:
                self._finish_panel(work, result.text)
        if passed:
            self._policy.delivered()
            self._health.passed(passed, trio.current_time())
        self._adapt(slowest, results[-1].memory_bytes)
        self._nudge()

    def _adapt(self, slowest: float, memory: int) -> None:
        """Keep much in flight for a quick plugin, little for a slow one; notice a full memory."""
        if slowest <= _QUICK_S:
            self._window = min(self._window * 2, _LARGEST_WINDOW)
        else:
            self._window = max(self._window // 2, _SMALLEST_WINDOW)
        limit = self._tools.limits.memory_bytes
        if memory > limit - limit // 8 and not self._recycle:
            self._recycle = True
            self.recorder.note(
                LogLevel.INFO, f"memory at {memory // 1024} KiB: a fresh process will take over"
            )

    def _finish_panel(self, work: Work, url: str) -> None:
        problem = panel_problem(
            url, self._caller.allowed_hosts, plain_http=self._tools.plain_http_panels
        )
        if problem is not None:
            self._finish_failed(work, Outcome.TRAP, problem, 0.0, None)
        elif isinstance(work.key, PanelRequest):
            work.key.finish(PanelResult(url, None))

    def _finish_failed(
        self, work: Work, outcome: Outcome, error: str, duration_s: float, memory: int | None
    ) -> None:
        if isinstance(work.key, PanelRequest):
            self.recorder.failure(f"panel: {outcome}", error, None)
            work.key.finish(PanelResult(None, "the plugin could not show its panel"))
        else:
            self.recorder.delivery(work, outcome, error, duration_s, memory)
        reason = self._health.failed(trio.current_time())
        if reason is not None and self._give_up is None:
            self._give_up = reason
            self._nudge()

    def _settle(self, ended: Ended) -> None:
        """Record what the end of a child means for the work that it had."""
        if ended.culprit is not None:
            spent = trio.current_time() - ended.culprit.started
            self._finish_failed(ended.culprit, ended.outcome, ended.error, spent, None)
        elif ended.outcome in _UNCERTAIN or ended.outcome is Outcome.START_FAILED:
            self.recorder.failure(str(ended.outcome), ended.error, None)
        left = [work.key for work in ended.left]
        self._panels.extendleft(reversed([k for k in left if isinstance(k, PanelRequest)]))
        self.feed.put_back(
            [k for k in left if isinstance(k, Delivery)],
            redelivered=ended.outcome in _UNCERTAIN,
        )

    def _lost(self, delivery: Delivery, error: str) -> None:
        self.recorder.delivery(event_work(delivery, b""), Outcome.LOST, error, 0.0, None)

    def _become(self, state: PluginState) -> None:
        if state is not self.state:
            log.info("plugin_state", plugin=self.row.id, was=self.state.value, now=state.value)
            self.state = state

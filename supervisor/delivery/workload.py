"""Workload of one plugin: events and panels in, results and records out.

It owns the plugin's feed, its health, the panels that people wait for, and how much a child is
given at a time. It knows nothing of processes: the runner asks it for work, hands it results, and
tells it when a child is gone.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import trio

from sandbox_child.wire.messages import LogLevel, OutcomeCode
from supervisor.calls.bound_secrets import BoundSecrets
from supervisor.calls.host_calls import PERMISSIONS, Caller, granted
from supervisor.contracts import Description
from supervisor.delivery.call_backoff import CallBackoff
from supervisor.delivery.error_threshold import ErrorThreshold, Health
from supervisor.delivery.feed import Feed
from supervisor.delivery.function_calls import CallQueue, CallRequest, returned
from supervisor.delivery.panels import PanelQueue, panel_problem
from supervisor.delivery.recorder import Recorder, config_member
from supervisor.delivery.redelivery import RedeliveryQueue
from supervisor.delivery.work import (
    Delivery,
    PanelRequest,
    PluginWork,
    WorkKey,
    as_call,
    event_work,
    function_work,
    may_have,
    panel_work,
)
from supervisor.egress.url import read_host
from supervisor.limits import Limits
from supervisor.manifest import ConfigValue
from supervisor.manifest.permissions import PANEL, withheld_hosts
from supervisor.process.conversation import Finished
from supervisor.process.session import OUTCOMES, Ended
from supervisor.secrets.redaction import Redactor
from supervisor.states import Outcome
from supervisor.text import counted
from supervisor.views import CallResult, PanelResult

_SMALLEST_WINDOW, _LARGEST_WINDOW = 2, 256
_QUICK_S = 0.002
MOST_HIDDEN, MOST_HIDDEN_CHARACTERS = 30, 6_000
"""Secrets of the plugin's own making that are redacted: looking for more takes too long."""
_UNCERTAIN = frozenset({Outcome.LOST, Outcome.PROTOCOL})


class Workload:
    """See the module. Used by the runner's task and its session's."""

    def __init__(
        self,
        description: Description,
        config: Mapping[str, ConfigValue],
        feed: Feed,
        again: RedeliveryQueue,
        recorder: Recorder,
        *,
        limits: Limits,
        health_rule: Callable[[], ErrorThreshold],
        withheld: frozenset[str],
        extras: frozenset[str] = frozenset(),
        plain_http_panels: bool,
    ) -> None:
        self.feed = feed
        self.again = again
        self.recorder = recorder
        self.panels = PanelQueue()
        self.calls = CallQueue()
        self.call_backoff = CallBackoff()
        self.verdict: str | None = None
        """Reason why the plugin must stop, if there is one."""
        self.interrupted = False
        """Whether a child was stopped that may have been in the middle of an event."""
        self._description = description
        self._manifest = description.manifest
        self._asked = description.host_calls
        self._withheld = withheld
        self._extras = extras
        self.limits = limits
        """Of the child that runs."""
        self._health_rule = health_rule
        self._health = Health(health_rule())
        self._panel_health = Health(health_rule(), "panels")
        self._panels_paused_until = -math.inf
        self._panels_turn = True
        """Whether a panel comes before a function call, where both wait."""
        self._events_turn = False
        """Whether events come before what people ask for: that was done last."""
        self._plain_http_panels = plain_http_panels
        self._window = _SMALLEST_WINDOW
        self._bound = BoundSecrets(self._manifest, {})
        self._secrets: set[str] = set()
        self._hidden: set[str] = set()
        self._hidden_characters = 0
        self.set_config(config)

    def set_config(self, config: Mapping[str, ConfigValue]) -> None:
        """Give the plugin other values from its next event on."""
        schema = self._manifest.config_schema
        # Former secrets too: events that are under way still carry them.
        self._secrets |= {str(v) for name, v in config.items() if schema[name].secret}
        self.recorder.redact = Redactor(self._secrets)
        self._bound = BoundSecrets(self._manifest, config, self._bound)
        self._config_member = config_member(self._bound.config)
        self._set_caller()

    def hide(self, secret: str) -> None:
        """Redact a secret that the plugin keeps itself, from now on."""
        self._hidden_characters += len(secret) if secret not in self._secrets else 0
        room = self._hidden_characters <= MOST_HIDDEN_CHARACTERS
        if secret not in self._secrets and room and len(self._hidden) < MOST_HIDDEN:
            self._hidden.add(secret)
            self._secrets.add(secret)
            self.recorder.redact = Redactor(self._secrets)
            self._set_caller()

    def narrow(
        self,
        withheld: frozenset[str],
        subscribed: Mapping[str, int],
        extras: frozenset[str] = frozenset(),
    ) -> None:
        """Keep other permissions from the plugin: at once, also in what is under way."""
        self._withheld, self._extras = withheld, extras
        self.feed.subscribe(subscribed)
        self._set_caller()

    def set_limits(self, limits: Limits) -> None:
        """Follow the limits of the child that comes."""
        self.limits = self.recorder.quota.limits = self.recorder.call_quota.limits = limits
        self._set_caller()

    def _set_caller(self) -> None:
        hosts = withheld_hosts(self._withheld)
        self.caller = Caller(
            plugin_id=self._manifest.id,
            name=self._manifest.name,
            allowed_hosts=frozenset(self._manifest.allowed_hosts) - hosts,
            withheld_hosts=hosts,
            grants=granted(self._asked, self._withheld),
            never_asked=PERMISSIONS - self._asked,
            limits=self.limits,
            redact=self.recorder.redact,
            secrets=self._bound,
            log=self.recorder.log,
            change=self.recorder.change,
            hide=self.hide,
            functions=self._description.functions(self._withheld, self._extras),
        )

    async def recover(self) -> None:
        """Take up what the last run of the server left, and give up on what ended it twice."""
        twice_lost = await self.feed.recover()
        if twice_lost is not None:
            error = "the server stopped twice during this delivery"
            self._record(self._unsent(twice_lost), twice_lost, Outcome.LOST, error)
        for delivery in await self.again.recover():
            error = "the server stopped twice during this redelivery"
            self._record(self._unsent(delivery), delivery, Outcome.LOST, error)

    def _unsent(self, delivery: Delivery) -> PluginWork:
        return event_work(delivery, b"", self.recorder.new_delivery())

    async def unfinished(self) -> int:
        """Return how many events have no result yet, or have not even been looked at."""
        return await self.feed.unfinished() + self.again.count

    def room(self, in_line: int) -> int:
        """Return how many more events a child that has ``in_line`` guest calls may be given.

        Half of the window at a time: the next half is claimed while the child does this one.
        """
        room = self._window - in_line
        return room if room >= max(1, self._window // 2) else 0

    async def next(self, room: int, *, asked: bool) -> list[PluginWork]:
        """Return the guest calls that come next: what people ask for in turn with events.

        ``asked``: whether the child has something that people asked for in line. It gets one at a
        time, so that an event waits for one of them at most, however many there are.
        """
        if not asked and not self._events_turn and (work := self._next_asked()) is not None:
            return [work]
        works = await self._next_events(room) if room > 0 else []
        if not works and not asked and (work := self._next_asked()) is not None:
            return [work]
        return works

    def _next_asked(self) -> PluginWork | None:
        """Return a panel or a function call, in turn where both wait."""
        for is_panel in (self._panels_turn, not self._panels_turn):
            if is_panel and (panel := self.panels.next()) is not None:
                self._panels_turn = False
                return panel_work(panel)
            if not is_panel and (call := self.calls.next()) is not None:
                self._panels_turn = True
                return function_work(call, self.recorder.new_delivery())
        return None

    async def _next_events(self, room: int) -> list[PluginWork]:
        await self.recorder.room()
        if (work := await self._next_again()) is not None:
            return [work]
        return [
            work
            for delivery in await self.feed.take(room)
            if (work := self._work(delivery)) is not None
        ]

    async def _next_again(self) -> PluginWork | None:
        """Return what an admin wants delivered again, if it is its turn."""
        # What was in flight at a crash comes first, alone: so it is known what ends the server.
        while not self.feed.is_recovering() and (delivery := await self.again.take()) is not None:
            if (work := self._work(delivery)) is not None:
                return work
        return None

    def _work(self, delivery: Delivery) -> PluginWork | None:
        """Return the guest call of a delivery; None where it cannot be made, which is recorded."""
        work = event_work(delivery, self._config_member, self.recorder.new_delivery())
        problem = None
        if delivery.entry is not None:
            problem = self._why_not_again(delivery)
        if len(work.blob) > self.limits.payload_bytes:
            problem = f"the payload has {len(work.blob):,} bytes, which is more than allowed"
        if problem is None:
            if self._description.takes_events_as_calls:
                return as_call(work, self.limits.deadline_s)
            return work
        self._record(work, delivery, Outcome.DROPPED, problem)
        return None

    def _why_not_again(self, delivery: Delivery) -> str | None:
        if not may_have(delivery.event, self._manifest.id, self.feed.subscribed):
            return "the plugin no longer receives such events"
        return None if delivery.is_kept else "the event has been deleted"

    def finished(self, results: Sequence[Finished[WorkKey]]) -> bool:
        """Record results; return whether any guest call went well."""
        passed = events = 0
        slowest = 0.0
        for result in results:
            work = result.work
            assert work is not None  # noqa: S101 - the session sends no others here
            slowest = max(slowest, result.duration_s)
            self._events_turn = not isinstance(work.key, Delivery)
            spent, memory = result.duration_s, result.memory_bytes
            if result.outcome is not OutcomeCode.OK:
                self._failed(work, OUTCOMES[result.outcome], result.text, spent, memory)
            elif isinstance(work.key, CallRequest):
                passed += 1
                self._answer_call(work, work.key, returned(result))
            elif isinstance(work.key, Delivery):
                passed += 1
                events += 1
                self._record(work, work.key, Outcome.OK, duration_s=spent, memory=memory)
            else:
                passed += self._finish_panel(work, work.key, result.text)
        if events:
            self._health.passed(events, trio.current_time())
        self.verdict = self.verdict or self.recorder.quota.exceeded
        self._adapt(slowest)
        return passed > 0

    def child_gone(self, ended: Ended[WorkKey]) -> None:
        """Record what the end of a child means for the guest calls that it had."""
        given_back = ended.outcome is Outcome.LOST and _give_back(ended.culprit)
        if ended.culprit is not None and not given_back:
            self._events_turn = not isinstance(ended.culprit.key, Delivery)
            spent = trio.current_time() - ended.culprit.started
            self._failed(ended.culprit, ended.outcome, ended.error, spent, None)
        elif ended.outcome in _UNCERTAIN or ended.outcome is Outcome.START_FAILED:
            self.recorder.failure(str(ended.outcome), ended.error, None)
        stopped = ended.outcome is Outcome.OK and ended.spent is None
        self.interrupted = stopped and bool(ended.left)
        for work in ended.left:
            if isinstance(work.key, Delivery) and ended.outcome in _UNCERTAIN:
                work.key.redelivered = True
            elif isinstance(work.key, CallRequest):
                work.key.sent = False
        self.verdict = self.verdict or self.recorder.quota.exceeded
        self.feed.requeue()
        self.again.requeue()
        self.panels.requeue()

    def _finish_panel(self, work: PluginWork, request: PanelRequest, url: str) -> bool:
        if PANEL in self._withheld or read_host(url) in self.caller.withheld_hosts:
            # No fault of the plugin's: nothing is counted against it.
            self.panels.answer(request, PanelResult(None, "an admin denied this panel"))
            return True
        problem = panel_problem(url, self.caller.allowed_hosts, plain_http=self._plain_http_panels)
        if problem is not None:
            self._failed(work, Outcome.TRAP, problem, 0.0, None)
        else:
            self._panel_health.passed(1, trio.current_time())
            self.panels.answer(request, PanelResult(url, None))
        return problem is None

    def _failed(
        self, work: PluginWork, outcome: Outcome, error: str, duration_s: float, memory: int | None
    ) -> None:
        if isinstance(work.key, Delivery):
            self._record(work, work.key, outcome, error, duration_s=duration_s, memory=memory)
        elif isinstance(work.key, CallRequest):
            # What people ask for is no reason to take the plugin's events away.
            request, calls = work.key, tuple(work.host_calls)
            failed = CallResult(str(outcome), b"", error, duration_s, memory or 0, calls)
            self._answer_call(work, request, failed)
            self.call_backoff.failed(request.function, _who(request), trio.current_time())
            return
        else:
            self.recorder.failure(f"panel: {outcome}", error, None)
            self.panels.answer(work.key, PanelResult(None, "the plugin could not show its panel"))
            self._panel_failed()
            return
        self._health.rule = self._health_rule()
        self.verdict = self.verdict or self._health.failed(trio.current_time())

    def _answer_call(self, work: PluginWork, request: CallRequest, result: CallResult) -> None:
        self.recorder.call(
            work,
            request,
            result.outcome,
            result.error,
            duration_s=result.duration_s,
            memory=result.memory_bytes or None,
        )
        if result.error is None:
            self.call_backoff.passed(request.function, _who(request))
        self.calls.answer(request, result)

    def why_not_now(self, request: CallRequest) -> str | None:
        """Return why a call is not to be made now: it keeps ending the process."""
        now = trio.current_time()
        wait_s = self.call_backoff.wait_s(request.function, _who(request), now)
        if not wait_s:
            return None
        again = counted(math.ceil(wait_s), "second")
        return f"{request.function} failed several times in a row; it is tried again in {again}"

    def _panel_failed(self) -> None:
        """Pause a panel that keeps failing; the plugin's events go on."""
        now = trio.current_time()
        rule = self._panel_health.rule = self._health_rule()
        if (why := self._panel_health.failed(now)) is not None:
            self._panel_health = Health(rule, "panels")
            self._panels_paused_until = now + rule.window_s
            pause = counted(rule.window_s / 60, "minute")
            self.recorder.note(LogLevel.ERROR, f"the panel is paused for {pause}: {why}")

    @property
    def config(self) -> Mapping[str, ConfigValue]:
        """The configuration as the guest gets it."""
        return self._bound.config

    @property
    def panels_are_paused(self) -> bool:
        """Whether the panel has failed too often lately to be asked for."""
        return trio.current_time() < self._panels_paused_until

    def _record(
        self,
        work: PluginWork,
        delivery: Delivery,
        outcome: Outcome,
        error: str = "",
        *,
        duration_s: float = 0.0,
        memory: int | None = None,
    ) -> None:
        settled = None
        if delivery.entry is None:
            settled = self.feed.done(delivery.event.seq)
        else:
            self.again.done()
        self.recorder.delivery(
            work,
            delivery,
            outcome,
            error,
            duration_s=duration_s,
            memory=memory,
            settled=settled,
        )

    def _adapt(self, slowest: float) -> None:
        """Keep much in flight for a quick plugin, little for a slow one."""
        if slowest <= _QUICK_S:
            self._window = min(self._window * 2, _LARGEST_WINDOW)
        else:
            self._window = max(self._window // 2, _SMALLEST_WINDOW)


def _give_back(culprit: PluginWork | None) -> bool:
    """Let an event come once more whose process was lost: it may not even have got to it."""
    delivery = culprit.key if culprit else None
    if not isinstance(delivery, Delivery) or delivery.was_lost or delivery.entry is not None:
        return False
    delivery.was_lost = delivery.redelivered = True
    return True


def _who(request: CallRequest) -> str:
    """Return for whom a call is, as the back-off tells people apart."""
    behalf = request.behalf
    return behalf.person or ("visitor" if behalf.is_visitor else "")

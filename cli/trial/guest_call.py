"""One guest call in a real child, and what came of it: what ``plugin run`` and ``test`` do.

The child, its cage, its limits and the checks of its host calls are those of a server. Only what
changes tickets is recorded in place of being done. Must not know where the event came from, nor
how the module was compiled: that is ``workbench``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import trio

from sandbox_child.wire.messages import PANEL, LogLevel
from supervisor.calls.bound_secrets import BoundSecrets
from supervisor.calls.caller import Caller
from supervisor.calls.host_calls import PERMISSIONS
from supervisor.delivery.panels import panel_problem
from supervisor.limits import Limits
from supervisor.manifest import Manifest
from supervisor.ports import ActionResult, PluginActor
from supervisor.process.conversation import AnyWork, Called, Finished, Work
from supervisor.process.session import OUTCOMES, Ended, Session, SessionHooks
from supervisor.secrets.redaction import Redactor
from supervisor.states import Outcome
from supervisor.text import clean_text
from supervisor.views import HostCallRecord

_LONGEST_TEXT = 16_000


@dataclass
class Trial:
    """Outcome."""

    outcome: Outcome = Outcome.LOST
    error: str | None = None
    duration_ms: float = 0.0
    memory_bytes: int | None = None
    url: str | None = None
    """Of the panel, where one was asked for."""
    logs: list[dict[str, str]] = field(default_factory=list)
    calls: list[HostCallRecord] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it in the form that ``--json`` prints."""
        return {
            "outcome": self.outcome.value,
            "error": self.error,
            "duration_ms": round(self.duration_ms, 3),
            "memory_bytes": self.memory_bytes,
            "logs": self.logs,
            "host_calls": [call.row() for call in self.calls],
        }


class RecordedActions:
    """Accepts every change to a ticket; the record of the host call is all that comes of it."""

    async def add_reply(
        self, actor: PluginActor, ticket_id: str, body: str, *, is_internal: bool
    ) -> ActionResult:
        """Say that it is done."""
        del actor, ticket_id, body, is_internal
        return ActionResult.DONE

    async def set_custom_field(
        self, actor: PluginActor, ticket_id: str, key: str, value: str
    ) -> ActionResult:
        """Say that it is done."""
        del actor, ticket_id, key, value
        return ActionResult.DONE


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin to try: its checked manifest, its configuration with the secrets."""

    manifest: Manifest
    secrets: BoundSecrets
    redact: Redactor
    plain_http_panels: bool = False


class Answers(Protocol):
    """Whoever answers the guest's host calls: ``supervisor.calls.host_calls.HostCalls``, mostly."""

    async def answer(self, caller: Caller, called: Called) -> tuple[int, bytes]:
        """Return status and body; raises nothing but Cancelled."""
        ...


class GuestCall:
    """Gives a session one piece of work and gathers what comes of it."""

    def __init__(self, candidate: Candidate, host_calls: Answers, limits: Limits) -> None:
        self._trial = Trial()
        self._candidate = candidate
        self._redact = candidate.redact
        self._host_calls = host_calls
        self._ready = trio.Event()
        self._finished = trio.Event()
        self._result: Finished[None] | None = None
        self._caller = Caller(
            plugin_id=candidate.manifest.id,
            name=candidate.manifest.name,
            allowed_hosts=frozenset(candidate.manifest.allowed_hosts),
            grants=PERMISSIONS,
            limits=limits,
            redact=candidate.redact,
            secrets=candidate.secrets,
            log=self._log,
            change=lambda _size, _work: None,
            hide=lambda _secret: None,
        )

    def hooks(self) -> SessionHooks[None]:
        """Return what a session is to do with what its child says."""
        return SessionHooks(
            ready=lambda _ready, _controls: self._ready.set(),
            finished=self._on_finished,
            logged=lambda said: self._log(said.level, said.text, said.work),
            answer=lambda called: self._host_calls.answer(self._caller, called),
        )

    async def serve(self, session: Session[None], work: Work[None]) -> Trial:
        """Give the child ``work``, once it is ready, and return what came of it."""
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._feed, session, work)
            ended = await session.run()
            nursery.cancel_scope.cancel()
        if self._result is not None:
            self._take_result(self._result)
        else:
            self._take_end(ended)
        self._trial.calls = list(work.host_calls)
        return self._trial

    async def _feed(self, session: Session[None], work: Work[None]) -> None:
        await self._ready.wait()
        await session.ask([work])
        await self._finished.wait()
        session.stop()

    def _take_result(self, result: Finished[None]) -> None:
        trial = self._trial
        trial.outcome = OUTCOMES[result.outcome]
        if trial.outcome is Outcome.OK and result.work and result.work.kind == PANEL:
            self._take_url(result.text)
        else:
            trial.error = self._clean(result.text) or None
        trial.duration_ms = result.duration_s * 1000
        trial.memory_bytes = result.memory_bytes

    def _take_url(self, url: str) -> None:
        trial, manifest = self._trial, self._candidate.manifest
        trial.url = self._clean(url)
        plain = self._candidate.plain_http_panels
        trial.error = panel_problem(url, frozenset(manifest.allowed_hosts), plain_http=plain)
        if trial.error:
            trial.outcome = Outcome.TRAP

    def _take_end(self, ended: Ended[None]) -> None:
        trial = self._trial
        # To an author it is one and the same whether the process died or had to be ended.
        protocol = ended.outcome is Outcome.PROTOCOL
        trial.outcome = Outcome.LOST if protocol else ended.outcome
        trial.error = self._clean(ended.error)
        if ended.culprit is not None:
            trial.duration_ms = (trio.current_time() - ended.culprit.started) * 1000

    def _on_finished(self, results: Sequence[Finished[None]]) -> None:
        self._result = results[-1]
        self._finished.set()

    def _log(self, level: LogLevel, text: str, _work: AnyWork | None) -> None:
        self._trial.logs.append({"level": level.name.lower(), "message": self._clean(text)})

    def _clean(self, text: str) -> str:
        return clean_text(self._redact(text), _LONGEST_TEXT)

"""One event for one plugin in a real sandboxed child, without a server: what ``plugin run`` does.

The child, its cage, its limits and the checks of its host calls are those of a server. Only what
changes tickets is recorded in place of being done.
"""

import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio

from sandbox_child.runtime.settings import settings_fingerprint
from sandbox_child.wire.messages import EVENT, LogLevel
from supervisor.bound_secrets import BoundSecrets
from supervisor.cage import Cage
from supervisor.config import SupervisorConfig
from supervisor.egress import EgressClient
from supervisor.hostcalls import PERMISSIONS, Caller, HostCallRecord, HostCalls
from supervisor.manifest import Manifest
from supervisor.modules.artifacts import ArtifactStore, module_hash
from supervisor.modules.compiler import Compiler
from supervisor.ports import ActionResult, PluginActor
from supervisor.process.conversation import Finished, Work
from supervisor.process.forkserver import open_fork_server
from supervisor.process.session import OUTCOMES, Ended, Session, SessionHooks
from supervisor.process.spawn import Spawner
from supervisor.redaction import Redactor
from supervisor.text import clean_text
from supervisor.views import Outcome

_LONGEST_TEXT = 16_000
_THROWAWAY_KEY = b"compiled code that lives for one event"[:32]


@dataclass
class Trial:
    """What happened."""

    outcome: Outcome = Outcome.LOST
    error: str | None = None
    duration_ms: float = 0.0
    memory_bytes: int | None = None
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
    """A plugin to try: its module, its checked manifest, its configuration with the secrets."""

    module: bytes
    manifest: Manifest
    secrets: BoundSecrets
    redact: Redactor


async def try_event(settings: SupervisorConfig, candidate: Candidate, payload: bytes) -> Trial:
    """Compile the module, give its process ``payload``, and return what came of it.

    Raises ModuleRefused, CompileFailed, ProcessError, RouteInvalid.
    """
    sha256, manifest = module_hash(candidate.module), candidate.manifest
    cage = Cage(settings.cage)
    with tempfile.TemporaryDirectory(prefix="ohd-run-") as folder:
        artifacts = ArtifactStore(Path(folder), _THROWAWAY_KEY, settings_fingerprint())
        await trio.to_thread.run_sync(artifacts.save_module, sha256, candidate.module)
        async with EgressClient(settings.egress) as egress, open_fork_server() as fork_server:
            compiler = Compiler(fork_server, artifacts, cage, settings.limits)
            report = await compiler.compile(sha256, manifest)
            host_calls = HostCalls(egress, RecordedActions(), settings.limits.http_requests)
            run = _Run(candidate, host_calls)
            code = await compiler.open(sha256, manifest)
            try:
                session = await Spawner(fork_server, cage).spawn(
                    manifest.id, report.entry, settings.limits, code, run.hooks()
                )
                return await run.serve(session, Work(EVENT, payload, None))
            finally:
                os.close(code)


class _Run:
    """Gives a session one piece of work and gathers what comes of it."""

    def __init__(self, candidate: Candidate, host_calls: HostCalls) -> None:
        self._trial = Trial()
        self._redact = candidate.redact
        self._host_calls = host_calls
        self._ready = trio.Event()
        self._finished = trio.Event()
        self._result: Finished | None = None
        self._caller = Caller(
            plugin_id=candidate.manifest.id,
            name=candidate.manifest.name,
            allowed_hosts=frozenset(candidate.manifest.allowed_hosts),
            grants=PERMISSIONS,
            redact=candidate.redact,
            secrets=candidate.secrets,
            log=self._log,
            depth=lambda _work: 0,
        )

    def hooks(self) -> SessionHooks:
        return SessionHooks(
            ready=lambda _ready, _controls: self._ready.set(),
            finished=self._on_finished,
            logged=lambda said: self._log(said.level, said.text, said.work),
            answer=lambda called: self._host_calls.answer(self._caller, called),
        )

    async def serve(self, session: Session, work: Work) -> Trial:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(self._feed, session, work)
            ended = await session.run()
            nursery.cancel_scope.cancel()
        if self._result is not None:
            self._take_result(self._result)
        else:
            self._take_end(ended)
        self._trial.calls = [c for c in work.host_calls if isinstance(c, HostCallRecord)]
        return self._trial

    async def _feed(self, session: Session, work: Work) -> None:
        await self._ready.wait()
        await session.ask([work])
        await self._finished.wait()
        session.stop()

    def _take_result(self, result: Finished) -> None:
        trial = self._trial
        trial.outcome = OUTCOMES[result.outcome]
        trial.error = self._clean(result.text) or None
        trial.duration_ms = result.duration_s * 1000
        trial.memory_bytes = result.memory_bytes

    def _take_end(self, ended: Ended) -> None:
        trial = self._trial
        # To an author it is one and the same whether the process died or had to be ended.
        protocol = ended.outcome is Outcome.PROTOCOL
        trial.outcome = Outcome.LOST if protocol else ended.outcome
        trial.error = self._clean(ended.error)
        if ended.culprit is not None:
            trial.duration_ms = (trio.current_time() - ended.culprit.started) * 1000

    def _on_finished(self, results: Sequence[Finished]) -> None:
        self._result = results[-1]
        self._finished.set()

    def _log(self, level: LogLevel, text: str, _work: Work | None) -> None:
        self._trial.logs.append({"level": level.name.lower(), "message": self._clean(text)})

    def _clean(self, text: str) -> str:
        return clean_text(self._redact(text), _LONGEST_TEXT)

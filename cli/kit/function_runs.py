"""Runs the cases of a GoatKit plugin: each in a child of its own, on a disposable help desk.

Cases that change nothing of the help desk share one; the plugin is installed for each.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from trio import CancelScope

from cli.compose import Application
from cli.errors import CannotGoOn
from cli.kit.function_cases import FunctionCase
from cli.kit.stubs import StubbedEgress
from cli.kit.tried import NO_RESULT, Happened
from cli.trial.desk import open_trial_desk
from cli.trial.errors import FileWrong
from cli.trial.function_call import ACTOR, call_function, install
from cli.trial.guest_call import Trial
from helpdesk.demo_data import TICKETS, DemoTicket
from supervisor.config import SupervisorConfig
from supervisor.egress import EgressAnswer, EgressProgress, EgressRequest, Sizes
from supervisor.errors import ConfigInvalid, LimitsInvalid, SupervisorError
from supervisor.states import Outcome
from supervisor.views import CallResult, LogLine, PluginView


class _Switched:
    """The answers of the case that runs."""

    def __init__(self, egress: StubbedEgress) -> None:
        self.now = egress

    async def request(
        self,
        request: EgressRequest,
        allowed_hosts: frozenset[str],
        progress: EgressProgress | None = None,
        sizes: Sizes | None = None,
    ) -> EgressAnswer:
        """Answer from the case; raises nothing."""
        return await self.now.request(request, allowed_hosts, progress, sizes)


@dataclass(slots=True)
class FunctionRuns:
    """See the module; open it with :func:`open_function_runs`."""

    settings: SupervisorConfig
    module: bytes
    config: Path | None
    shared: Application
    egress: _Switched

    async def run(self, case: FunctionCase) -> Happened:
        """Run one case; raises FileWrong for people and permissions that there are not."""
        self.egress.now = egress = StubbedEgress(case.http, self.settings.egress)
        if case.needs_own_desk:
            async with _desk(self.config, case.tickets, self.egress) as application:
                result, lines = await self._call(application, case)
        else:
            result, lines = await self._call(self.shared, case)
        trial = Trial(
            outcome=Outcome(result.outcome),
            error=result.error,
            duration_ms=result.duration_s * 1000,
            memory_bytes=result.memory_bytes,
            logs=[{"level": line.level, "message": line.message} for line in lines],
            calls=list(result.host_calls),
        )
        value = msgspec.json.decode(result.value) if result.value else None
        found = NO_RESULT if result.error else value
        unanswered, unused = tuple(egress.unanswered), tuple(egress.unused)
        return Happened(trial, tuple(egress.asked), unanswered, unused, found)

    async def _call(
        self, application: Application, case: FunctionCase
    ) -> tuple[CallResult, Sequence[LogLine]]:
        plugin = await install(application, self.module)
        try:
            await self._set_up(application, plugin, case)
            return await call_function(application, plugin, case.call)
        except FileWrong:
            raise
        except CannotGoOn as exc:
            raise case.document.wrong(("user",), str(exc)) from None
        except SupervisorError as exc:
            raise case.document.wrong(("grants",), str(exc)) from None
        finally:
            with CancelScope(shield=True):
                await application.supervisor.controls.uninstall(plugin.id, actor=ACTOR)

    async def _set_up(
        self, application: Application, plugin: PluginView, case: FunctionCase
    ) -> None:
        controls = application.supervisor.controls
        try:
            if case.config:
                await controls.set_config(plugin.id, dict(case.config), actor=ACTOR)
            if case.limits:
                await controls.set_limits(plugin.id, dict(case.limits), actor=ACTOR)
        except ConfigInvalid as exc:
            name, problem = next(iter(exc.problems.items()))
            raise case.document.wrong(("config", name), f"config: {name}: {problem}") from None
        except LimitsInvalid as exc:
            raise case.document.wrong(("limits",), str(exc)) from None


@asynccontextmanager
async def open_function_runs(
    settings: SupervisorConfig, module: bytes, config: Path | None
) -> AsyncIterator[FunctionRuns]:
    """Open a help desk for the cases that can share one. Raises ModuleRefused."""
    egress = _Switched(StubbedEgress((), settings.egress))
    async with _desk(config, TICKETS, egress) as shared:
        yield FunctionRuns(settings, module, config, shared, egress)


def _desk(
    config: Path | None, tickets: Sequence[DemoTicket], egress: _Switched
) -> AbstractAsyncContextManager[Application]:
    return open_trial_desk(config=config, tickets=tickets, egress=egress)

"""One case, tried in a real child: what happened, in the words of a case."""

from dataclasses import dataclass
from typing import Any, Final

from cli.kit.cases import Case
from cli.kit.stubs import Asked, StubbedEgress
from cli.trial.guest_call import Candidate, Trial
from cli.trial.workbench import Workbench
from supervisor.calls.bound_secrets import BoundSecrets
from supervisor.config import SupervisorConfig
from supervisor.process.conversation import Work
from supervisor.secrets.redaction import Redactor

NO_RESULT: Final = object()
"""Of a call that returned nothing, as it failed or as it is no function's."""


@dataclass(frozen=True, slots=True)
class Happened:
    """Everything that a case can speak of, and what an author needs to understand a failure."""

    trial: Trial
    requests: tuple[Asked, ...]
    unanswered: tuple[str, ...]
    """Requests that the case has no answer for."""
    unused: tuple[str, ...]
    """Answers of the case that nothing asked for."""
    result: Any = NO_RESULT
    """JSON that a function returned."""

    @property
    def logs(self) -> list[str]:
        """Every line that the plugin, or the host on its behalf, logged, behind its level."""
        return [f"{line['level']}: {line['message']}" for line in self.trial.logs]

    @property
    def host_calls(self) -> list[str]:
        """Every call of a host function by name, and whether it went well."""
        return [f"{made.name}: {'ok' if made.status else 'failed'}" for made in self.trial.calls]

    @property
    def replies(self) -> list[dict[str, Any]]:
        """Replies and notes that were accepted."""
        return [
            {
                "ticket": call.request["ticket_id"],
                "body": call.request["body"],
                "internal": call.request["is_internal"],
            }
            for call in self.trial.calls
            if call.name == "ohd_add_reply" and call.status == 0
        ]

    @property
    def fields(self) -> dict[str, str]:
        """Custom fields that were set, with their last value."""
        return {
            str(call.request["key"]): str(call.request["value"])
            for call in self.trial.calls
            if call.name == "ohd_set_custom_field" and call.status == 0
        }


async def try_case(settings: SupervisorConfig, workbench: Workbench, case: Case) -> Happened:
    """Run a case in a new child; raises ProcessError.

    Nothing is redacted: the secrets of a case are stand-ins, which its expectations may name.
    """
    secrets = BoundSecrets(workbench.manifest, case.config)
    egress = StubbedEgress(case.http, settings.egress)
    candidate = Candidate(workbench.manifest, secrets, Redactor(), settings.plain_http_panels)
    work = Work(case.kind, case.blob(secrets.config), None)
    trial = await workbench.attempt(candidate, work, egress=egress, limits=case.limits)
    return Happened(trial, tuple(egress.asked), tuple(egress.unanswered), tuple(egress.unused))

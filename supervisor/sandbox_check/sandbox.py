"""State of the sandbox on this machine: tested at startup by a child that locks itself down.

What is missing is said in the log at once and kept for the admin page, so that nobody learns of it
from an incident.
"""

from dataclasses import replace

import msgspec
import structlog
import trio

from sandbox_child.wire.errors import WireError
from sandbox_child.wire.frames import FrameDecoder
from sandbox_child.wire.messages import MAX_REPORT, READY, RESULT, check_head
from sandbox_child.wire.spec import ProbeSpec
from supervisor.limits import Limits
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.cgroups import GroupPool
from supervisor.process.errors import ProcessError
from supervisor.process.forkserver import ForkServer
from supervisor.process.pipes import open_piped
from supervisor.sandbox_check.check import CheckOptions, run_check
from supervisor.sandbox_check.report import CheckReport
from supervisor.text import clean_text
from supervisor.views import ControlView, SandboxView

_PATIENCE_S = 10.0
_LONGEST = 500
_EITHER = {"user_namespace": "own_user", "own_user": "user_namespace"}
"""Controls of which root has one and everybody else the other."""

log = structlog.get_logger("supervisor.sandbox")


class Sandbox:
    """The lockdown as this machine allows it, and the check that attacks it."""

    def __init__(
        self, fork_server: ForkServer, settings: CageSettings, limits: Limits, groups: GroupPool
    ) -> None:
        self._fork_server = fork_server
        self._settings = settings
        self._limits = limits
        self._groups = groups
        self._checking = trio.Lock()
        self.view = SandboxView((), "the sandbox has not been checked yet")

    async def look(self) -> None:
        """Have a child lock itself down and report; log what is missing."""
        try:
            self.view = await self._probe()
        except (ProcessError, WireError, OSError) as exc:
            self.view = SandboxView((), clean_text(str(exc), _LONGEST))
        if self.view.problem:
            log.error("sandbox_unusable", reason=self.view.problem)
        if missing := missing_controls(self.view):
            log.warning("sandbox_incomplete", missing={c.name: c.reason for c in missing})

    async def check(self) -> CheckReport:
        """Attack the sandbox in every known way; one check at a time, some seconds each."""
        async with self._checking:
            return await run_check(CheckOptions(self._settings, groups=self._groups))

    async def _probe(self) -> SandboxView:
        spec = ProbeSpec("probe", Cage(self._settings).plugin(self._limits))
        said = b""
        async with open_piped(self._fork_server, spec) as child:
            report = child.from_child
            with trio.move_on_after(_PATIENCE_S):
                while (chunk := await report.receive_some(MAX_REPORT)) and len(said) < MAX_REPORT:
                    said += chunk
        return self._understand(said)

    def _understand(self, said: bytes) -> SandboxView:
        for head, blob in FrameDecoder(MAX_REPORT).feed(said):
            if check_head(head, frozenset({READY, RESULT})) == RESULT:
                return SandboxView((), clean_text(blob.decode("utf-8", "replace"), _LONGEST))
            controls = msgspec.json.decode(blob, type=tuple[ControlView, ...])
            return SandboxView(tuple(self._explained(control) for control in controls), None)
        return SandboxView((), "the process that tried the lockdown ended without a report")

    def _explained(self, control: ControlView) -> ControlView:
        """Say what only this side knows."""
        if control.name != "cgroup":
            return control
        limited = ", ".join(self._groups.controllers)
        return replace(control, reason=limited if control.active else self._groups.reason)


def missing_controls(view: SandboxView) -> tuple[ControlView, ...]:
    """Return the controls that children here go without, though they could be had elsewhere."""
    active = {control.name for control in view.controls if control.active}
    return tuple(
        control
        for control in view.controls
        if not control.active and _EITHER.get(control.name) not in active
    )

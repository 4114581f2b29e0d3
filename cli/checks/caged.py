"""The sandbox as ``ohd doctor`` finds it: one real child locks itself down and reports."""

from collections.abc import Iterator

import trio

from cli.checks.checkup import Finding, Status
from cli.config import Config
from cli.errors import first_of
from supervisor.errors import SupervisorError
from supervisor.process.cgroups import open_groups
from supervisor.process.forkserver import open_fork_server
from supervisor.sandbox_check.sandbox import Sandbox, missing_controls
from supervisor.views import SandboxView

_PATIENCE_S = 60.0
_TOLD = (SupervisorError, OSError, trio.TooSlowError)
_COSTS = {
    "user_namespace": "processes share the server's user; seccomp and Landlock isolate them",
    "own_user": "processes share the server's user; seccomp and Landlock isolate them",
    "network_namespace": "an escaped plugin would see this machine's network interfaces",
    "ipc_namespace": "an escaped plugin would share this machine's System V IPC",
    "cgroup": "only rlimits limit the memory and processes of plugins",
    "landlock": "only seccomp keeps plugins from files and TCP",
    "seccomp": "an escaped plugin could make any system call",
    "no_writable_code": "only seccomp keeps an escaped plugin from making memory executable",
}


async def sandbox(config: Config) -> list[Finding]:
    """Have a child lock itself down, and say what it has and what it goes without."""
    settings = config.supervisor
    try:
        with trio.fail_after(_PATIENCE_S):
            async with (
                open_groups(wanted=settings.cage.control_groups) as groups,
                open_fork_server(groups=groups) as fork_server,
            ):
                found = Sandbox(fork_server, settings.cage, settings.limits, groups)
                await found.look()
                return list(_findings(found.view))
    except (*_TOLD, ExceptionGroup) as exc:
        cause = first_of(exc)
        if not isinstance(cause, _TOLD):
            raise
        why = str(cause) or "no process responded in time"
        return [Finding("sandbox", Status.PROBLEM, why, "plugins can't run on this machine")]


def _findings(view: SandboxView) -> Iterator[Finding]:
    if view.problem is not None:
        cost = "plugins can't run on this machine"
        yield Finding("sandbox", Status.PROBLEM, view.problem, cost)
        return
    active = [control.name for control in view.controls if control.active]
    yield Finding("sandbox", Status.OK, f"active: {', '.join(active)}")
    for control in missing_controls(view):
        cost = _COSTS.get(control.name, "plugins run with one layer of protection less")
        found = f"inactive: {control.reason}" if control.reason else "inactive"
        yield Finding(f"sandbox: {control.name}", Status.WARNING, found, cost)

"""The order in which the steps work, and the report of which of them are active.

Each step names what it must follow:

- the fork server has left the machine's networks already; its report is passed on;
- the control group is joined first, so that everything after it is counted there;
- pages are sealed while ``/proc`` can still be read, which a view of its own has not;
- the bounding set is dropped while there is a capability left to do it with, so before the user
  changes; the parent-death signal is set after that change, which clears it;
- Landlock and capabilities bind one thread, so the watchdog's thread starts behind them; the limit
  on processes would refuse it, so it starts before the limits;
- seccomp comes last: it refuses every call that the steps before it make.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox_child.lockdown import cgroup, landlock, privileges, process
from sandbox_child.lockdown.bpf import Rule, assemble
from sandbox_child.lockdown.errors import LockdownError, Unavailable
from sandbox_child.lockdown.limits import ResourceLimits, apply_limits
from sandbox_child.lockdown.seccomp import load_filter
from sandbox_child.lockdown.status import Control, ControlStatus
from sandbox_child.lockdown.syscalls import this_architecture


@dataclass(frozen=True, slots=True)
class LockdownPlan:
    """Parameters of the lockdown of one kind of child."""

    keep: tuple[int, ...]
    """Descriptors that stay open."""
    rules: Callable[[int], list[Rule]]
    """Makes the system call rules from the child's own process id."""
    limits: ResourceLimits
    supervisor_pid: int
    uid: int | None
    """User to become when root; None: stay."""
    required: frozenset[str]
    """Controls without which nothing may run."""
    switched_off: frozenset[str] = frozenset()
    """Controls to leave out, which makes what they stop possible; see ``CageSpec``."""
    outside: tuple[ControlStatus, ...] = ()
    """Steps that the fork server took for all of its children."""
    groups: tuple[int, ...] = ()
    """Descriptors of the control groups to join."""
    writable_code_refused: bool = True
    """False for a compile child, whose compiler publishes what it wrote."""
    grants: tuple[landlock.Grant, ...] = ()
    """What Landlock leaves."""
    otherwise: int | None = None
    """Error number that answers a refused system call; None: it kills the process."""
    view: Callable[[], object] | None = None
    """Leaves the machine's files, where the process has mounts of its own."""
    file_mode_mask: int = 0o777
    supervisor_lives: Callable[[], bool] | None = None
    """Asked where the parent's process id tells nothing, as in a process namespace."""


def lock_down(plan: LockdownPlan, start_threads: Callable[[], None]) -> list[ControlStatus]:
    """Take every step; return what is active.

    ``start_threads`` is called where threads may be started. Raises LockdownError where a required
    control cannot be had; the caller must end the process then.
    """
    program = assemble(plan.rules(os.getpid()), this_architecture(), plan.otherwise)
    for status in plan.outside:
        refused = not status.active and status.name not in plan.switched_off
        if refused and status.name in plan.required:
            raise LockdownError(status.name, status.reason)
    view: list[tuple[Control, Callable[[], object]]] = []
    if plan.view is not None:
        view.append(("mount_namespace", plan.view))
    steps: list[tuple[Control, Callable[[], object]]] = [
        ("cgroup", lambda: cgroup.join(plan.groups)),
        ("first_to_die", process.first_to_die),
        ("low_priority", process.low_priority),
        ("sealed_pages", process.seal_executable_pages),
        *view,
        ("empty_surroundings", lambda: process.empty_surroundings(plan.file_mode_mask)),
        ("descriptors", lambda: process.close_descriptors(plan.keep)),
        ("bounding_set", privileges.drop_bounding_set),
        ("own_user", lambda: _own_user(plan.uid)),
        ("capabilities", privileges.drop_capabilities),
        ("no_new_privs", process.no_new_privileges),
        ("not_dumpable", process.not_dumpable),
        ("parent_death", lambda: process.die_with(plan.supervisor_pid, plan.supervisor_lives)),
        ("landlock", lambda: landlock.restrict_self(plan.grants)),
        ("no_writable_code", lambda: _refuse_writable_code(plan)),
    ]
    report = [*plan.outside, *(_take(name, step, plan) for name, step in steps)]
    start_threads()
    report.append(_take("rlimits", lambda: apply_limits(plan.limits), plan))
    report.append(_take("seccomp", lambda: load_filter(program), plan))
    return report


def missing(report: Iterable[ControlStatus]) -> list[ControlStatus]:
    """Return the controls that are inactive."""
    return [status for status in report if not status.active]


def _take(name: Control, step: Callable[[], object], plan: LockdownPlan) -> ControlStatus:
    if name in plan.switched_off:
        return ControlStatus(name, active=False, reason="switched off")
    try:
        detail = step()
    except (Unavailable, OSError, ValueError) as exc:
        if name in plan.required:
            raise LockdownError(name, str(exc)) from exc
        return ControlStatus(name, active=False, reason=str(exc))
    return ControlStatus(name, active=True, reason=detail if isinstance(detail, str) else "")


def _own_user(uid: int | None) -> None:
    if uid is None:
        raise Unavailable("only root can give each child a user of its own")
    privileges.become(uid)


def _refuse_writable_code(plan: LockdownPlan) -> None:
    if not plan.writable_code_refused:
        raise Unavailable("a compiler publishes the code that it wrote")
    process.refuse_writable_code()

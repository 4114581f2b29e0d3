"""Stopped, open, harmless or skipped: what two endings of one attack mean. Pure."""

import errno
import signal
from collections.abc import Collection

from sandbox_child.wire.spec import Inside
from supervisor.sandbox_check.attempt import Ending
from supervisor.sandbox_check.catalogue import About
from supervisor.sandbox_check.report import AttackResult, Result

_KERNEL = "kernel"
"""Stopped, but by nothing that the lockdown did."""


def judge(about: About, locked: Ending, control: Ending, lockdown: Inside) -> AttackResult:
    """Compare an attack from inside the lockdown with the same attack outside of it."""
    worked = succeeded(about, control)
    result, by, detail = _judge(about, locked, control, lockdown)
    plain = lockdown in ("plugin", about.family)
    name = about.name if plain else f"{lockdown}.{about.name}"
    family = about.family if plain else lockdown
    return AttackResult(name, family, result, by, "succeeded" if worked else "failed", detail)


def _judge(
    about: About, locked: Ending, control: Ending, lockdown: Inside
) -> tuple[Result, str, str]:
    allowed = about.harmless or about.may.get(lockdown, "")
    if succeeded(about, locked):
        return (Result.HARMLESS, "", allowed) if allowed else (Result.OPEN, "", tell(locked))
    for ending, where in ((locked, ""), (control, "without a lockdown ")):
        if reason := _unsuited(ending):
            return Result.SKIPPED, "", f"{where}{reason}"
    if not succeeded(about, control):
        return Result.SKIPPED, "", f"fails without a lockdown too: {tell(control)}"
    return Result.STOPPED, stopped_by(about.by, locked), tell(locked)


def succeeded(about: About, ending: Ending) -> bool:
    """Whether the attack did what it set out to do."""
    if ending.said is None:
        return about.exits is not None and ending.status.code == about.exits
    if "got" in ending.said:
        return True
    return ending.said.get("errno") in about.reached


def stopped_by(by: Collection[str], locked: Ending) -> str:
    """Name the control that stopped it, by how it ended and what was active."""
    active = [control.name for control in locked.controls if control.active]
    if locked.status.signal == signal.SIGSYS or (locked.said and locked.said.get("answered")):
        return "seccomp"
    # The filter comes before everything else: what it let through, another one stopped.
    likely = [name for name in active if name in by and name != "seccomp"]
    if locked.status.signal == signal.SIGKILL and "cgroup" in likely:
        return "cgroup"
    return likely[0] if likely else _KERNEL


def tell(ending: Ending) -> str:
    """Say how an attack ended, in a few words."""
    if not ending.patient:
        return "did not end and was killed"
    if ending.said is None:
        return str(ending.status)
    if "errno" in ending.said:
        number = int(ending.said["errno"])
        return f"{ending.said['call']}: {errno.errorcode.get(number, number)}".lstrip(": ")
    return f"got {ending.said['got']}".strip() if "got" in ending.said else ""


def _unsuited(ending: Ending) -> str:
    return str(ending.said["unsuited"]) if ending.said and "unsuited" in ending.said else ""

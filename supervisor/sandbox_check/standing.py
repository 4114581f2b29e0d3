"""State of a locked child as the system shows it from outside, and when it dies."""

import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path

import trio

from sandbox_child.wire.spec import CageSpec
from supervisor.process.handle import ChildHandle
from supervisor.sandbox_check.attempt import Attacker, CheckFailed, attempt, open_attacker
from supervisor.sandbox_check.native import Arena, attack_spec
from supervisor.sandbox_check.report import AttackResult, Result
from supervisor.sandbox_check.verdict import tell as tell_ending

FAMILY = "standing"
_FIRST_TO_DIE = 1000
_LEAST_NICENESS = 10
_SOON_S = 3.0
_ANOTHER = "processes.read_sibling_memory"

Look = Callable[[Arena, bool], Awaitable[tuple[bool, str]]]
"""Whether a child, locked or not, is in a state that an attacker wants; and what was seen."""


async def look_at_standing(
    arena: Arena, only: Callable[[str], bool], tell: Callable[[AttackResult], None]
) -> None:
    """Compare a locked child with one that is not; hands each result to ``tell``."""
    for name, (by, look) in _LOOKS.items():
        if only(name):
            bare, _ = await look(arena, False)
            locked, seen = await look(arena, True)
            tell(_judge(name, by, bare, locked, seen))


def _judge(name: str, by: str, bare: bool, locked: bool, seen: str) -> AttackResult:
    control = "succeeded" if bare else "failed"
    if locked:
        return AttackResult(name, FAMILY, Result.OPEN, "", control, seen)
    if not bare:
        return AttackResult(name, FAMILY, Result.SKIPPED, "", control, "no different outside")
    return AttackResult(name, FAMILY, Result.STOPPED, by, control, seen)


def _cage(arena: Arena, locked: bool) -> CageSpec:
    off = arena.switched_off if locked else frozenset(arena.all_controls)
    return replace(arena.plugin(), switched_off=tuple(sorted(off)))


def _open_idle(arena: Arena, locked: bool, cage: CageSpec) -> AbstractAsyncContextManager[Attacker]:
    server = arena.locked if locked else arena.bare
    spec = attack_spec(arena, "idle", cage, cage.switched_off)
    return open_attacker(server, spec, ())


async def _survives_shortage(arena: Arena, locked: bool) -> tuple[bool, str]:
    async with _open_idle(arena, locked, _cage(arena, locked)) as idle:
        await idle_address(idle)
        score = await trio.to_thread.run_sync(_oom_score, idle.handle.pid)
        return score < _FIRST_TO_DIE, f"oom_score_adj is {score}"


def _oom_score(pid: int) -> int:
    return int(Path(f"/proc/{pid}/oom_score_adj").read_text(encoding="ascii"))


async def _competes_for_processor(arena: Arena, locked: bool) -> tuple[bool, str]:
    async with _open_idle(arena, locked, _cage(arena, locked)) as idle:
        await idle_address(idle)
        own = os.getpriority(os.PRIO_PROCESS, 0)
        niceness = os.getpriority(os.PRIO_PROCESS, idle.handle.pid)
        return niceness < min(own + _LEAST_NICENESS, 19), f"niceness is {niceness}"


async def _read_by_another(arena: Arena, locked: bool) -> tuple[bool, str]:
    """A process of the same user, which has no other lockdown, reads the child's memory."""
    # A change of user hides a process's memory too; it is left out to see this control alone.
    alike = set(arena.all_controls) - {"capabilities"}
    reader = replace(arena.plugin(), switched_off=tuple(sorted(alike)))
    victim = _cage(arena, locked)
    victim = replace(victim, switched_off=(*victim.switched_off, "own_user")) if locked else reader
    async with _open_idle(arena, True, victim) as idle:
        targets = {"sibling": idle.handle.pid, "sibling_address": await idle_address(idle)}
        spec = replace(attack_spec(arena, _ANOTHER, reader, reader.switched_off),
                       targets={**arena.victims.targets, **targets})  # fmt: skip
        ending = await attempt(arena.locked, spec, arena.victims.descriptors)
    got = bool(ending.said and "got" in ending.said)
    return got, "its memory was read" if got else f"another process: {tell_ending(ending)}"


async def idle_address(idle: Attacker) -> int:
    """Wait until an idle child is where it stays; return where it has something to read."""
    await idle.hear()
    heard = await idle.hear()
    if heard is None:
        raise CheckFailed("a process to look at did not start")
    return int(heard[1]["got"])


async def _outlives_supervisor(arena: Arena, locked: bool) -> tuple[bool, str]:
    """Kill a supervisor of the check's own, and see whether its child goes with it."""
    cage = _cage(arena, locked)
    told = json.dumps({"off": cage.switched_off, "uid": cage.uid})
    with subprocess.Popen(  # noqa: ASYNC220, S603 - takes a millisecond; our own words only
        [sys.executable, "-P", "-m", "supervisor.sandbox_check.orphan", told],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        try:
            line = await trio.to_thread.run_sync(_first_line, process)
            if not line:
                raise CheckFailed("the supervisor to be killed did not start")
            pidfd = os.pidfd_open(int(line))
        finally:
            process.kill()
    return await _lives_on(pidfd)


async def _lives_on(pidfd: int) -> tuple[bool, str]:
    try:
        with trio.move_on_after(_SOON_S):
            await trio.lowlevel.wait_readable(pidfd)
            return False, "it died with its supervisor"
        ChildHandle(0, pidfd).kill()
        return True, "it lives on"
    finally:
        os.close(pidfd)


def _first_line(process: subprocess.Popen[bytes]) -> bytes:
    assert process.stdout is not None  # noqa: S101 - for the type checker
    return process.stdout.readline()


_LOOKS: dict[str, tuple[str, Look]] = {
    "standing.survive_a_shortage_of_memory": ("first_to_die", _survives_shortage),
    "standing.compete_for_the_processor": ("low_priority", _competes_for_processor),
    "standing.be_read_by_another_process": ("not_dumpable", _read_by_another),
    "standing.outlive_the_supervisor": ("parent_death", _outlives_supervisor),
}

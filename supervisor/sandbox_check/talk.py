"""Attacks by what a child writes: a session must end each within its deadline, and lose nothing."""

from collections.abc import Callable, Sequence

import trio

from supervisor.process.session import Ended, Session
from supervisor.sandbox_check.attempt import open_attacker
from supervisor.sandbox_check.catalogue import About
from supervisor.sandbox_check.native import Arena, attack_spec
from supervisor.sandbox_check.report import AttackResult, Result
from supervisor.sandbox_check.watched import Watched
from supervisor.states import Outcome
from supervisor.text import counted

_AT_ONCE = 8
_PATIENCE_S = 5.0
_STOPPED = {Outcome.PROTOCOL: "protocol", Outcome.TIMEOUT: "deadline"}


async def attack_by_talking(
    arena: Arena, attacks: Sequence[About], tell: Callable[[AttackResult], None]
) -> None:
    """Try each attack; hands each result to ``tell``."""
    limiter = trio.CapacityLimiter(_AT_ONCE)

    async def one(about: About) -> None:
        async with limiter:
            arrives = await _arrives(arena, about)
            ended, watched = await _talk(arena, about)
            if ended.outcome is Outcome.START_FAILED:
                ended, watched = await _talk(arena, about)
            tell(_judge(about, arrives, ended, watched))

    async with trio.open_nursery() as nursery:
        for about in attacks:
            nursery.start_soon(one, about)


async def _talk(arena: Arena, about: About) -> tuple[Ended[None], Watched]:
    watched = Watched(answers=False)
    spec = attack_spec(arena, about.name, arena.plugin(), arena.switched_off)
    async with open_attacker(arena.locked, spec, arena.victims.descriptors) as attacker:
        session = Session(
            attacker.handle, attacker.to_child, attacker.from_child, arena.limits, watched.hooks()
        )
        ended = await watched.run(session)
    return ended, watched


async def _arrives(arena: Arena, about: About) -> bool:
    """Whether it reaches a reader that checks nothing: bytes, or silence while the child lives."""
    spec = attack_spec(arena, about.name, arena.plugin(), arena.all_controls)
    async with open_attacker(arena.bare, spec, arena.victims.descriptors) as attacker:
        with trio.move_on_after(_PATIENCE_S):
            await attacker.from_child.receive_some(65536)
            await attacker.to_child.send_all(b"x")
            with trio.move_on_after(arena.limits.deadline_s):
                return bool(await attacker.from_child.receive_some(65536))
            return not attacker.handle.has_ended()
    return False


def _judge(about: About, arrives: bool, ended: Ended[None], watched: Watched) -> AttackResult:
    by = _STOPPED.get(ended.outcome, "")
    result = Result.STOPPED if by else Result.OPEN
    detail = ended.error or f"ended with {ended.outcome}, {counted(watched.lines, 'line')}"
    if ended.outcome is Outcome.START_FAILED:
        result, detail = Result.SKIPPED, f"the machine is too busy: {ended.error}"
    elif by and not arrives:
        result, detail = Result.SKIPPED, "nothing arrives without a lockdown"
    control = "succeeded" if arrives else "failed"
    return AttackResult(about.name, about.family, result, by, control, detail)

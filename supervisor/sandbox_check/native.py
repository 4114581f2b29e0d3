"""Attacks by native code: each in a locked child, and beside it in one without a lockdown."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import trio

from sandbox_child.wire.spec import AttackSpec, CageSpec, Inside
from supervisor.limits import Limits
from supervisor.process.cage import CageSettings
from supervisor.process.forkserver import ForkServer
from supervisor.sandbox_check.attempt import Ending, attempt
from supervisor.sandbox_check.catalogue import About
from supervisor.sandbox_check.report import AttackResult
from supervisor.sandbox_check.verdict import judge
from supervisor.sandbox_check.victims import Victims

LOCKDOWNS: tuple[Inside, ...] = ("plugin", "compiler", "bridge", "native")
"""Each attack is tried in all of them."""
_AT_ONCE = 2
"""Children of the check at one time: it shares the machine with a help desk at work."""


@dataclass(frozen=True, slots=True)
class Arena:
    """Place of attacks."""

    locked: ForkServer
    bare: ForkServer
    """Makes the children without a lockdown; has not left the machine's networks."""
    settings: CageSettings
    limits: Limits
    plugin: Callable[[], CageSpec]
    compiler: Callable[[], CageSpec]
    program: Callable[[], CageSpec]
    victims: Victims
    all_controls: tuple[str, ...]
    """Every step of the lockdown."""
    switched_off: frozenset[str] = frozenset()
    """Controls left out of the locked children; see ``CageSpec``."""


async def attack_natively(
    arena: Arena, attacks: Sequence[About], tell: Callable[[AttackResult], None]
) -> None:
    """Try each attack as a plugin and as a compiler; hands each result to ``tell``."""
    limiter = trio.CapacityLimiter(_AT_ONCE)

    async def one(about: About) -> None:
        async with limiter:
            control = await without_lockdown(arena, about)
            for lockdown in LOCKDOWNS:
                locked = await inside(arena, about, lockdown)
                tell(judge(about, locked, control, lockdown))

    async with trio.open_nursery() as nursery:
        for about in attacks:
            nursery.start_soon(one, about)


async def inside(arena: Arena, about: About, lockdown: Inside) -> Ending:
    """Try an attack from inside the lockdown."""
    cage = {"compiler": arena.compiler, "native": arena.program}.get(lockdown, arena.plugin)()
    off = arena.switched_off - about.base
    spec = attack_spec(arena, about.name, cage, off, lockdown)
    return await attempt(arena.locked, spec, arena.victims.descriptors)


async def without_lockdown(arena: Arena, about: About) -> Ending:
    """Try an attack in a child that has skipped the whole lockdown, but what it presumes."""
    off = frozenset(arena.all_controls) - about.base
    spec = attack_spec(arena, about.name, arena.plugin(), off)
    return await attempt(arena.bare, spec, arena.victims.descriptors)


def attack_spec(
    arena: Arena, name: str, cage: CageSpec, off: Collection[str], lockdown: Inside = "plugin"
) -> AttackSpec:
    """Return what the fork server is to be asked for."""
    return AttackSpec(
        kind="attack",
        cage=replace(cage, switched_off=tuple(sorted(off))),
        name=name,
        inside=lockdown,
        targets=arena.victims.targets,
    )

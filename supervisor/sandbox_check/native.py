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

LOCKDOWNS: tuple[Inside, ...] = ("plugin", "compiler", "bridge", "native", "query")
"""Each attack is tried in all of them, unless it names its own."""
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
    query: Callable[[], CageSpec]
    victims: Victims
    all_controls: tuple[str, ...]
    """Every step of the lockdown."""
    switched_off: frozenset[str] = frozenset()
    """Controls left out of the locked children; see ``CageSpec``."""

    def cage(self, lockdown: Inside) -> CageSpec:
        """Return what a child of one kind is locked down with."""
        own = {"compiler": self.compiler, "native": self.program, "query": self.query}
        return own.get(lockdown, self.plugin)()


async def attack_natively(
    arena: Arena, attacks: Sequence[About], tell: Callable[[AttackResult], None]
) -> None:
    """Try each attack in each kind of child; hand each result to ``tell``."""
    limiter = trio.CapacityLimiter(_AT_ONCE)

    async def one(about: About) -> None:
        async with limiter:
            control = await without_lockdown(arena, about)
            for lockdown in about.places or LOCKDOWNS:
                locked = await inside(arena, about, lockdown)
                tell(judge(about, locked, control, lockdown))

    async with trio.open_nursery() as nursery:
        for about in attacks:
            nursery.start_soon(one, about)


async def inside(arena: Arena, about: About, lockdown: Inside) -> Ending:
    """Try an attack from inside the lockdown."""
    off = arena.switched_off - about.base
    spec = attack_spec(arena, about.name, arena.cage(lockdown), off, lockdown)
    return await attempt(arena.locked, spec, arena.victims.descriptors)


async def without_lockdown(arena: Arena, about: About) -> Ending:
    """Try an attack in a child that has skipped the whole lockdown, but what it presumes."""
    off = frozenset(arena.all_controls) - about.base
    lockdown = about.places[0] if about.places else "plugin"
    spec = attack_spec(arena, about.name, arena.cage(lockdown), off, lockdown)
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

"""Runs the whole check."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import trio

from sandbox_child.wire.spec import AttackSpec, CageSpec
from supervisor.limits import MIB, Limits
from supervisor.process.cage import ALL_CONTROLS, OF_PROGRAMS, Cage, CageSettings
from supervisor.process.cgroups import GroupPool, open_groups
from supervisor.process.forkserver import open_fork_server
from supervisor.sandbox_check.attempt import attempt, open_attacker
from supervisor.sandbox_check.calls import FAMILY, attack_by_calling
from supervisor.sandbox_check.catalogue import About, read_catalogue
from supervisor.sandbox_check.guests import attack_by_guests
from supervisor.sandbox_check.native import Arena, attack_natively
from supervisor.sandbox_check.report import AttackResult, CheckReport
from supervisor.sandbox_check.standing import idle_address, look_at_standing
from supervisor.sandbox_check.talk import attack_by_talking
from supervisor.sandbox_check.victims import open_victims
from supervisor.views import ControlView

CHECK_LIMITS = Limits(deadline_s=1.0, compile_memory_bytes=256 * MIB)
"""Smaller than a plugin's own: reaching them is part of the check."""

_QUERY_MEMORY = (CHECK_LIMITS.child_data_bytes, CHECK_LIMITS.child_address_bytes)
"""As a plugin's: the amount makes no difference to an attack."""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """Options of the check."""

    settings: CageSettings = field(default_factory=CageSettings)
    switched_off: frozenset[str] = frozenset()
    """For tests: controls to leave out, whose attacks must then succeed."""
    only: Callable[[str], bool] = lambda _name: True
    """Says by its name whether an attack is tried."""
    groups: GroupPool | None = None
    """Where locked children get control groups from; None: from a pool of the check's own."""


def _ignore(_result: AttackResult) -> None:
    """Tell nobody."""


async def run_check(
    options: CheckOptions | None = None, tell: Callable[[AttackResult], None] = _ignore
) -> CheckReport:
    """Attack the sandbox in every known way; takes some seconds.

    ``tell`` hears of each attack as it ends. Raises CheckFailed, or ProcessError, where the check
    could not be made.
    """
    options = options or CheckOptions()
    started = trio.current_time()
    results: list[AttackResult] = []

    def note(result: AttackResult) -> None:
        results.append(result)
        tell(result)

    async with open_arena(options) as (arena, attacks):
        controls = await _controls(arena)
        wanted = [attack for attack in attacks if options.only(attack.name)]
        await attack_natively(arena, [a for a in wanted if not a.talks], note)
        # These mostly wait for a deadline.
        async with trio.open_nursery() as nursery:
            talking = [a for a in wanted if a.talks]
            calling = [a for a in talking if a.family == FAMILY]
            nursery.start_soon(attack_by_calling, arena, calling, note)
            others = [a for a in talking if a.family != FAMILY]
            nursery.start_soon(attack_by_talking, arena, others, note)
            nursery.start_soon(attack_by_guests, arena, options.only, note)
            nursery.start_soon(look_at_standing, arena, options.only, note)
    results.sort(key=lambda result: result.name)
    return CheckReport(tuple(results), controls, trio.current_time() - started)


@asynccontextmanager
async def open_arena(options: CheckOptions) -> AsyncIterator[tuple[Arena, list[About]]]:
    """Make victims and two fork servers; yields them with the list of attacks."""
    cage = Cage(options.settings)
    everything = tuple(sorted(ALL_CONTROLS | OF_PROGRAMS))
    with open_victims() as victims:
        async with (
            _groups(options) as groups,
            open_fork_server(options.switched_off, groups=groups, attacks=True) as locked,
            open_fork_server(everything, attacks=True) as bare,
        ):
            spec = AttackSpec(
                kind="attack",
                cage=replace(cage.plugin(CHECK_LIMITS), switched_off=everything),
                name="idle",
                inside="plugin",
                targets=victims.targets,
            )
            attacks = await read_catalogue(bare, spec.cage)
            async with open_attacker(bare, spec, ()) as sibling:
                address = await idle_address(sibling)
                targets = {
                    **victims.targets,
                    "sibling": sibling.handle.pid,
                    "sibling_address": address,
                }
                yield (
                    Arena(
                        locked=locked,
                        bare=bare,
                        settings=options.settings,
                        limits=CHECK_LIMITS,
                        plugin=lambda: cage.plugin(CHECK_LIMITS),
                        compiler=lambda: cage.compiler(CHECK_LIMITS),
                        program=lambda: cage.program(CHECK_LIMITS.child_data_bytes, 64),
                        query=lambda: cage.query(*_QUERY_MEMORY),
                        victims=replace(victims, targets=targets),
                        all_controls=everything,
                        switched_off=options.switched_off,
                    ),
                    attacks,
                )


@asynccontextmanager
async def _groups(options: CheckOptions) -> AsyncIterator[GroupPool]:
    if options.groups is not None:
        yield options.groups
    else:
        async with open_groups(wanted=options.settings.control_groups) as groups:
            yield groups


async def _controls(arena: Arena) -> tuple[ControlView, ...]:
    """Return what a locked child reports."""
    cage: CageSpec = replace(arena.plugin(), switched_off=tuple(sorted(arena.switched_off)))
    spec = AttackSpec("attack", cage, "channels.read_clock", inside="plugin", targets={})
    return (await attempt(arena.locked, spec)).controls

"""Runs the whole check."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import trio

from sandbox_child.wire.spec import AttackSpec, CageSpec
from supervisor.cage import ALL_CONTROLS, Cage, CageSettings
from supervisor.limits import MIB, Limits
from supervisor.process.forkserver import open_fork_server
from supervisor.sandbox_check.attempt import Attacker, CheckFailed, attempt, open_attacker
from supervisor.sandbox_check.catalogue import About, read_catalogue
from supervisor.sandbox_check.native import Arena, attack_natively
from supervisor.sandbox_check.report import AttackResult, CheckReport
from supervisor.sandbox_check.victims import open_victims
from supervisor.views import ControlView

CHECK_LIMITS = Limits(deadline_s=0.5, compile_memory_bytes=256 * MIB)
"""Smaller than a plugin's own: reaching them is part of the check."""


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """What to check."""

    settings: CageSettings = field(default_factory=CageSettings)
    switched_off: frozenset[str] = frozenset()
    """For tests: controls to leave out, whose attacks must then succeed."""
    only: Callable[[str], bool] = lambda _name: True
    """Says by its name whether an attack is tried."""


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
        native = [a for a in attacks if not a.talks and options.only(a.name)]
        await attack_natively(arena, native, note)
    results.sort(key=lambda result: result.name)
    return CheckReport(tuple(results), controls, trio.current_time() - started)


@asynccontextmanager
async def open_arena(options: CheckOptions) -> AsyncIterator[tuple[Arena, list[About]]]:
    """Make victims and two fork servers; yields them with the list of attacks."""
    cage = Cage(options.settings)
    everything = tuple(sorted(ALL_CONTROLS))
    with open_victims() as victims:
        async with (
            open_fork_server(options.switched_off, attacks=True) as locked,
            open_fork_server(everything, attacks=True) as bare,
        ):
            spec = AttackSpec(
                kind="attack",
                cage=replace(cage.plugin(CHECK_LIMITS), switched_off=everything),
                name="idle",
                as_compiler=False,
                targets={},
            )
            attacks = await read_catalogue(bare, spec.cage)
            async with open_attacker(bare, spec, ()) as sibling:
                address = await _address_in(sibling)
                targets = {
                    **victims.targets,
                    "sibling": sibling.handle.pid,
                    "sibling_address": address,
                }
                yield (
                    Arena(
                        locked=locked,
                        bare=bare,
                        plugin=lambda: cage.plugin(CHECK_LIMITS),
                        compiler=lambda: cage.compiler(CHECK_LIMITS),
                        victims=replace(victims, targets=targets),
                        all_controls=everything,
                        switched_off=options.switched_off,
                    ),
                    attacks,
                )


async def _address_in(sibling: Attacker) -> int:
    """Return where an idle child has something to read."""
    await sibling.hear()
    heard = await sibling.hear()
    if heard is None:
        raise CheckFailed("the process to be attacked did not start")
    return int(heard[1]["got"])


async def _controls(arena: Arena) -> tuple[ControlView, ...]:
    """Return what a locked child reports."""
    cage: CageSpec = replace(arena.plugin(), switched_off=tuple(sorted(arena.switched_off)))
    spec = AttackSpec("attack", cage, "channels.read_clock", as_compiler=False, targets={})
    return (await attempt(arena.locked, spec)).controls

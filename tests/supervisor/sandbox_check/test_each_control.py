"""What each control is good for: with it alone its attacks fail, without it they work.

Most attacks are stopped by several controls. So each attack names those that stop it alone, and
three things are tried: that it works where all of these are left out, though every other control is
active; that each of them stops it where it is the only one; and that the four whose work can be
seen from outside alone are missed there."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from supervisor.process.cage import ALL_CONTROLS
from supervisor.sandbox_check.check import CheckOptions, run_check
from supervisor.sandbox_check.report import Result

STANDING = {
    "first_to_die": "standing.survive_a_shortage_of_memory",
    "low_priority": "standing.compete_for_the_processor",
    "not_dumpable": "standing.be_read_by_another_process",
    "parent_death": "standing.outlive_the_supervisor",
}


async def test_an_attack_works_where_what_stops_it_is_left_out(solo):
    """With one control switched off, exactly the attacks that nothing else stops turn red."""
    async with solo.arena_without(solo.NAMESPACES) as (arena, attacks):
        working = await solo.that_work(arena, attacks)
        assert len(working) >= 150
        results = await solo.try_all(
            arena, working, lambda about: about.by | about.perhaps | solo.NAMESPACES
        )
    assert [name for name, works in results.items() if not works] == []


# A user namespace is for who is not root; what the others take away, only root has or could give.
NOT_MINE = (
    {"user_namespace"}
    if os.geteuid() == 0
    else {"own_user", "capabilities", "bounding_set", "no_new_privs"}
)


@pytest.mark.parametrize("control", sorted(ALL_CONTROLS - STANDING.keys() - NOT_MINE))
async def test_a_control_stops_its_attacks_alone(solo, control):
    off = solo.all_but(control)
    async with solo.arena_without(off) as (arena, attacks):
        chosen = [about for about in attacks if control in about.by]
        working = await solo.that_work(arena, chosen)
        if control not in await solo.in_force(arena):
            pytest.skip(f"this machine has no {control}")
        results = await solo.try_all(arena, working, lambda _about: off)
    assert working, f"no attack shows what {control} is good for"
    assert [name for name, works in results.items() if works] == []


@pytest.mark.parametrize(("control", "name"), STANDING.items())
async def test_a_control_seen_from_outside_is_missed(control, name):
    others = set(STANDING.values())
    options = CheckOptions(switched_off=frozenset({control}), only=lambda attack: attack in others)
    report = await run_check(options)
    results = {attack.name: attack.result for attack in report.attacks}
    if results[name] is Result.SKIPPED:
        pytest.skip(f"{name} is no different without a lockdown on this machine")
    assert {n for n, result in results.items() if result is Result.OPEN} == {name}


def test_a_user_namespace_stops_its_attacks_alone(ordinary_user):
    if not ordinary_user:
        return  # the test above has shown it
    this = Path(__file__)
    result = subprocess.run(
        [
            *(*ordinary_user, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("--rootdir", str(this.parents[3]), str(this)),
            *("-k", "test_a_control_stops_its_attacks_alone and user_namespace"),
        ],
        capture_output=True,
        text=True,
        cwd=this.parents[3],
        timeout=280,
        check=False,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    assert "1 passed" in result.stdout

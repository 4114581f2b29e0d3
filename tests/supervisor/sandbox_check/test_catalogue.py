"""The list of attacks, and who may be asked to make them."""

import os
import subprocess
import sys
from typing import get_args

import pytest

from sandbox_child.lockdown.status import Control
from sandbox_child.wire.spec import AttackSpec, ProbeSpec
from supervisor.limits import Limits
from supervisor.process.cage import (
    ALL_CONTROLS,
    ALWAYS_REQUIRED,
    DEFAULT_REQUIRED,
    OF_PROGRAMS,
    Cage,
    CageSettings,
)
from supervisor.process.forkserver import open_fork_server
from supervisor.sandbox_check.attempt import CheckFailed, attempt
from supervisor.sandbox_check.catalogue import read_catalogue

CAGE = Cage(CageSettings()).plugin(Limits())


async def test_each_attack_is_named_once_and_names_what_stops_it():
    async with open_fork_server(attacks=True) as fork_server:
        attacks = await read_catalogue(fork_server, CAGE)
    assert len(attacks) >= 300
    assert len({about.name for about in attacks}) == len(attacks)
    for about in attacks:
        assert about.by | about.perhaps | about.base <= ALL_CONTROLS
        assert about.by or about.harmless or about.talks, about.name


def test_both_sides_of_the_trust_line_know_the_same_controls():
    assert frozenset(get_args(Control)) == ALL_CONTROLS | OF_PROGRAMS
    assert ALWAYS_REQUIRED | DEFAULT_REQUIRED <= ALL_CONTROLS


async def test_the_fork_server_of_plugins_takes_no_attacks():
    spec = AttackSpec("attack", CAGE, "files.read", inside="plugin", targets={})
    async with open_fork_server() as fork_server:
        with pytest.raises(CheckFailed, match="not for attacks"):
            await attempt(fork_server, spec)


def test_a_plugins_fork_server_has_not_even_loaded_the_attacks():
    code = "import sys; from sandbox_child import forkserver; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert "sandbox_child.lockdown.order" in loaded
    assert not [name for name in loaded if "attacks" in name]


async def test_a_child_without_a_required_control_refuses_and_says_which():
    settings = CageSettings(require=DEFAULT_REQUIRED | {"cgroup"})
    spec = ProbeSpec("probe", Cage(settings).plugin(Limits()))
    async with open_fork_server() as fork_server:
        reads, writes = os.pipe()
        said, says = os.pipe()
        try:
            child = await fork_server.spawn(spec, [reads, says])
            os.close(says)
            status = await child.wait()
            refusal = os.read(said, 65536)
        finally:
            for descriptor in (reads, writes, said):
                os.close(descriptor)
    assert status.code == 1
    assert b"'cgroup' is required and not active" in refusal


async def test_a_switched_off_control_cannot_be_asked_for_by_settings():
    assert Cage(CageSettings()).plugin(Limits()).switched_off == ()
    assert Cage(CageSettings()).compiler(Limits()).switched_off == ()

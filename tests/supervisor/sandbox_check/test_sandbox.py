"""What the supervisor finds out about the sandbox at start, and says."""

import os
from contextlib import asynccontextmanager

import structlog
from structlog.testing import capture_logs

from supervisor.limits import DEFAULT_LIMITS
from supervisor.process.cage import ALL_CONTROLS, DEFAULT_REQUIRED, CageSettings
from supervisor.process.cgroups import open_groups
from supervisor.process.forkserver import open_fork_server
from supervisor.sandbox_check.sandbox import Sandbox, missing_controls
from supervisor.views import ControlView, SandboxView


@asynccontextmanager
async def open_sandbox(settings: CageSettings, *, groups: bool = True, off=()):
    async with (
        open_groups(wanted=groups) as pool,
        open_fork_server(off, groups=pool) as fork_server,
    ):
        yield Sandbox(fork_server, settings, DEFAULT_LIMITS, pool)


async def test_every_control_is_known_after_a_look():
    async with open_sandbox(CageSettings()) as sandbox:
        assert sandbox.view.problem is not None
        await sandbox.look()
    assert sandbox.view.problem is None
    assert {control.name for control in sandbox.view.controls} == ALL_CONTROLS


async def test_what_is_missing_is_logged_with_its_reason():
    structlog.reset_defaults()
    async with open_sandbox(CageSettings(), groups=False, off=("network_namespace",)) as sandbox:
        with capture_logs() as logged:
            await sandbox.look()
    (warning,) = [entry for entry in logged if entry["event"] == "sandbox_incomplete"]
    assert warning["log_level"] == "warning"
    assert "switched off in the settings" in warning["missing"]["cgroup"]
    assert "network_namespace" in warning["missing"]


async def test_a_required_control_that_is_missing_is_a_problem_that_names_it():
    settings = CageSettings(require=DEFAULT_REQUIRED | {"cgroup"})
    async with open_sandbox(settings, groups=False) as sandbox:
        with capture_logs() as logged:
            await sandbox.look()
    assert sandbox.view.controls == ()
    assert "'cgroup' is required and not active" in str(sandbox.view.problem)
    assert "sandbox_unusable" in {entry["event"] for entry in logged}


async def test_the_group_says_what_it_limits():
    async with open_sandbox(CageSettings()) as sandbox:
        await sandbox.look()
        limited = ", ".join(sandbox._groups.controllers)
    (group,) = [c for c in sandbox.view.controls if c.name == "cgroup"]
    assert group.active == bool(limited)
    assert group.reason
    assert not group.active or group.reason == limited


def view(**controls: bool) -> SandboxView:
    shown = (ControlView(name, active, "why") for name, active in controls.items())
    return SandboxView(tuple(shown), None)


def test_root_misses_no_user_namespace_and_others_no_user_of_their_own():
    assert missing_controls(view(own_user=True, user_namespace=False)) == ()
    assert missing_controls(view(own_user=False, user_namespace=True)) == ()
    neither = missing_controls(view(own_user=False, user_namespace=False))
    assert {control.name for control in neither} == {"own_user", "user_namespace"}


async def test_nothing_is_left_of_the_look():
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - counting, not walking
    async with open_sandbox(CageSettings()) as sandbox:
        await sandbox.look()
    assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208

"""The systemd unit: what it starts exists, and it forbids nothing that plugins' processes need."""

import configparser
import shlex
from pathlib import Path

import click
import pytest

from cli.main import main
from cli.serving.serve import serve
from supervisor.plugins.limits import TABLE

UNIT = Path(__file__).resolve().parents[2] / "packaging" / "open-help-desk.service"


@pytest.fixture
def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(UNIT.read_text("utf-8"))
    return parser


def test_what_it_starts_is_a_command_that_there_is(unit):
    _, command, *options = shlex.split(unit["Service"]["ExecStart"])
    assert main.get_command(click.Context(main), command) is serve
    context = serve.make_context("serve", options)
    # Under systemd the data directory is the one that StateDirectory makes.
    state = Path("/var/lib") / unit["Service"]["StateDirectory"]
    assert context.params["data"] == state
    assert unit["Service"]["ExecReload"].endswith("-HUP $MAINPID")


def test_the_server_is_waited_for_watched_and_given_time_to_finish(unit):
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) >= 30
    assert int(service["TimeoutStopSec"]) > 2 * TABLE["deadline_s"].most
    # A plugin that the kernel ends for its memory must not take the server along.
    assert service["OOMPolicy"] == "continue"


@pytest.mark.parametrize(
    "forbidden",
    ["MemoryDenyWriteExecute", "ProtectProc", "ProcSubset", "PrivateUsers", "NoExecPaths"],
)
def test_hardening_that_breaks_plugins_is_left_out_and_says_why(unit, forbidden):
    assert forbidden not in unit["Service"]
    assert forbidden in UNIT.read_text("utf-8") or forbidden == "NoExecPaths"


def test_the_lockdown_may_take_its_steps(unit):
    service = unit["Service"]
    assert set(service["RestrictNamespaces"].split()) == {"user", "net", "ipc"}
    allowed = service["SystemCallFilter"].split()
    assert "@system-service" in allowed
    # These are not in that group, and the lockdown makes them.
    assert {"seccomp", "landlock_create_ruleset", "landlock_restrict_self", "unshare"} <= set(
        allowed
    )
    assert {"AF_INET", "AF_INET6", "AF_UNIX"} <= set(service["RestrictAddressFamilies"].split())
    assert service["NoNewPrivileges"] == "yes"
    assert service["Delegate"].split() == ["cpu", "memory", "pids"]

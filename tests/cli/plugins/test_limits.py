"""``ohd plugin limits``: what a plugin may use, on a data directory and with a server."""

import pytest

from supervisor.plugins.limits import TABLE
from tests.server_process import ServerProcess

DATA = ("--data", "data")
NOOP = "org.example.guest.noop"


@pytest.fixture
def limits(ohd):
    ohd.good("plugin", "install", ohd.module("wat/noop"), *DATA)

    def shown(*options):
        """Run the command; return each limit with what it is now and what config.toml says."""
        lines = ohd.good("plugin", "limits", NOOP, *options, *DATA).splitlines()[1:]
        return {line.split()[0]: line.split()[1:3] for line in lines}

    return shown


def test_limits_are_shown_set_and_reset(ohd, limits):
    ohd.write("config.toml", "[limits]\ndeadline_s = 3\n")
    found = limits()
    assert found.keys() == TABLE.keys()
    assert found["deadline_s"] == ["3", "s"]
    found = limits("--set", "memory_mib=128", "--set", "deadline_s=0.5")
    assert (found["memory_mib"], found["deadline_s"]) == (["128", "64"], ["0.5", "3"])
    found = limits("--reset", "deadline_s")
    assert (found["memory_mib"], found["deadline_s"]) == (["128", "64"], ["3", "s"])
    found = limits("--reset", "all", "--set", "log_lines=5")
    assert (found["memory_mib"], found["log_lines"]) == (["64", "MiB"], ["5", "100"])


def test_what_does_not_fit_is_one_line_and_changes_nothing(ohd, limits):
    for said, *options in (
        ("expected a number from 1 to 1024 MiB, found 5000", "--set", "memory_mib=5000"),
        (
            "memory: there is no such limit; the limits are deadline_s, memory_mib",
            "--reset",
            "memory",
        ),
        ("--set memory_mib: expected a number, found 'lots'", "--set", "memory_mib=lots"),
        ("name it once", "--set", "log_lines=5", "--reset", "log_lines"),
        ("expected a name, '=', and a value", "--set", "log_lines"),
    ):
        assert said in ohd.refused("plugin", "limits", NOOP, *options, *DATA)
    assert limits()["memory_mib"] == ["64", "MiB"]


def test_limits_are_set_through_a_running_server(ohd, limits, tmp_path):
    server = ServerProcess(tmp_path)
    server.start()
    try:
        ohd.good("plugin", "enable", NOOP, *DATA)
        assert limits("--set", "memory_mib=32")["memory_mib"] == ["32", "64"]
        (process,) = ohd.json("plugin", "ps", *DATA)
        assert process["guest_memory_limit_bytes"] == 32 << 20
        line = ohd.refused("plugin", "limits", NOOP, "--set", "deadline_s=61", *DATA)
        assert "from 0.1 to 60 s, found 61" in line
    finally:
        server.stop()


def test_a_plugin_that_is_not_there_is_one_line(ohd):
    line = ohd.refused("plugin", "limits", "org.example.nothing", *DATA)
    assert line == "no plugin with the id 'org.example.nothing' is installed"

"""``ohd plugin install`` and its siblings: with a server, and on a data directory alone."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.server_process import PATIENCE_S, ServerProcess

DATA = ("--data", "data")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path, options=["--demo"])
    running.start()
    yield running
    running.stop()


def test_the_life_of_a_plugin_on_a_data_directory(ohd):
    module = ohd.module("zig/probe")
    assert ohd.good("plugin", "list", *DATA) == "No plugins are installed.\n"
    said = ohd.good("plugin", "install", module, *DATA)
    assert said.splitlines() == [
        "org.example.guest.probe 1.0.0 installed. It is disabled.",
        "The module is not signed.",
        "Enable it: ohd plugin enable org.example.guest.probe",
    ]
    assert "is enabled" in ohd.good("plugin", "enable", "org.example.guest.probe", *DATA)
    (listed,) = ohd.json("plugin", "list", *DATA)
    assert (listed["id"], listed["version"]) == ("org.example.guest.probe", "1.0.0")
    assert (listed["enabled"], listed["state"], listed["pid"]) == (True, "stopped", None)
    (process,) = ohd.json("plugin", "ps", *DATA)
    assert (process["plugin_id"], process["pid"]) == ("org.example.guest.probe", None)
    assert "is disabled" in ohd.good("plugin", "disable", "org.example.guest.probe", *DATA)
    assert ohd.json("plugin", "list", *DATA)[0]["state"] == "disabled"
    assert ohd.good("plugin", "logs", *DATA) == ""
    assert "uninstalled" in ohd.good("plugin", "uninstall", "org.example.guest.probe", *DATA)
    assert ohd.json("plugin", "list", *DATA) == []


def test_the_life_of_a_plugin_with_a_running_server(ohd, server):
    digest, probe = "org.openhelpdesk.digest", "org.example.guest.probe"
    assert [view["id"] for view in ohd.json("plugin", "list", *DATA)] == [digest]
    ohd.good("plugin", "install", ohd.module("zig/probe"), *DATA)
    ohd.good("plugin", "enable", probe, *DATA)
    running = wait(lambda: by_id(ohd), lambda views: views[probe]["state"] == "running")
    assert running[probe]["pid"] in server_children(server)
    assert set(running[probe]) >= {
        *("uptime_s", "restarts", "cpu_percent", "rss_bytes", "guest_memory_bytes"),
        *("waiting", "delivered", "errors", "last_error", "controls"),
    }
    table = ohd.good("plugin", "ps", *DATA).splitlines()
    assert table[0].split()[:3] == ["id", "state", "pid"]
    assert [line.split()[0] for line in table[1:]] == [probe, digest]
    ohd.good("plugin", "disable", probe, *DATA)
    assert by_id(ohd)[probe]["pid"] is None
    ohd.good("plugin", "uninstall", probe, *DATA)
    assert list(by_id(ohd)) == [digest]


def test_the_log_of_a_plugin_is_one_line_a_message(ohd, server):
    plugin = "org.example.guest.starts-with-room"
    ohd.good("plugin", "install", ohd.module("wat/starts_with_room"), *DATA)
    ohd.good("plugin", "limits", plugin, "--set", "memory_mib=2", *DATA)
    ohd.good("plugin", "enable", plugin, *DATA)
    text = wait(lambda: ohd.good("plugin", "logs", plugin, *DATA), lambda text: text)
    heads = [line for line in text.splitlines() if not line.startswith("    ")]
    assert heads[0].split()[1:3] == ["error", f"{plugin}:"]
    assert len(ohd.good("plugin", "logs", "-n", "1", *DATA).splitlines()) >= 1


@pytest.mark.parametrize("command", ["enable", "disable", "uninstall", "logs"])
def test_a_plugin_that_is_not_there_is_one_line(ohd, command):
    line = ohd.refused("plugin", command, "org.example.nothing", *DATA)
    assert line == "no plugin with the id 'org.example.nothing' is installed"


def test_a_server_says_the_same(ohd, server):
    line = ohd.refused("plugin", "enable", "org.example.nothing", *DATA)
    assert line == "no plugin with the id 'org.example.nothing' is installed"
    bad = ohd.write("bad.wasm", b"MZ")
    assert "not a WebAssembly module" in ohd.refused("plugin", "install", bad, *DATA)
    schema = {"token": {"type": "string", "label": "Token", "required": True}}
    needs = ohd.module("examples/digest", id="com.example.needs", config_schema=schema)
    ohd.good("plugin", "install", needs, *DATA)
    line = ohd.refused("plugin", "enable", "com.example.needs", *DATA)
    assert "token: this field is required" in line
    # However wrong a request is, the server is still there.
    assert ohd.json("plugin", "list", *DATA)


def test_a_file_that_cannot_be_read_is_one_line(ohd):
    assert ohd.refused("plugin", "install", "nothing.wasm", *DATA) == (
        "nothing.wasm: No such file or directory"
    )


def test_a_data_directory_with_a_long_path_works(ohd, tmp_path_factory):
    folder = tmp_path_factory.mktemp("long") / ("x" * 100) / ("y" * 100)
    folder.mkdir(parents=True)
    server = ServerProcess(folder, options=["--demo"])
    server.start()
    try:
        (view,) = wait(
            lambda: ohd.json("plugin", "ps", "--data", server.data), lambda views: views[0]["pid"]
        )
        assert view["plugin_id"] == "org.openhelpdesk.digest"
    finally:
        server.stop()


def by_id(ohd):
    return {view["plugin_id"]: view for view in ohd.json("plugin", "ps", *DATA)}


def server_children(server: ServerProcess) -> set[int]:
    family = server.family()
    for pidfd in family.values():
        os.close(pidfd)
    return set(family)


def wait(ask: Callable, good: Callable):
    """Ask until the answer is good."""
    end = time.monotonic() + PATIENCE_S
    while not good(answer := ask()):
        assert time.monotonic() < end, answer
        time.sleep(0.02)
    return answer


@pytest.mark.parametrize(
    "command",
    [
        ("plugin", "ps"),
        ("plugin", "list"),
        ("plugin", "logs"),
        ("plugin", "versions", "x"),
        ("plugin", "install", "x.wasm"),
        ("plugin", "deliveries", "x"),
        ("key", "rotate"),
        ("apikey", "create", "x@example.com", "--name", "x"),
        ("backup", "backup.tar"),
    ],
    ids=" ".join,
)
def test_a_mistyped_data_directory_is_named_and_not_made(ohd, command):
    result = ohd(*command, "--data", "typo")
    assert result.exit_code != 0
    assert "typo" in result.output
    assert not (ohd.folder / "typo").exists()

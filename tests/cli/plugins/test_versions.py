"""Versions and permissions on the command line: with a server, and on a data directory alone."""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server_process import ServerProcess

DATA = ("--data", "data")
NOOP = "org.example.guest.noop"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    running = ServerProcess(tmp_path)
    running.start()
    yield running
    running.stop()


def install(ohd, **manifest):
    return ohd.good("plugin", "install", ohd.module("wat/noop", **manifest), *DATA)


def stands(ohd):
    lines = ohd.good("plugin", "versions", NOOP, *DATA).splitlines()
    return [tuple(line.split()[:2]) for line in lines[1:]]


def test_an_upgrade_is_refused_until_each_permission_is_decided_on(ohd):
    install(ohd, events=["ticket.created"])
    said = install(ohd, version="2.0.0", events=["ticket.created", "ticket.note_added"])
    assert said.splitlines() == [
        f"{NOOP} 2.0.0 is ready for review; 1.0.0 keeps running until you accept it",
        f"Review and accept it: ohd plugin upgrade {NOOP}",
    ]
    assert stands(ohd) == [("1.0.0", "active"), ("2.0.0", "waiting")]
    result = ohd("plugin", "upgrade", NOOP, *DATA)
    assert result.exit_code == 2
    assert "event:ticket.note_added" in result.stderr
    assert "Reads internal notes" in result.stderr
    assert stands(ohd)[0] == ("1.0.0", "active")
    ohd.good("plugin", "upgrade", NOOP, "--withhold", "event:ticket.note_added", *DATA)
    assert stands(ohd) == [("2.0.0", "active"), ("1.0.0", "kept")]
    listed = ohd.good("plugin", "withhold", NOOP, *DATA)
    assert [line.split()[1] for line in listed.splitlines()[1:]] == ["granted", "withheld"]


def test_permissions_are_denied_and_given_back(ohd):
    install(ohd, events=["ticket.created"])
    token = "event:ticket.created"
    assert "withheld" in ohd.good("plugin", "withhold", NOOP, token, *DATA)
    assert "withheld" not in ohd.good("plugin", "withhold", NOOP, "--none", *DATA)
    assert "does not request reply" in ohd.refused("plugin", "withhold", NOOP, "reply", *DATA)
    assert "not both" in ohd.refused("plugin", "withhold", NOOP, token, "--none", *DATA)


def test_the_life_of_versions_with_a_running_server(ohd, server):
    install(ohd)
    ohd.good("plugin", "enable", NOOP, *DATA)
    for version in ("2.0.0", "3.0.0"):
        install(ohd, version=version)
        assert f"is at {version} now" in ohd.good("plugin", "upgrade", NOOP, *DATA)
    assert "is at 2.0.0 now" in ohd.good("plugin", "rollback", NOOP, *DATA)
    assert "is at 1.0.0 now" in ohd.good("plugin", "rollback", NOOP, "1.0.0", *DATA)
    first = ohd.good("plugin", "versions", NOOP, *DATA).splitlines()[2].split()
    assert f"is at {first[0]} now" in ohd.good("plugin", "rollback", NOOP, first[2], *DATA)
    assert " restarted" in ohd.good("plugin", "restart", NOOP, *DATA)
    assert "no version 9.9.9" in ohd.refused("plugin", "rollback", NOOP, "9.9.9", *DATA)
    assert f"no version of {NOOP} is waiting" in ohd.refused("plugin", "upgrade", NOOP, *DATA)
    assert ohd.json("plugin", "list", *DATA)[0]["enabled"]


@pytest.mark.parametrize("command", ["versions", "upgrade", "rollback", "withhold", "restart"])
def test_a_plugin_that_is_not_there_is_one_line(ohd, command):
    line = ohd.refused("plugin", command, "org.example.nothing", *DATA)
    assert line == "no plugin with the id 'org.example.nothing' is installed"


def test_a_plugin_is_restarted_by_a_server_alone(ohd):
    install(ohd)
    assert "is disabled" in ohd.refused("plugin", "restart", NOOP, *DATA)
    ohd.good("plugin", "enable", NOOP, *DATA)
    assert "server is not running" in ohd.refused("plugin", "restart", NOOP, *DATA)


def test_kept_versions_are_in_a_backup_and_looked_at_by_the_doctor(ohd):
    install(ohd)
    install(ohd, version="2.0.0")
    ohd.good("plugin", "upgrade", NOOP, *DATA)
    ohd.good("backup", "all.tar", *DATA)
    ohd.good("restore", "all.tar", "--data", "other")
    assert "is at 1.0.0 now" in ohd.good("plugin", "rollback", NOOP, "--data", "other")
    kept = ohd.good("plugin", "versions", NOOP, *DATA).splitlines()[2].split()[2]
    (file,) = (ohd.folder / "data" / "modules").glob(f"{kept}*.wasm")
    file.unlink()
    assert f"{NOOP} cannot change to that version" in ohd("doctor", *DATA).output


@contextlib.contextmanager
def served(body: bytes) -> Iterator[int]:
    """Serve a body on loopback, in a thread; yield the port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as listening:
        thread = threading.Thread(target=listening.serve_forever)
        thread.start()
        try:
            yield listening.server_address[1]
        finally:
            listening.shutdown()
            thread.join()


def test_a_module_is_installed_from_a_url_that_the_settings_allow(ohd):
    with served(ohd.module("wat/noop").read_bytes()) as port:
        url = f"http://localhost:{port}/noop.wasm"
        assert "must begin with https://" in ohd.refused("plugin", "install", url, *DATA)
        config = ohd.write(
            "own.toml",
            f"[plugins]\nallow_http = true\n[egress]\nports = [{port}]\n"
            '[egress.private]\nlocalhost = ["127.0.0.0/8", "::1/128"]\n',
        )
        ohd.good("plugin", "install", url, "--config", config, *DATA)
    assert ohd.json("plugin", "list", *DATA)[0]["source"] == url

"""Looking at plugins from a terminal: processes, log lines, deliveries, and delivering again."""

import io
import json
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager

import httpx
import pytest
from rich.console import Console

from cli.plugins.activity import _shown
from supervisor.states import PluginState
from supervisor.views import ProcessView
from tests.cli.conftest import Ohd
from tests.server_process import OHD, PATIENCE_S, ROOT, ServerProcess

DATA = ("--data", "data")
TRAP = "org.example.guest.trap"


@pytest.fixture(scope="module")
def watched(tmp_path_factory, guest):
    """A server that all tests here share, with a plugin that has trapped in an event."""
    folder = tmp_path_factory.mktemp("watched")
    ohd = Ohd(folder, guest)
    words = ("--name", "Alex Admin", "--role", "admin", *DATA)
    ohd.good("user", "create", "admin@example.com", *words, stdin="a long enough password\n")
    key = ohd.good("apikey", "create", "admin@example.com", "--name", "tests", *DATA).strip()
    server = ServerProcess(folder)
    server.start()
    try:
        ohd.good("plugin", "install", ohd.module("wat/trap"), *DATA)
        ohd.good("plugin", "enable", TRAP, *DATA)
        httpx.post(
            f"{server.url}/api/tickets",
            json={"subject": "New laptop", "description": "The old one was stolen."},
            headers={"Authorization": f"Bearer {key}"},
            timeout=PATIENCE_S,
        ).raise_for_status()
        wait(lambda: ohd.json("plugin", "deliveries", TRAP, *DATA), bool)
        yield ohd
    finally:
        server.stop()


def wait(ask, good):
    until = time.monotonic() + PATIENCE_S
    while not good(answer := ask()):
        assert time.monotonic() < until, answer
        time.sleep(0.05)
    return answer


@contextmanager
def command(ohd, *arguments, **options):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "300"}
    with subprocess.Popen(
        [*OHD, *arguments, *DATA], cwd=ohd.folder, env=environment, **options
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def process(**facts):
    usual = {
        "plugin_id": "com.example.a", "state": PluginState.RUNNING, "pid": 7, "uptime_s": 61.0,
        "restarts": 0, "cpu_percent": 1.25, "rss_bytes": 4 << 20, "uss_bytes": None,
        "guest_memory_bytes": 1 << 20, "guest_memory_limit_bytes": 64 << 20, "threads": 2,
        "in_flight": 0, "waiting": 3, "oldest_waiting_s": 2.0, "delivered": 5,
        "events_a_minute": 1.5, "p50_ms": 0.25, "p95_ms": 1.0, "errors": 1, "errors_24h": 1,
        "last_error": "ticket.created: trap\nbacktrace", "controls": (),
    }  # fmt: skip
    return ProcessView(**usual | facts)


@pytest.mark.parametrize("room", [60, 80, 120, 200, 400])
def test_who_looks_on_sees_as_many_columns_as_there_is_room_for(room):
    console = Console(width=room, file=io.StringIO())
    with console.capture() as captured:
        console.print(_shown([process(), process(plugin_id="com.example.b")], room))
    head, *lines = captured.get().splitlines()
    assert head.split()[:2] == ["id", "state"]
    assert len(lines) == 2
    assert "last error" in head or room < 300
    assert max(map(len, [head, *lines])) <= room


def test_a_table_in_a_pipe_has_every_column(watched):
    head, *lines = watched.good("plugin", "ps", *DATA).splitlines()
    for column in ("own memory", "oldest", "events/min", "p95 ms", "errors (24 h)", "last error"):
        assert column in head
    (line,) = [line for line in lines if line.startswith(TRAP)]
    assert "ticket.created: trap" in line


def test_deliveries_are_filtered_shown_and_made_again(watched):
    first = watched.json("plugin", "deliveries", TRAP, *DATA)[-1]
    shown = ("plugin", "deliveries", TRAP, *DATA)
    assert [each["id"] for each in watched.json(*shown, "--outcome", "trap")] == [first["id"]]
    assert watched.json(*shown, "--outcome", "ok") == []
    assert watched.json(*shown, "--ticket", "01T") == []
    assert watched.json(*shown, "--ticket", first["ticket_id"], "--errors") == [first]
    assert watched.good(*shown, "--event", "ticket.closed") == "No deliveries.\n"
    assert first["ticket_id"] in watched.good(*shown)

    document = watched.json("plugin", "delivery", TRAP, first["id"], *DATA)
    assert document["format"] == 1
    assert document["event"]["ticket"]["id"] == first["ticket_id"]
    assert document["delivery"]["outcome"] == "trap"
    told = watched.good("plugin", "delivery", TRAP, first["id"], *DATA)
    assert "wasm trap" in told
    assert '"event": "ticket.created"' in told
    assert "no delivery '99'" in watched.refused("plugin", "delivery", TRAP, "99", *DATA)

    said = watched.good("plugin", "redeliver", TRAP, first["id"], *DATA)
    assert said == f"1 delivery is queued for redelivery to {TRAP}\n"
    both = wait(lambda: watched.json(*shown), lambda found: len(found) == 2)
    assert both[0]["redelivered"]
    assert watched.json(*shown, "--redelivered") == both[:1]
    assert watched.json(*shown, "--before", both[0]["id"]) == [first]
    assert "nothing was queued" in watched.refused(
        "plugin", "redeliver", TRAP, *map(str, range(1001)), *DATA
    )
    lines = watched.good("plugin", "logs", TRAP, "--level", "error", *DATA).splitlines()
    assert len([line for line in lines if not line.startswith("    ")]) == 2


def test_a_look_every_second_in_a_pipe_and_as_json(watched):
    with command(watched, "plugin", "ps", "--watch", "--json", stdout=subprocess.PIPE) as watching:
        looks = [json.loads(watching.stdout.readline()) for _ in range(2)]
        watching.send_signal(signal.SIGINT)
        assert watching.wait(PATIENCE_S) == 130
    assert all(view["plugin_id"] == "org.example.guest.trap" for look in looks for view in look)


def test_on_a_terminal_the_table_is_shown_in_place_and_left_with_ctrl_c(watched):
    ours, its = pty.openpty()
    with command(watched, "plugin", "ps", "--watch", stdin=its, stdout=its, stderr=its) as watching:
        os.close(its)
        seen = read_until(ours, lambda text: text.count("org.example.guest.trap") >= 2)
        watching.send_signal(signal.SIGINT)
        seen += read_until(ours, lambda text: "\x1b[?1049l" in text)
        assert watching.wait(PATIENCE_S) == 130
    assert seen.count("\x1b[?1049h") == 1
    assert "Traceback" not in seen
    os.close(ours)


def read_until(terminal, good):
    text, until = "", time.monotonic() + PATIENCE_S
    while not good(text):
        assert time.monotonic() < until, text
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                text += os.read(terminal, 65536).decode("utf-8", "replace")
            except OSError:
                assert good(text), text
    return text


def test_the_log_is_followed_from_a_line_on(watched):
    first = watched.json("plugin", "deliveries", TRAP, *DATA)[-1]
    arguments = ("plugin", "logs", TRAP, "--follow", "-n", "1", "--level", "error")
    with command(watched, *arguments, stdout=subprocess.PIPE, text=True) as following:
        assert "ticket.created: trap" in following.stdout.readline()
        watched.good("plugin", "redeliver", TRAP, first["id"], *DATA)
        heads = []
        while len(heads) < 1:
            line = following.stdout.readline()
            heads += [line] if re.match(r"\d{4}-", line) else []
        following.send_signal(signal.SIGINT)
        assert following.wait(PATIENCE_S) == 130
    assert "ticket.created: trap" in heads[0]


def test_the_tables_say_why_a_plugin_does_not_run(ohd):
    ohd.good("plugin", "install", ohd.module("wat/trap"), *DATA)
    with closing(sqlite3.connect(ohd.folder / "data" / "ohd.sqlite3")) as db, db:
        db.execute("UPDATE plugins SET state_reason = '5 of 5 deliveries\x1b[31m failed'")
    for look in ("ps", "list"):
        result = ohd("plugin", look, *DATA)
        assert result.exit_code == 0
        (reason,) = result.stderr.splitlines()
        assert reason.startswith(f"{TRAP}: 5 of 5 deliveries")
        assert "\x1b" not in reason


def test_looking_on_needs_a_server(ohd):
    for arguments in (("ps", "--watch"), ("logs", "--follow")):
        assert "no server runs on" in ohd.refused("plugin", *arguments, *DATA)

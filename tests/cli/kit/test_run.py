"""``ohd plugin run``: one event in a real child."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest


@pytest.fixture
def web():
    """A server on loopback in a thread; ``web.requests`` keeps what came."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.server.requests.append((self.path, self.headers["Host"], json.loads(body)))
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_args):
            """Keep the test's output clean."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests = []
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(ohd, guest_name, *options, status=0, **manifest):
    result = ohd(
        "plugin", "run", ohd.module(guest_name, **manifest), "--event", ohd.event(), "--json",
        *options,
    )  # fmt: skip
    assert result.exit_code == status, result.output
    assert result.stderr == ""
    return json.loads(result.stdout)


def test_the_documents_slack_plugin_posts_to_a_stand_in(ohd, web):
    done = run(
        ohd, "examples/slack",
        "--set", "webhook_url=https://hooks.slack.com/services/T/B/XXXXXXXX",
        "--http-map", f"hooks.slack.com=http://127.0.0.1:{web.server_port}",
    )  # fmt: skip
    ((path, _host, body),) = web.requests
    assert path == "/services/T/B/XXXXXXXX"
    assert body == {
        "channel": "#support",
        "text": ":ticket: *New ticket*: <https://h/t/01T|New laptop>",
    }
    assert done["outcome"] == "ok"
    (call,) = done["host_calls"]
    assert (call["name"], call["status"]) == ("ohd_http_request", 200)
    assert call["request"]["method"] == "POST"
    assert "XXXXXXXX" not in json.dumps(done)


def test_the_result_has_the_promised_keys(ohd):
    done = run(ohd, "examples/digest")
    assert set(done) == {"outcome", "error", "duration_ms", "memory_bytes", "logs", "host_calls"}
    assert (done["outcome"], done["error"]) == ("ok", None)
    assert done["duration_ms"] > 0
    assert done["memory_bytes"] >= 65_536
    assert [call["name"] for call in done["host_calls"]] == [
        *("ohd_add_reply", "ohd_set_custom_field", "ohd_set_custom_field")
    ]
    for call in done["host_calls"]:
        assert {"name", "request", "status"} <= set(call)
        assert call["status"] == 0


@pytest.mark.parametrize(
    ("guest_name", "outcome"),
    [
        ("wat/noop", "ok"),
        ("wat/trap", "trap"),
        ("wat/exit_zero", "ok"),
        ("wat/exit_three", "exit"),
        ("wat/memory_hog", "out_of_memory"),
        ("wat/start_trap", "start_failed"),
        ("wat/reply_out_of_bounds", "trap"),
    ],
)
def test_each_outcome_has_its_name_and_its_status(ohd, guest_name, outcome):
    done = run(ohd, guest_name, status=0 if outcome == "ok" else 1)
    assert done["outcome"] == outcome
    assert bool(done["error"]) == (outcome != "ok")


@pytest.mark.parametrize(("guest_name", "outcome"), [("wat/loop", "timeout"), ("wat/start_loop", "start_failed")])  # fmt: skip  # noqa: E501
def test_the_deadline_can_be_given(ohd, guest_name, outcome):
    done = run(ohd, guest_name, "--deadline", "0.3", status=1)
    assert done["outcome"] == outcome
    assert "within 0.3 s" in done["error"]


def test_log_lines_have_level_and_message(ohd):
    done = run(ohd, "wat/log_levels")
    assert [line["level"] for line in done["logs"]][:4] == ["debug", "info", "warn", "error"]
    assert all(set(line) == {"level", "message"} for line in done["logs"])


def test_requests_are_denied_unless_they_are_allowed(ohd):
    steps = json.dumps([{"do": "http", "url": "https://api.example.com/"}])
    done = run(ohd, "zig/probe", "--set", f"steps={steps}")
    assert done["host_calls"][0]["status"] == 0
    assert "--http live" in done["host_calls"][0]["detail"] or done["host_calls"][0]["detail"]


def test_values_of_the_command_line_have_their_fields_types(ohd):
    steps = json.dumps([{"do": "config"}])
    options = ("--set", f"steps={steps}", "--set", "loud=true", "--set", "count=-4")
    done = run(ohd, "zig/probe", *options, "--set", "colour=red")
    config = json.loads(done["logs"][0]["message"])
    assert (config["loud"], config["count"], config["colour"]) == (True, -4, "red")


def test_a_secret_of_the_command_line_is_not_printed(ohd):
    steps = json.dumps([{"do": "config"}])
    done = run(ohd, "zig/probe", "--set", f"steps={steps}", "--set", "token=hunter2hunter2")
    assert "hunter2" not in json.dumps(done)
    assert json.loads(done["logs"][0]["message"])["token"] == "[secret]"


def test_without_json_it_reads_as_text_and_nothing_else_is_printed(ohd):
    result = ohd("plugin", "run", ohd.module("examples/digest"), "--event", ohd.event())
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("call  ohd_add_reply")
    assert lines[-1].startswith("ok in ")
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--event", "nothing.json"), "nothing.json: No such file"),
        (("--event", "broken.json"), "broken.json: this is not JSON"),
        (("--event", "list.json"), "list.json: expected a JSON object"),
        (("--event", "other.json"), "does not subscribe to 'ticket.closed'"),
        (("--event", "event.json", "--set", "count=many"), "count: "),
        (("--event", "event.json", "--set", "nothing=1"), "nothing: "),
        (("--event", "event.json", "--set", "count"), "--set 'count'"),
        (("--event", "event.json", "--http-map", "localhost=nonsense"), "localhost"),
        (("--event", "event.json", "--config", "nothing.toml"), "nothing.toml"),
    ],
)
def test_unusable_input_is_said_in_one_line(ohd, options, words):
    module = ohd.module("zig/probe", events=["ticket.created"])
    ohd.event()
    ohd.write("broken.json", "{")
    ohd.write("list.json", "[]")
    ohd.write("other.json", '{"event": "ticket.closed"}')
    assert words in ohd.refused("plugin", "run", module, *options)


def test_a_required_value_that_is_missing_is_named(ohd):
    line = ohd.refused("plugin", "run", ohd.module("examples/slack"), "--event", ohd.event())
    assert "webhook_url" in line
    assert "--set KEY=VALUE" in line


DELIVERY = {
    "format": 1,
    "plugin": {"id": "org.example.guest.noop", "version": "1.0.0", "sha256": "0" * 64},
    "delivery": {
        "id": "1",
        "outcome": "ok",
        "error": None,
        "started_at": "2026-04-05T14:00:00Z",
        "duration_ms": 1.0,
        "memory_bytes": 65536,
        "redelivered": False,
    },
    "event": {"event": "ticket.created", "ticket": {"id": "01T"}, "config": {}},
    "host_calls": [],
    "logs": [],
    "limits": {"deadline_s": 5.0, "memory_bytes": 2_000_000, "of_a_later_version": 1},
}


def test_a_delivery_reads_as_text_too(ohd):
    ohd.write("delivery.json", json.dumps(DELIVERY))
    text = ohd.good("plugin", "run", ohd.module("wat/noop"), "--delivery", "delivery.json")
    assert text.splitlines()[-2:] == [
        "note  this is not the module that ran; the delivery used version 1.0.0",
        "same outcome as in the delivery: ok",
    ]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (None, "delivery.json:1: this is not JSON"),
        ({"format": 2}, "delivery.json:1: this is not a help desk delivery"),
        ({"plugin": None}, "delivery.json:1: this is not a help desk delivery"),
        ({"event": None}, "had already deleted the event"),
        ({"event": {"event": "ticket.vanished"}}, "does not subscribe to 'ticket.vanished'"),
        ({"delivery": DELIVERY["delivery"] | {"outcome": "dropped"}}, "never received the event"),
        ({"limits": {"deadline_s": -1}}, "limits.deadline_s is negative"),
    ],
)
def test_a_delivery_that_cannot_be_replayed_is_refused_in_one_line(ohd, changes, words):
    text = "{" if changes is None else json.dumps(DELIVERY | changes)
    path = ohd.write("delivery.json", text)
    assert words in ohd.refused("plugin", "run", ohd.module("wat/noop"), "--delivery", path)


def test_either_an_event_or_a_delivery_is_wanted(ohd):
    module = ohd.module("wat/noop")
    assert "either --event or --delivery" in ohd.refused("plugin", "run", module)
    both = ("--event", ohd.event(), "--delivery", "delivery.json")
    assert "either --event or --delivery" in ohd.refused("plugin", "run", module, *both)
    live = ("--delivery", "delivery.json", "--http", "live")
    assert "remove --http" in ohd.refused("plugin", "run", module, *live)


def test_what_was_compiled_is_kept_and_what_is_refused_is_not(ohd, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(ohd.folder / "cache"))
    kept = ohd.folder / "cache" / "ohd"
    run(ohd, "wat/noop")
    (compiled,) = (kept / "compiled").glob("*.cwasm")
    made = compiled.stat().st_mtime_ns
    run(ohd, "wat/noop")
    assert compiled.stat().st_mtime_ns == made
    assert (kept / "key").stat().st_mode & 0o077 == 0
    # Code that somebody else wrote there is not run.
    compiled.write_bytes(b"not what was compiled")
    run(ohd, "wat/noop")
    whole = ohd.module("wat/noop")
    # Returns an i64 where its type says i32: only the engine looks so far.
    broken = whole.read_bytes().replace(b"\x05\0\x41\x80\x20\x0b", b"\x05\0\x42\x80\x20\x0b")
    assert broken != whole.read_bytes()
    assert "the engine refuses the module" in ohd.refused(
        "plugin", "run", ohd.write("broken.wasm", broken), "--event", ohd.event()
    )
    assert len(list((kept / "modules").iterdir())) == 1
    monkeypatch.setenv("XDG_CACHE_HOME", str(ohd.write("a file", "")))
    line = ohd.refused("plugin", "run", ohd.module("wat/noop"), "--event", ohd.event())
    assert "set XDG_CACHE_HOME to a folder" in line


def test_a_module_that_is_refused_leaves_nothing_behind(ohd, tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    ohd.refused("plugin", "run", ohd.write("bad.wasm", b"\0asm"), "--event", ohd.event())
    run(ohd, "wat/trap", status=1)
    assert list(folder.iterdir()) == []

"""A delivery of a real help desk, replayed by ``ohd plugin run --delivery``: the same outcome."""

import json
from dataclasses import replace
from subprocess import CompletedProcess

import msgspec
import pytest
import trio

from supervisor.limits import DEFAULT_LIMITS
from tests.guests.toolchains import CACHE
from tests.server_process import ohd

SECRET = "s3cret-of-the-plugin"
SCHEMA = {
    "steps": {"type": "string", "label": "Steps"},
    "token": {"type": "string", "label": "Token", "secret": True, "required": True},
}


@pytest.fixture
def replay(tmp_path, monkeypatch):
    """Return a function that downloads a delivery and replays it, as an author would."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))

    async def run(desk, plugin, *options: str, module: bytes = b"") -> CompletedProcess[str]:
        first = await desk.delivery(plugin.id)
        document = await desk.supervisor.deliveries.document(plugin.id, first.id)
        kept = desk.path / "modules" / f"{plugin.sha256}.wasm"
        (tmp_path / "plugin.wasm").write_bytes(module or kept.read_bytes())
        (tmp_path / "delivery.json").write_bytes(msgspec.json.encode(document))
        command = ["plugin", "run", "plugin.wasm", "--delivery", "delivery.json", "--json"]
        return await trio.to_thread.run_sync(lambda: ohd(*command, *options, cwd=tmp_path))

    return run


async def test_host_calls_get_the_answers_of_that_time(open_desk, stand_in, replay):
    desk = await open_desk(egress=stand_in.policy())
    stand_in.answer = b"made 17"
    plugin = await desk.probe(
        {"do": "http", "method": "POST", "url": f"{stand_in.url}/a", "body": "x"},
        {"do": "http", "url": "https://evil.example.com/"},
        {"do": "field", "key": "order", "value": "17"},
        {"do": "reply", "body": "hello", "ticket_id": "nobody's"},
        {"do": "log", "text": SECRET},
        {"do": "config"},
        {"do": "trap"},
        config_schema=SCHEMA,
        config={"token": SECRET},
    )
    await desk.ticket()
    first = await desk.delivery(plugin.id)
    requests = len(stand_in.requests)

    done = await replay(desk, plugin)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["delivery"] == {"id": first.id, "outcome": "trap", "same": True, "notes": []}
    assert [call["status"] for call in found["host_calls"]] == [200, 403, 0, 2]
    logs = [line["message"] for line in found["logs"]]
    assert "http 200 made 17" in logs
    assert "http 403 " in logs
    assert SECRET not in done.stdout
    assert len(stand_in.requests) == requests, "a replay asks nobody"
    (told,) = [json.loads(line) for line in logs if line.startswith("{")]
    assert told["token"] == "(secret)"

    done = await replay(desk, plugin, "--set", "token=another-secret")
    assert json.loads(done.stdout)["delivery"]["same"]
    assert "another-secret" not in done.stdout


async def test_limits_and_slow_answers_are_those_of_that_time(open_desk, stand_in, replay):
    limits = replace(DEFAULT_LIMITS, deadline_s=2.0)
    desk = await open_desk(egress=stand_in.policy(), limits=limits)
    stand_in.hold()
    plugin = await desk.probe({"do": "http", "url": stand_in.url})
    await desk.ticket()
    assert (await desk.delivery(plugin.id)).outcome == "timeout"
    done = await replay(desk, plugin)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["outcome"] == "timeout"
    assert "within 2 s" in found["error"]


async def test_another_outcome_and_other_calls_are_told(open_desk, stand_in, replay):
    desk = await open_desk(egress=stand_in.policy())
    plugin = await desk.probe({"do": "http", "url": stand_in.url}, {"do": "trap"})
    await desk.ticket()
    await desk.delivery(plugin.id)
    steps = [{"do": "http", "url": "https://x.example/"}, {"do": "note", "body": "n"}]
    options = ("--set", f"steps={json.dumps(steps)}")
    done = await replay(desk, plugin, *options, module=desk.module("zig/probe", version="1.0.1"))
    assert done.returncode == 1
    found = json.loads(done.stdout)["delivery"]
    assert (found["outcome"], found["same"]) == ("trap", False)
    assert found["notes"] == [
        "this is not the module that ran; the delivery used version 1.0.0",
        f"call 1: url is 'https://x.example/', and was '{stand_in.url}'",
        "call 2 is ohd_add_reply; it was not made in the delivery",
    ]

"""The guests that other tests lean on do what they promise."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import wasmtime

from tests.guests.small_host import SmallHost

Host = Callable[..., SmallHost]


@pytest.fixture(params=["zig/probe"])
def probe(request: pytest.FixtureRequest, host: Host) -> SmallHost:
    return host(request.param, http_status=201, http_body=b"made")


def event(*steps: dict[str, Any]) -> dict[str, Any]:
    return {
        "event": "ticket.created",
        "ticket": {"id": "01T"},
        "config": {"steps": json.dumps(steps), "loud": True},
    }


def test_the_probe_logs(probe: SmallHost) -> None:
    probe.on_event(event({"do": "log", "text": "hé\n", "level": 2}, {"do": "log", "text": "b"}))
    assert probe.logs == [(2, "hé\n"), (1, "b")]


def test_the_probe_makes_requests(probe: SmallHost) -> None:
    probe.on_event(
        event({"do": "http", "method": "PUT", "url": "https://x/", "headers": {"A": "b"}})
    )
    assert probe.requests == [
        {"method": "PUT", "url": "https://x/", "headers": {"A": "b"}, "body": ""}
    ]
    assert probe.logs == [(1, "http 201 made")]


def test_the_probe_changes_tickets(probe: SmallHost) -> None:
    probe.on_event(
        event(
            {"do": "reply", "body": "hello"},
            {"do": "note", "body": "psst", "ticket_id": "02T"},
            {"do": "field", "key": "k", "value": "v"},
            {"do": "raw", "call": "reply", "payload": "not json"},
        )
    )
    assert probe.replies == [
        {"ticket_id": "01T", "body": "hello", "is_internal": False},
        {"ticket_id": "02T", "body": "psst", "is_internal": True},
    ]
    assert probe.fields == [{"ticket_id": "01T", "key": "k", "value": "v"}]
    assert [text for _, text in probe.logs] == ["reply 0", "note 0", "field 0", "reply 1"]


def test_the_probe_keeps_state_and_shows_its_payload(probe: SmallHost) -> None:
    probe.on_event(event({"do": "count"}))
    probe.on_event(event({"do": "repeat", "times": 2, "step": {"do": "count"}}, {"do": "config"}))
    assert [text for _, text in probe.logs[:3]] == ["count 1", "count 2", "count 2"]
    assert json.loads(probe.logs[3][1])["loud"] is True


def test_the_probe_takes_memory_and_traps(probe: SmallHost) -> None:
    before = probe.memory.data_len(probe.store)
    probe.on_event(event({"do": "alloc", "bytes": 3_000_000}))
    assert probe.memory.data_len(probe.store) >= before + 3_000_000
    with pytest.raises(wasmtime.Trap):
        probe.on_event(event({"do": "trap"}))


def test_the_probe_says_when_it_does_not_know_a_step(probe: SmallHost) -> None:
    probe.on_event(event({"do": "dance"}))
    assert probe.logs == [(3, "BadStep")]


def test_the_slack_plugin_posts_what_the_document_says(host: Host) -> None:
    run = host("examples/slack", http_body=b"ok")
    ticket = {"id": "01T", "subject": "New laptop", "url": "https://h/t/01T", "status": "New"}
    config = {"webhook_url": "https://hooks.slack.com/services/x", "channel": "#support"}
    for _ in range(3):
        run.on_event({"event": "ticket.created", "ticket": ticket, "config": config})
    assert len(run.requests) == 3
    request = run.requests[0]
    assert request["method"] == "POST"
    assert request["url"] == config["webhook_url"]
    assert request["headers"] == {"Content-Type": "application/json"}
    assert json.loads(request["body"]) == {
        "channel": "#support",
        "text": ":ticket: *New ticket*: <https://h/t/01T|New laptop>",
    }
    assert run.logs == []


def test_the_slack_plugin_logs_a_refusal(host: Host) -> None:
    run = host("examples/slack", http_status=403)
    run.on_event({"event": "ticket.resolved", "ticket": {}, "config": {}})
    assert run.logs == [(2, "slack returned HTTP 403")]

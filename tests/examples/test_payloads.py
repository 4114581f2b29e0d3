"""The examples' own JSON readers and writers: any text comes through, and nothing traps them."""

import itertools
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.guests.build import EXAMPLES
from tests.guests.small_host import SmallHost

CREATED = json.loads(Path(EXAMPLES, "pagerduty/cases/events/critical.json").read_bytes())
AGENT = {"id": "01AGENT", "name": "Kim", "role": "staff"}
CONFIG = {
    "audit-trail": {"url": "https://collector.example.com/ingest", "token": "t"},
    "pagerduty": {"routing_key": "k"},
    "jira-linker": {"jira_authorization": "Basic x", "panel_secret": "s"},
    "triage": {"rules": '[{"then": {"priority": "Low"}}]'},
}
TICKETS = itertools.count()
ISSUE = b'{"key": "A-1", "fields": {"summary": "s", "status": {"name": "n"}, "assignee": null}}'


@pytest.fixture(scope="module")
def hosts(guest):
    """Return an instance of each example; to compile one is dear beside asking it."""
    made = {name: SmallHost(guest(f"examples/{name}"), http_body=ISSUE) for name in CONFIG}
    return made.__getitem__


def deliver(host, payload: bytes) -> None:
    """Give a guest bytes that need not be an event, and forget what it did before."""
    for kept in (host.logs, host.requests, host.replies, host.fields):
        kept.clear()
    pointer, free = host.put(payload)
    host.call("on_event", pointer, len(payload))
    free()


def event(name: str, subject: str) -> dict:
    # Each event is of another ticket: the plugins remember what they did for one.
    new = {"id": f"01TICKET{next(TICKETS)}", "subject": subject, "description": "See PROJ-1."}
    ticket = CREATED["ticket"] | new
    return {**CREATED, "ticket": ticket, "actor": AGENT, "config": CONFIG[name]}


def asked(host, index: int):
    return json.loads(host.requests[index]["body"])


@settings(max_examples=60, deadline=None)
@given(subject=st.text(max_size=60), ascii_only=st.booleans(), indent=st.sampled_from([None, 2]))
def test_any_text_comes_through_as_it_is(hosts, subject, ascii_only, indent):
    def give(name):
        text = json.dumps(event(name, subject), ensure_ascii=ascii_only, indent=indent)
        deliver(hosts(name), text.encode("utf-8", "surrogatepass"))
        return hosts(name)

    assert asked(give("pagerduty"), 0)["payload"]["summary"] == subject
    assert asked(give("jira-linker"), 1)["object"]["title"] == subject
    assert asked(give("audit-trail"), 0)["event"] == "ticket.created"
    assert give("triage").fields[0]["value"] == "Low"


@pytest.mark.parametrize("name", CONFIG)
def test_what_is_no_event_is_survived(hosts, name):
    whole = json.dumps(event(name, 'a "quoted\\ subject\u00fc')).encode()
    host = hosts(name)
    for cut in range(0, len(whole), 7):
        deliver(host, whole[:cut])
        assert host.replies == []
        assert host.fields == []
        assert len(host.logs) == 1 or name == "audit-trail"
    for strange in (b"[" * 5000, b'{"a":' * 5000, b'"\\u12"', b"\xff\xfe", b"nul", b"{}x", b"{,}"):
        deliver(host, strange)
        assert host.fields == []
    deliver(host, whole)
    assert host.requests or host.fields

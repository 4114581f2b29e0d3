"""The bundled digest plugin: what it writes, and that the committed file is what is built."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.guests.build import EXAMPLES, build_guest
from tests.guests.small_host import SmallHost

Host = Callable[..., SmallHost]
WORDS = "urgent,asap,down,outage,broken"


def created(subject: str = "Hello", description: str = "", **more: Any) -> dict[str, Any]:
    ticket = {"id": "01TICKET", "subject": subject, "description": description, "item": None}
    return {
        "event": "ticket.created",
        "ticket": ticket | {"custom_fields": {"a": "b"}, "n": [1, {"x": [True]}]},
        "config": {"urgent_words": WORDS},
    } | more


def urgency(host: SmallHost) -> str:
    return next(f["value"] for f in host.fields if f["key"] == "digest_urgency")


def test_the_committed_plugin_is_what_its_sources_build() -> None:
    committed = (EXAMPLES / "digest" / "digest.wasm").read_bytes()
    assert committed == build_guest("examples/digest").read_bytes()


def test_a_new_ticket_gets_one_internal_note_and_two_fields(host: Host) -> None:
    run = host("examples/digest")
    run.on_event(created("New laptop", "See https://a.example/x, and (http://b.example)."))
    (note,) = run.replies
    assert note["ticket_id"] == "01TICKET"
    assert note["is_internal"] is True
    assert note["body"] == (
        "Digest: 6 words, 2 links, urgency low.\n\n"
        "Links:\n\n- https://a.example/x\n- http://b.example"
    )
    assert run.fields == [
        {"ticket_id": "01TICKET", "key": "digest_words", "value": "6"},
        {"ticket_id": "01TICKET", "key": "digest_urgency", "value": "low"},
    ]
    assert run.logs == []


@pytest.mark.parametrize(
    ("subject", "description", "expected"),
    [
        ("Hello", "all is fine", "low"),
        ("Hello", "it is down", "normal"),
        ("Hello", "it is DOWN, fix it asap", "high"),
        ("Outage!", "", "high"),
        ("Hello", "downtown breakdown unbroken", "low"),
        ("Hello", "adownä", "low"),
    ],
)
def test_urgency_follows_whole_words(
    host: Host, subject: str, description: str, expected: str
) -> None:
    run = host("examples/digest")
    run.on_event(created(subject, description))
    assert urgency(run) == expected


def test_configured_phrases_count(host: Host) -> None:
    run = host("examples/digest")
    run.on_event(created("Hi", "it does Not Work", config={"urgent_words": " , not work ,"}))
    assert urgency(run) == "normal"
    assert "Urgent words: not work" in run.replies[0]["body"]


def test_other_events_are_left_alone(host: Host) -> None:
    run = host("examples/digest")
    run.on_event(created() | {"event": "ticket.closed"})
    assert run.replies == []
    assert run.fields == []


def test_many_long_links_are_cut(host: Host) -> None:
    run = host("examples/digest")
    run.on_event(created("Hi", " ".join(f"https://{i}.example/" + "ü" * 500 for i in range(50))))
    lines = run.replies[0]["body"].split("\n- ")
    assert len(lines) == 7
    assert lines[-1] == "and 45 more"
    assert all(len(line.encode()) <= 200 for line in lines[1:])


def test_a_payload_that_is_not_json_is_logged_and_survived(host: Host) -> None:
    run = host("examples/digest")
    for payload in (b"", b"[", b'{"event"', b"{" * 5000, b'{"a":' + b"[" * 5000, b'{"a":"\\u12'):
        pointer, free = run.put(payload)
        run.call("on_event", pointer, len(payload))
        free()
    assert len(run.logs) == 6
    run.on_event(created())
    assert len(run.replies) == 1


@settings(max_examples=60, deadline=None)
@given(subject=st.text(max_size=200), link=st.text(max_size=50), words=st.text(max_size=60))
def test_any_text_gives_well_formed_payloads(
    digest: bytes, subject: str, link: str, words: str
) -> None:
    run = SmallHost(digest)
    run.on_event(created(subject, f"https://{link} " + subject, config={"urgent_words": words}))
    assert len(run.replies) == 1
    assert len(run.fields) == 2
    counted = re.findall(r"[^ \t\r\n]+", f"{subject} https://{link} {subject}")
    assert int(run.fields[0]["value"]) == len(counted)


@pytest.fixture(scope="module")
def digest(guest: Callable[[str], bytes]) -> bytes:
    return guest("examples/digest")

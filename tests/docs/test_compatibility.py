"""The code keeps what the last release promised, or the changelog says what it breaks."""

import copy
import re
from typing import Any

import pytest

from docs.tools import surface
from docs.tools.compatibility import Sides, breaks
from tests.docs.pages import ROOT

CHANGELOG = (ROOT / "CHANGELOG.md").read_text("utf-8")


@pytest.fixture(scope="module")
def now() -> dict[str, Any]:
    return surface.surface()


def unreleased() -> str:
    return CHANGELOG.partition("## [Unreleased]")[2].partition("\n## [")[0]


def test_nothing_that_was_released_is_broken_unless_the_changelog_names_it(now):
    named = set(re.findall(r"`([^`]+)`", unreleased()))
    unsaid = [str(found) for found in breaks(surface.released(), now) if found.name not in named]
    assert unsaid == [], "see docs/contributing/compatibility.md"


def test_the_last_release_is_one_that_the_changelog_has():
    assert f"## [{surface.released()['version']}] - " in CHANGELOG


def test_what_is_released_is_no_text_for_people(now):
    assert surface.without_texts({"title": "x", "properties": {"title": {"title": "y"}}}) == {
        "properties": {"title": {}}
    }
    assert "summary" not in now["openapi"]["paths"]["/api/tickets"]["get"]


def drop(path: str, value: Any = None) -> Any:
    """Return a change that takes one thing out of a surface, or puts ``value`` in its place."""

    def change(found: dict[str, Any]) -> None:
        *steps, last = path.split("|")
        at = found
        for step in steps:
            at = at[step]
        if value is None:
            del at[last]
        else:
            at[last] = value

    return change


TICKET = "openapi|components|schemas|ListedTicket"
BODY = "openapi|components|schemas|TicketBody"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (drop("cli|ohd plugin rollback"), "ohd plugin rollback: the command is gone"),
        (drop("cli|ohd serve|options|--port"), "ohd serve: the option --port is gone"),
        (
            drop("cli|ohd serve|options|--demo", {"required": 0, "flag": 0, "multiple": 0}),
            "ohd serve: --demo now needs a value",
        ),
        (
            drop("cli|ohd backup|options|--x", {"required": 1, "flag": 0, "multiple": 0}),
            "ohd backup: --x is now required",
        ),
        (drop("cli|ohd backup|arguments", []), "ohd backup: it takes fewer arguments"),
        (drop("settings|[server] port"), "[server] port: the key is gone"),
        (
            drop("settings|[server] port|maximum", 1024),
            "[server] port: its value has another maximum: 65535 and now 1024",
        ),
        (drop("contracts|ohd.ohd_log"), "ohd.ohd_log: its type was i32,i32,i32 ->  and is gone"),
        (
            drop("migrations|supervisor m001_plugins", "x"),
            "supervisor m001_plugins: the step was changed; append another one",
        ),
        (drop("schemas|ticket.created"), "ticket.created: the schema is gone"),
        (drop("openapi|paths|/api/tickets|post"), "POST /api/tickets: the operation is gone"),
        (
            drop(f"{TICKET}|properties|subject"),
            "GET /api/tickets: the answer.data[].subject is gone",
        ),
        (
            drop(f"{TICKET}|properties|subject", {"type": "integer"}),
            "GET /api/tickets: the answer.data[].subject was string and is integer",
        ),
        (drop(f"{TICKET}|required", []), "GET /api/tickets: the answer.data[].id may be missing"),
        (
            drop(f"{BODY}|required", ["subject", "priority"]),
            "POST /api/tickets: the request now requires priority",
        ),
        (
            drop(f"{BODY}|properties|subject", {"type": "integer"}),
            "POST /api/tickets: the request.subject was string and is integer",
        ),
    ],
)
def test_each_kind_of_break_is_found_and_named(now, change, expected):
    changed = copy.deepcopy(now)
    change(changed)
    assert expected in [str(found) for found in breaks(now, changed)]


@pytest.mark.parametrize(
    "change",
    [
        drop("cli|ohd fly", {"arguments": [], "options": {}}),
        drop("cli|ohd serve|options|--fast", {"required": 0, "flag": 1, "multiple": 0}),
        drop("settings|[server] new", {"type": "string"}),
        drop("settings|[server] port|minimum", -1),
        drop("contracts|ohd.ohd_new", "i32 -> "),
        drop("migrations|supervisor m999_new", "x"),
        drop("schemas|ticket.new", {}),
        drop("openapi|paths|/api/new", {"get": {"responses": {}}}),
        drop(f"{TICKET}|properties|new", {"type": "string"}),
        drop(f"{BODY}|properties|new", {"type": "string"}),
    ],
)
def test_an_addition_breaks_nothing(now, change):
    changed = copy.deepcopy(now)
    change(changed)
    assert breaks(now, changed) == []


TEXT, NUMBER, NOTHING = {"type": "string"}, {"type": "integer"}, {"type": "null"}


@pytest.mark.parametrize(
    ("old", "new", "taken", "given"),
    [
        (TEXT, {"anyOf": [TEXT, NOTHING]}, True, False),
        ({"anyOf": [TEXT, NOTHING]}, TEXT, False, True),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, True, True),
        ({"enum": ["a", "b"]}, {"enum": ["a"]}, False, True),
        ({"enum": ["a"]}, TEXT, True, True),
        (TEXT, {"enum": ["a"]}, False, True),
        (NUMBER, {"type": "number"}, True, False),
        ({"type": "array", "items": TEXT}, {"type": "array", "items": NUMBER}, False, False),
        (TEXT, {"type": "string", "maxLength": 5}, False, True),
        ({"type": "string", "pattern": "a"}, TEXT, True, True),
        (TEXT, {"type": "string", "pattern": "a"}, False, True),
    ],
)
def test_a_schema_may_widen_for_what_is_taken_and_narrow_for_what_is_given(old, new, taken, given):
    assert (list(Sides({}, {}).taken(old, new, "it")) == []) is taken
    assert (list(Sides({}, {}).given(old, new, "it")) == []) is given


def test_schemas_that_lead_to_themselves_are_compared_once():
    parts = {"Tree": {"type": "object", "properties": {"below": {"$ref": "#/Tree"}}}}
    other = copy.deepcopy(parts)
    other["Tree"]["properties"]["more"] = TEXT
    tree = {"$ref": "#/Tree"}
    assert list(Sides(parts, other).given(tree, tree, "it")) == []

"""Configuration values: merged with what is saved, checked, completed by defaults."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.errors import ConfigInvalid
from supervisor.manifest import Manifest, check_config, effective_config

Parse = Callable[..., Manifest]

SCHEMA = {
    "url": {"type": "string", "required": True, "secret": True},
    "channel": {"type": "string", "default": "#support"},
    "loud": {"type": "boolean"},
    "count": {"type": "integer", "required": True, "default": 3},
    "colour": {"type": "select", "options": ["red", "green"]},
}


@pytest.fixture(scope="module")
def manifest(parse: Parse) -> Manifest:
    return parse(config_schema=SCHEMA)


def problems(manifest: Manifest, offered: dict[str, Any], **saved: Any) -> dict[str, str]:
    with pytest.raises(ConfigInvalid) as caught:
        check_config(manifest, offered, saved)
    return caught.value.problems


def test_values_that_fit_are_kept_in_the_schemas_order(manifest: Manifest) -> None:
    offered = {"colour": "red", "count": -1, "loud": True, "channel": "", "url": "u"}
    assert list(check_config(manifest, offered).items()) == [
        ("url", "u"),
        ("channel", ""),
        ("loud", True),
        ("count", -1),
        ("colour", "red"),
    ]


def test_what_is_not_offered_stays_as_it_was_saved(manifest: Manifest) -> None:
    saved = {"url": "secret", "loud": True}
    assert check_config(manifest, {"loud": False}, saved) == {"url": "secret", "loud": False}


def test_null_removes_a_saved_value(manifest: Manifest) -> None:
    assert check_config(manifest, {"colour": None}, {"url": "u", "colour": "red"}) == {"url": "u"}
    assert problems(manifest, {"url": None}, url="u") == {"url": "this field is required"}


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("url", 5, "expected a text"),
        ("url", True, "expected a text"),
        ("url", ["u"], "expected a text"),
        ("url", "a\0b", "expected a text without NUL characters"),
        ("url", "\ud800", "expected a text of whole Unicode characters"),
        ("url", "ü" * 32_769, "expected a text of at most 65,536 bytes"),
        ("url", "", "this field is required"),
        ("loud", 1, "expected true or false"),
        ("loud", "true", "expected true or false"),
        ("count", True, "expected a whole number"),
        ("count", 1.0, "expected a whole number"),
        ("count", "3", "expected a whole number"),
        ("count", 2**53, "expected a number of at most 2^53 - 1"),
        ("count", -(2**53), "expected a number of at most 2^53 - 1"),
        ("colour", "blue", 'expected one of its options: "red", "green"'),
        ("colour", 1, 'expected one of its options: "red", "green"'),
        ("colour", ["red"], 'expected one of its options: "red", "green"'),
        ("size", 1, "the plugin's configuration has no such field"),
    ],
)
def test_each_wrong_value_is_told_under_its_field(
    manifest: Manifest, name: str, value: object, expected: str
) -> None:
    assert problems(manifest, {"url": "u", name: value}) == {name: expected}


def test_all_problems_are_told_at_once(manifest: Manifest) -> None:
    found = problems(manifest, {"size": 1, "count": "x", "a\nb": 1})
    assert list(found) == ["url", "count", '"a\\nb"', "size"]


def test_a_required_field_with_a_default_needs_no_value(manifest: Manifest) -> None:
    assert check_config(manifest, {"url": "u"}) == {"url": "u"}


def test_an_incomplete_configuration_can_be_saved_when_asked_for(manifest: Manifest) -> None:
    assert check_config(manifest, {"loud": True}, complete=False) == {"loud": True}


def test_saved_values_that_a_new_version_has_no_room_for_are_dropped(manifest: Manifest) -> None:
    saved = {"url": "u", "gone": 1, "colour": "blue", "count": "many"}
    assert check_config(manifest, {}, saved) == {"url": "u"}


def test_no_value_is_ever_in_a_message(manifest: Manifest) -> None:
    secret = "hunter2-" * 10
    with pytest.raises(ConfigInvalid) as caught:
        check_config(manifest, {"url": [secret], "count": secret, "colour": secret})
    assert "hunter2" not in str(caught.value)


def test_a_plugin_receives_values_else_defaults(manifest: Manifest) -> None:
    assert effective_config(manifest, {"url": "u", "count": 0, "gone": 1}) == {
        "url": "u",
        "channel": "#support",
        "loud": False,
        "count": 0,
    }


def test_a_saved_value_of_another_type_gives_way_to_the_default(manifest: Manifest) -> None:
    assert effective_config(manifest, {"count": "many", "colour": "blue"}) == {
        "channel": "#support",
        "loud": False,
        "count": 3,
    }


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
NAMES = st.sampled_from([*SCHEMA, "other", ""])


@given(offered=st.dictionaries(NAMES, VALUES), saved=st.dictionaries(NAMES, VALUES))
def test_whatever_is_offered_the_result_fits_or_the_problems_are_named(
    manifest: Manifest, offered: dict[str, Any], saved: dict[str, Any]
) -> None:
    try:
        clean = check_config(manifest, offered, saved)
    except ConfigInvalid as error:
        named: dict[str, str] = error.problems
    else:
        named = {}
        assert check_config(manifest, {}, clean) == clean
        assert clean["url"]
        assert all(clean[name] == value for name, value in offered.items() if name in clean)
    assert all(named.values())

"""Custom fields of plugins: what is read is what was written, and searches find what they say."""

import json
from typing import Any

import pytest

from supervisor.calls.field_values import FieldNames, read_filters
from supervisor.registration.grants import FunctionRefused

NAMES = FieldNames("stats", {"note": "text", "score": "number", "done": "boolean", "tags": "list"})


@pytest.mark.parametrize(
    "value",
    ["plain", "5", "true", '"quoted"', "", 5, 2.5, True, ["a", 1], {"a": None}, "NaN", "ü"],
)
def test_what_is_read_is_what_was_written(value):
    assert NAMES.read("free", NAMES.write("free", value)) == value


def test_a_field_of_text_is_always_text_and_others_refuse_it():
    assert NAMES.write("note", "5") == "5"
    assert NAMES.read("note", "5") == "5"
    for name, wrong in (("note", 5), ("score", "5"), ("score", True), ("done", 1), ("tags", "a")):
        with pytest.raises(FunctionRefused, match="expected a value of type"):
            NAMES.write(name, wrong)


@pytest.mark.parametrize("name", ["", "a b", "ü", "a.b", "x" * 60, None, 5, "other-field"])
def test_names_stay_the_plugins_own(name):
    with pytest.raises(FunctionRefused):
        NAMES.key(name)


def test_other_plugins_fields_are_not_seen():
    assert NAMES.own({"stats_score": "5", "stat_score": "1", "stats2_score": "1"}) == {"score": 5}


def changed(op: dict[str, Any], found: Any = None) -> Any:
    fields = {} if found is None else {"stats_x": json.dumps(found)}
    return NAMES.read("x", NAMES.changed({"x": op}, fields)["stats_x"])


def test_operations_change_what_is_there():
    assert changed({"op": "increment", "value": 2}, 5) == 7
    assert changed({"op": "increment"}) == 1
    assert changed({"op": "append", "value": "b"}, ["a"]) == ["a", "b"]
    assert changed({"op": "append", "value": "a"}, ["a"]) == ["a"]
    assert changed({"op": "remove", "value": "a"}, ["a", "b"]) == ["b"]
    assert changed({"op": "toggle"}) is True
    assert changed({"op": "toggle"}, True) is False
    assert changed({"op": "cas", "expect": None, "value": 1}) == 1


@pytest.mark.parametrize(
    "op",
    [
        {"op": "increment", "value": 10, "ceiling": 12},
        {"op": "increment", "value": -10, "floor": 0},
        {"op": "increment", "value": "1"},
        {"op": "increment", "value": 1e308 * 10},
        {"op": "increment", "value": 10**400},
        {"op": "cas", "expect": 4, "value": 1},
        {"op": "drop"},
    ],
)
def test_operations_that_do_not_fit_change_nothing(op):
    with pytest.raises(FunctionRefused):
        changed(op, 5)


def fits(operator: str, value: Any, found: Any, value2: Any = None) -> bool:
    given = {"field": "x", "operator": operator, "value": value, "value2": value2}
    (one,) = read_filters([given], NAMES)
    return one.fits(found)


def test_conditions_compare_what_can_be_compared():
    assert fits("gt", 3, 5)
    assert not fits("gt", 3, "5")
    assert fits("between", 1, 3, 5)
    assert not fits("between", 1, 3, None)
    assert fits("in", ["a", "b"], "a")
    assert fits("like", "%Err_r%", "an ERROR here")
    assert not fits("like", "Err", "error")
    assert fits("neq", 1, None)


@pytest.mark.parametrize(
    "filters",
    [
        [],
        ["x"],
        [{"field": "x", "operator": "near"}],
        [{"field": "a;b", "operator": "eq"}],
        [{"field": "x", "operator": "in", "value": "a"}],
        [{"field": "x", "operator": "like", "value": "%" * 201}],
        [{"field": "x"}] * 21,
    ],
)
def test_searches_that_are_none_are_refused(filters):
    with pytest.raises(FunctionRefused):
        read_filters(filters, NAMES)

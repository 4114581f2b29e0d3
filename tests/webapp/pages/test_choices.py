"""The three selects of the catalogue: what they offer, and what a mixture of choices means."""

import pytest

from helpdesk.catalogue import CategoryNode, TypeNode
from helpdesk.errors import Invalid
from helpdesk.tickets.model import Ref
from webapp.pages.choices import catalogue_levels, place_is_changed, read_place

TREE = (
    CategoryNode("h", "Hardware", (TypeNode("l", "Laptop", (Ref("b", "Battery"),)),)),
    CategoryNode("s", "Software", (TypeNode("e", "Email", ()),)),
)
STANDS = {"was_category": "h", "was_type": "h/l", "was_item": "h/l/b"}
UNCHANGED = {"category": "h", "type": "h/l", "item": "h/l/b"}


def place(**fields: str) -> tuple[str | None, str | None, str | None]:
    found = read_place(fields)
    return found["category"], found["type"], found["item"]


def test_each_option_names_the_one_above_it() -> None:
    category, kind, item = catalogue_levels(TREE, {"type": "s/e"})
    assert [(c.value, c.above) for c in category.options.choices] == [("h", ""), ("s", "")]
    assert [(c.value, c.above) for c in kind.options.choices] == [("h/l", "h"), ("s/e", "s")]
    assert [(c.value, c.above, c.group) for c in item.options.choices] == [
        ("h/l/b", "h/l", "Hardware / Laptop")
    ]
    assert [level.above for level in (category, kind, item)] == ["", "category", "type"]
    assert kind.chosen == "s/e"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ({}, (None, None, None)),
        ({"category": "h"}, ("h", None, None)),
        ({"category": "h", "type": "h/l"}, ("h", "l", None)),
        ({"category": "h", "type": "h/l", "item": "h/l/b"}, ("h", "l", "b")),
        ({"item": "h/l/b"}, ("h", "l", "b")),
        ({"type": "s/e"}, ("s", "e", None)),
    ],
)
def test_in_a_new_form_the_deepest_choice_brings_what_it_belongs_to(
    chosen: dict[str, str], expected: tuple[str | None, ...]
) -> None:
    assert place(**chosen) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"category": "s"}, ("s", None, None)),
        ({"category": "s", "type": "", "item": ""}, ("s", None, None)),
        ({"category": "s", "type": "s/e"}, ("s", "e", None)),
        ({"type": "s/e"}, ("s", "e", None)),
        ({"type": ""}, ("h", None, None)),
        ({"item": ""}, ("h", "l", None)),
        ({"category": ""}, (None, None, None)),
        ({"category": "", "type": "", "item": ""}, (None, None, None)),
    ],
)
def test_in_a_form_of_a_standing_ticket_the_changed_choice_counts(
    changed: dict[str, str], expected: tuple[str | None, ...]
) -> None:
    fields = STANDS | UNCHANGED | changed
    assert place_is_changed(fields)
    assert place(**fields) == expected


def test_an_unchanged_place_is_left_alone() -> None:
    assert not place_is_changed(STANDS | UNCHANGED)
    assert place(**STANDS, **UNCHANGED) == ("h", "l", "b")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"category": "h", "type": "s/e"}, "type"),
        ({"type": "s/e", "item": "h/l/b"}, "item"),
        ({"category": "a/b/c/d"}, "category"),
        (STANDS | UNCHANGED | {"category": "s", "type": "h/x"}, "type"),
    ],
)
def test_choices_that_contradict_each_other_are_refused(fields: dict[str, str], named: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_place(fields)
    assert refused.value.field == named

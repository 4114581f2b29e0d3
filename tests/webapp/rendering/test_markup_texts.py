"""Texts of templates are found whole, and a translation may move what stands in them."""

import pytest

from webapp.rendering.markup_texts import marks, texts, translated


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Log in</p>", ["Log in"]),
        ("<td>\n  Log\n  in  </td>", ["Log in"]),
        ("<p>{{ name }}</p><p>\N{EN DASH}</p><p>12 %</p>", []),
        ("<p>By {{ a.name }}, {{ time(at) }}</p>", ["By {name}, {at}"]),
        ("<p>{{ a.name }} and {{ b.name }}</p>", ["{name} and {name2}"]),
        ("<p>See <a href='/x'>the list</a>.</p>", ["See <a>the list</a>."]),
        ("<p><a href='/x'>The list</a></p>", ["The list"]),
        ("<p>{% if x %}One{% else %}Two{% endif %}</p>", ["One", "Two"]),
        ('<input placeholder="Any" value="Not read">', ["Any"]),
        ('<p title="{% if x %}Yes{% endif %} {{ y }}">No</p>', ["Yes", "No"]),
        ("<script>var text = 'x';</script><style>p {}</style><kbd>Esc</kbd>", []),
        ("<title>{% block t %}Mail \N{EN DASH} {{ site_name }}{% endblock %}</title>", ["Mail"]),
        ("<button>{{ icon('plus') }}New</button>", ["New"]),
        ("{# not text #}{% macro a() %} hidden{% endmacro %}{# text #}<p>Shown</p>", ["Shown"]),
        ("<p>Up to <b>5</b><span></span></p>", ["Up to <b>5</b>"]),
        ("<p>{# a remark #}Text{# another #}</p>", ["Text"]),
        ("<p>open <b>{% if x %}bold</b>{% endif %}", ["open", "bold"]),
    ],
)
def test_a_text_is_found_with_its_marks(source: str, found: list[str]) -> None:
    assert texts(source) == found
    assert translated(source, lambda text: text) == source or "\n" in source


def test_a_translation_moves_tags_and_values() -> None:
    source = '<p>Merged into <a href="/{{ n }}">#{{ n }}</a> by {{ who | e }}.</p>'
    said = translated(source, lambda _: "{who} hat es in <a>#{n}</a> geführt.")
    assert said == '<p>{{ who | e }} hat es in <a href="/{{ n }}">#{{ n }}</a> geführt.</p>'


def test_a_quote_cannot_end_an_attribute() -> None:
    said = translated('<input placeholder="Any">', lambda _: 'a "b"')
    assert said == '<input placeholder="a &quot;b&quot;">'


def test_marks_are_those_of_values_and_tags() -> None:
    assert marks("{a} <b>x</b> <br> 5 < 6 {}") == ["</b>", "<b>", "<br>", "{a}"]

"""Foreign text keeps its direction to itself."""

import re
from pathlib import Path

import pytest

import webapp
from webapp.rendering.bidi import isolate
from webapp.rendering.markdown import to_html
from webapp.rendering.templating import template

TEMPLATES = Path(webapp.__file__).parent / "templates"
TURNED = "invoice \u202egnp.exe"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("größe", "größe"),
        ("\u05e9\u05dc\u05d5\u05dd", "\u2068\u05e9\u05dc\u05d5\u05dd\u2069"),
        (TURNED, f"\u2068{TURNED}\u2069"),
        ("a\u2069b\u202e", "\u2068ab\u202e\u2069"),
        ("a\u2067b", "\u2068a\u2067b\u2069\u2069"),
        ("a\u2067b\u2069", "\u2068a\u2067b\u2069\u2069"),
        (5, 5),
    ],
    ids=ascii,
)
def test_text_that_may_turn_direction_is_closed_in_itself(text, shown):
    assert isolate(text) == shown


def test_every_template_isolates_and_escapes_what_it_shows():
    rendered = (
        template("error.html").environment.from_string("<p>{{ it }}</p>").render(it=f"<b>{TURNED}")
    )
    assert rendered == f"<p>\u2068&lt;b&gt;{TURNED}\u2069</p>"


def test_the_value_of_a_field_comes_back_as_it_was():
    source = '<input value="{{ it | verbatim }}">'
    rendered = template("error.html").environment.from_string(source).render(it=f'"{TURNED}')
    assert rendered == f'<input value="&#34;{TURNED}">'


def test_a_mark_of_direction_ends_an_address():
    html = to_html("https://a.example/\u202egnp.exe")
    assert 'href="https://a.example/"' in html


IN_ASCII = ('id="ticket"', 'id="host"', 'id="link-other"', 'id="merge-into"', 'inputmode="decimal"')
"""Fields for ids, numbers and host names."""


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_every_field_for_free_text_takes_the_direction_of_what_is_typed(path: Path):
    source = path.read_text("utf-8")
    for line in source.splitlines():
        for start in re.finditer(r"<(input|textarea)\b", line):
            field = line[start.start() :]
            free = start[1] == "textarea" or re.search(
                r'type="(text|search|\{\{ type \}\})"', field
            )
            if free and not any(name in field for name in IN_ASCII):
                assert 'dir="auto"' in field, field

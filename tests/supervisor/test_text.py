"""Text that a guest chose cannot forge what an operator reads."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.text import clean_text

BAD = "\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    "hidden",
    ["\x1b", "\x00", "\x07", "\x7f", "\x9b", "\u202e", "\u200b", "\u2028", "\ufeff", "\ud800"],
)
def test_what_cannot_be_seen_is_replaced(hidden):
    assert clean_text(f"a{hidden}b", 100) == f"a{BAD}b"


def test_lines_stay_where_they_may_and_go_where_they_may_not():
    assert clean_text("a\n\tb", 100) == "a\n\tb"
    assert clean_text("a\n\tb", 100, lines=False) == f"a{BAD}{BAD}b"
    assert clean_text("a\rb", 100) == f"a{BAD}b"


def test_letters_of_every_script_stay():
    text = "Grüße, 世界, مرحبا, 🎟"
    assert clean_text(text, 100) == text


def test_long_text_is_cut_and_says_so():
    assert clean_text("x" * 11, 10) == "x" * 10 + "…"
    assert clean_text("é" * 11, 10) == "é" * 10 + "…"
    assert clean_text("x" * 10, 10) == "x" * 10


@given(st.text(alphabet=st.characters(codec=None), max_size=200), st.integers(0, 100))
def test_whatever_comes_fits_and_can_be_stored(text, limit):
    cleaned = clean_text(text, limit, lines=False)
    assert len(cleaned) <= limit + 1
    cleaned.encode("utf-8")
    assert all(c.isprintable() or c.isspace() for c in cleaned)

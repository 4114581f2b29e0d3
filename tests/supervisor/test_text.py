"""Text that a guest chose cannot forge what an operator reads."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supervisor.text import clean_text


@pytest.mark.parametrize(
    ("hidden", "shown"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("\x00", r"\x00"),
        ("\x07", r"\x07"),
        ("\x7f", r"\x7f"),
        ("\x9b", r"\x9b"),
        ("\x0b", r"\x0b"),
        ("\u202e", r"\u202e"),
        ("\u200b", r"\u200b"),
        ("\u200d", r"\u200d"),
        ("\ufeff", r"\ufeff"),
        ("\uffff", r"\uffff"),
        ("\ud800", r"\ud800"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_what_cannot_be_seen_or_controls_a_terminal_is_escaped(hidden, shown):
    assert clean_text(f"a{hidden}b", 100) == f"a{shown}b"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\x85", "\u2028", "\u2029"])
def test_line_ends_stay_where_they_may_and_are_named_where_they_may_not(end):
    assert clean_text(f"a{end}\tb", 100) == "a\n\tb"
    escaped = end.encode("unicode_escape").decode()
    assert clean_text(f"a{end}\tb", 100, lines=False) == f"a{escaped}\\tb"


@pytest.mark.parametrize(
    "text",
    [
        "Grüße, 世界, مرحبا, 🎟",
        "👩\u200d👩\u200d👧\u200d👦",
        "❤\ufe0f\u200d🔥",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "می\u200cخواهم",  # noqa: RUF001
        "PDF\u200cها",  # noqa: RUF001
        "क्\u200dष",
        "e\u0301",
        "a newer letter \U0001fae9\U0001fadf",
    ],
)
@pytest.mark.parametrize("lines", [True, False])
def test_letters_and_pictures_of_every_script_stay(text, lines):
    assert clean_text(text, 100, lines=lines) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("ad\u200dmin", r"ad\u200dmin"),
        ("م\u200c\u200cم", "م" + r"\u200c\u200c" + "م"),
        ("\u200dم", r"\u200d" + "م"),
        ("م\u200d", "م" + r"\u200d"),
        ("\U000e0067\U000e007f", r"\U000e0067\U000e007f"),
    ],
)
def test_a_joiner_that_joins_nothing_is_not_hidden(text, shown):
    assert clean_text(text, 100) == shown


def test_long_text_is_cut_and_says_so():
    assert clean_text("x" * 11, 10) == "x" * 10 + "…"
    assert clean_text("é" * 11, 10) == "é" * 10 + "…"
    assert clean_text("x" * 10, 10) == "x" * 10
    assert clean_text("\x00" * 10, 10) == r"\x00\x00…"
    assert clean_text("a\r\n" * 10, 4) == "a\na…"


@given(st.text(alphabet=st.characters(codec=None), max_size=200), st.integers(0, 100))
def test_whatever_comes_fits_and_can_be_stored(text, limit):
    cleaned = clean_text(text, limit, lines=False)
    assert len(cleaned) <= limit + 1
    cleaned.encode("utf-8")
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Co", "Zl", "Zp"} for c in cleaned)

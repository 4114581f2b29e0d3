"""The page about GoatKit plugins against the code that it speaks of."""

import pytest

from docs.tools import goatkit
from docs.tools.parts import names_of


def test_the_page_says_what_the_code_says():
    text = goatkit.PAGE.read_text("utf-8")
    assert text == goatkit.rewritten(), "run: python -m docs.tools.goatkit"


def test_every_part_has_its_place():
    placed = names_of(goatkit.PAGE.read_text("utf-8"))
    assert set(goatkit.parts()) <= set(placed)
    assert len(placed) == len(set(placed))


def test_a_limit_without_words_is_an_error(monkeypatch):
    monkeypatch.delitem(goatkit._CAPS, "entries")
    with pytest.raises(LookupError, match="entries"):
        goatkit._limits()

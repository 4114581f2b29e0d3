"""The pages for authors against the code that they speak of."""

import pytest

from docs.tools import abi, wording
from docs.tools.parts import names_of, replace_part


@pytest.fixture
async def fresh():
    return await abi.parts()


async def test_the_pages_say_what_the_code_says(fresh):
    for page in abi.PAGES:
        text = page.read_text("utf-8")
        assert text == abi.rewritten(page, fresh), "run: python -m docs.tools.abi"


async def test_every_part_has_its_place_on_one_page(fresh):
    placed = [name for page in abi.PAGES for name in names_of(page.read_text("utf-8"))]
    assert sorted(placed) == sorted(fresh)


def test_a_thing_without_words_is_an_error(monkeypatch):
    monkeypatch.delitem(wording.LIMITS, "module_bytes")
    with pytest.raises(LookupError, match="module_bytes"):
        abi._limits()


def test_words_without_a_thing_are_an_error(monkeypatch):
    monkeypatch.setitem(wording.FUNCTIONS, "ohd_delete_ticket", "removed")
    with pytest.raises(LookupError, match="ohd_delete_ticket"):
        abi._functions()


def test_a_part_is_replaced_and_one_without_its_end_is_an_error():
    page = "before\n<!-- figures -->\n<!-- end of figures -->\nbehind\n"
    once = replace_part(page, "figures", "one")
    assert once == "before\n<!-- figures -->\none\n<!-- end of figures -->\nbehind\n"
    assert replace_part(once, "figures", "two") == once.replace("one", "two")
    with pytest.raises(LookupError, match="figures"):
        replace_part("<!-- figures -->\n", "figures", "one")

"""The table in the docs is the one that was measured, and nothing else of the page changes."""

from pathlib import Path

import pytest

from benchmarks.model import Limit, Row, Sample
from benchmarks.page import BEGIN, END, PAGE, MarksMissing, write_page

ROW = Row.of(
    "a delivery",
    "us",
    {"ours": Sample((9.0, 9.0)), "Extism": Sample((18.0, 18.0)), "other": Sample((9.0, 9.0))},
    limits=[Limit(0.6, of="Extism")],
    missing={"wazero": "no Go"},
    note="pipelined",
)


def test_the_table_stands_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_page([ROW], "a machine", page)
    write_page([ROW], "a machine", page)
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\na machine.\n\n| work |")
    assert text.endswith(f"{END}\nafter\n")
    assert "old" not in text
    assert (
        "| a delivery (pipelined) | 9 us ±0% | Extism: 18 us ±0% | 0.50 |"
        " ≤ 0.6 x Extism: met | met |\n" in text
    )
    assert "|  |  | other: 9 us ±0% | 1.00 |  |  |\n" in text
    assert "|  |  | wazero: none, no Go |  |  |  |\n" in text


def test_a_page_without_marks_is_left_alone(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"{END} {BEGIN}")
    with pytest.raises(MarksMissing):
        write_page([ROW], "a machine", page)
    assert page.read_text() == f"{END} {BEGIN}"


def test_the_page_on_performance_has_the_marks() -> None:
    text = PAGE.read_text("utf-8")
    assert 0 < text.index(BEGIN) < text.index(END)

"""Writes CSV that a spreadsheet shows and does not run (RFC 4180).

A cell that begins like a formula gets an apostrophe in front: what plugins and servers chose must
not become a command on an admin's machine.
"""

import csv
import io
from collections.abc import Iterable, Sequence

_WIDE = 0xFEE0
"""From an ASCII character to its full-width form, which spreadsheets read alike."""
_OPENING = "=+-@"
_FORMULA = (*_OPENING, *(chr(ord(sign) + _WIDE) for sign in _OPENING), "\t", "\r", "\n")

Cell = str | int | float | None


def csv_lines(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return rows as lines of CSV in UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def safe_cell(cell: Cell) -> Cell:
    """Return a cell that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell

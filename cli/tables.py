"""Tables that stay readable: on a wide terminal, on a narrow one, and in a pipe.

Nothing is ever wrapped or cut. In a pipe a row is a line, whatever its length. On a terminal that
is too narrow for the widest row, each row becomes a short block of names and values.
"""

import sys
from collections.abc import Sequence

import click
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from supervisor.text import clean_text

_GAP = 2
_LONGEST_CELL = 500


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, nothing: str) -> None:
    """Print rows of text under their columns, or the sentence ``nothing`` where there is none."""
    if not rows:
        click.echo(nothing)
        return
    room = Console().width if sys.stdout.isatty() else None
    shown, width = laid_out(columns, rows, room)
    Console(width=width).print(shown, crop=False)


def laid_out(
    columns: Sequence[str], rows: Sequence[Sequence[str]], room: int | None
) -> tuple[RenderableType, int]:
    """Return what shows rows of text under their columns, and the width that it takes.

    ``room``: columns of the terminal, None where there is no end to a line.
    """
    cells = _cells(rows)
    width = _width(columns, cells)
    if room is not None and width > room:
        return _blocks(columns, cells), room
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=True)
    for row in cells:
        table.add_row(*row)
    return table, width + _GAP * len(columns)


def width_of(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Return how wide a terminal has to be for rows to stand under their columns."""
    return _width(columns, _cells(rows))


def _cells(rows: Sequence[Sequence[str]]) -> Sequence[Sequence[Text]]:
    # Text of plugins may hold terminal escapes, and is not markup.
    return [[Text(clean_text(cell, _LONGEST_CELL, lines=False)) for cell in row] for row in rows]


def _width(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> int:
    widest = [max(len(name), *(row[i].cell_len for row in rows)) for i, name in enumerate(columns)]
    return sum(widest) + _GAP * (len(columns) - 1)


def _blocks(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> RenderableType:
    label = max(len(column) for column in columns[1:])
    lines: list[Text] = []
    for first, *rest in rows:
        lines.append(_line(first.plain, "bold"))
        for column, cell in zip(columns[1:], rest, strict=True):
            lines.append(_line(f"  {column:{label}}  {cell.plain}"))
    return Group(*lines)


def _line(text: str, style: str = "") -> Text:
    return Text(text, style=style, no_wrap=True, overflow="ignore")

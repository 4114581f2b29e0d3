"""Tables that stay readable: on a wide terminal, on a narrow one, and in a pipe.

Nothing is ever wrapped or cut. In a pipe a row is a line, whatever its length. On a terminal that
is too narrow for the widest row, each row becomes a short block of names and values.
"""

import sys
from collections.abc import Sequence

import click
from rich.console import Console
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
    # Text of plugins may hold terminal escapes, and is not markup.
    cells = [[Text(clean_text(cell, _LONGEST_CELL, lines=False)) for cell in row] for row in rows]
    width = _width(columns, cells)
    if sys.stdout.isatty() and width > Console().width:
        _print_blocks(columns, cells)
        return
    table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=True)
    for row in cells:
        table.add_row(*row)
    Console(width=width + _GAP * len(columns)).print(table)


def _width(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> int:
    widest = [max(len(name), *(row[i].cell_len for row in rows)) for i, name in enumerate(columns)]
    return sum(widest) + _GAP * (len(columns) - 1)


def _print_blocks(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> None:
    label = max(len(column) for column in columns[1:])
    for first, *rest in rows:
        click.secho(first.plain, bold=True)
        for column, cell in zip(columns[1:], rest, strict=True):
            click.echo(f"  {column:{label}}  {cell.plain}")

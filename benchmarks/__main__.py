"""``python -m benchmarks [ROW]...``: measure, print the table, write results.json."""

import importlib
import logging
import os
import platform
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import structlog
import trio
from rich.console import Console

from benchmarks.bench import Bench
from benchmarks.model import Row
from benchmarks.report import RESULTS, save, show
from benchmarks.workshop import open_workshop

ROWS = (
    *("noop_delivery", "round_trip", "slack", "enable", "lockdown", "checks"),
    *("memory", "many_children", "durable", "looping", "pages", "desk"),
)
"""The programs in ``benchmarks/rows``, in the order of the table."""

_CALM_LOAD = 0.5
_WIDTH = 130
"""Columns of the table where it goes to a file."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(ROWS))
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(1), help="Rounds.")
@click.option("--scale", default=1.0, show_default=True, help="Work in a round, as a multiple.")
def main(names: Sequence[str], rounds: int, scale: float) -> None:
    """Measure the rows NAMES, all of them by default, each beside its peers."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    console.print(
        f"{os.cpu_count()} processors, {platform.machine()}, Linux {platform.release()}, "
        f"CPython {platform.python_version()}; load at the start: {busy}"
    )
    if os.getloadavg()[0] > _CALM_LOAD:
        console.print("[yellow]Other work is running: trust no time, and ratios only a little.[/]")
    rows = trio.run(_measure, names or ROWS, rounds, scale, console)
    show(rows, console)
    if not names:
        save(rows)
        console.print(f"written: {os.path.relpath(RESULTS)}")


async def _measure(names: Sequence[str], rounds: int, scale: float, console: Console) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="ohd-bench-") as folder:
        async with open_workshop(Path(folder)) as workshop:
            bench = Bench(workshop, rounds, scale)
            for name in names:
                console.print(f"[dim]{name} …[/]")
                program = importlib.import_module(f"benchmarks.rows.{name}")
                rows += await program.measure(bench)
    return rows


if __name__ == "__main__":
    main()

"""``python -m benchmarks [ROW]...``: measure, print the table; of all rows, keep it too."""

import importlib
import logging
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

import click
import structlog
import trio
from rich.console import Console

from benchmarks.bench import Bench
from benchmarks.model import Row
from benchmarks.page import PAGE, describe_machine, write_page
from benchmarks.report import RESULTS, save, show
from benchmarks.workshop import open_workshop

ROWS = (
    *("noop_delivery", "gk_call", "round_trip", "slack", "enable", "lockdown", "checks"),
    *(
        "memory",
        "many_children",
        "durable",
        "looping",
        "pages",
        "page_processes",
        "django_helpdesk",
        "desk",
        "statistics",
    ),
    *("dashboard", "mail", "native"),
)
"""The programs in ``benchmarks/rows``, in the order of the table."""

BROKEN = "it broke"
"""How the note of a row begins whose program raised; the exit status is 1 then."""

_CALM_LOAD = 0.5
_WIDTH = 130
"""Columns of the table where it goes to a file."""


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(ROWS))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Rounds.")
@click.option("--scale", default=1.0, show_default=True, help="Work in a round, as a multiple.")
@click.option("--quick", is_flag=True, help="Two small rounds: to see that it runs.")
def main(names: Sequence[str], rounds: int, scale: float, quick: bool) -> None:
    """Measure the rows NAMES, all of them by default, each beside its peers."""
    if quick:
        rounds, scale = 2, 0.1
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    machine = describe_machine(rounds)
    console.print(machine)
    if os.getloadavg()[0] > _CALM_LOAD:
        console.print("[yellow]Other work is running: trust no time, and ratios only a little.[/]")
    rows = trio.run(_measure, names or ROWS, rounds, scale, console)
    show(rows, console)
    if not names and not quick:
        save(rows)
        write_page(rows, machine)
        console.print(f"written: {os.path.relpath(RESULTS)}, {os.path.relpath(PAGE)}")
    sys.exit(any(row.note.startswith(BROKEN) for row in rows))


async def _measure(names: Sequence[str], rounds: int, scale: float, console: Console) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="ohd-bench-") as folder:
        async with open_workshop(Path(folder)) as workshop:
            bench = Bench(workshop, rounds, scale)
            for name in names:
                began = time.perf_counter()
                rows += await _measure_one(name, bench)
                console.print(f"[dim]{name}: {time.perf_counter() - began:.0f} s[/]")
    return rows


async def _measure_one(name: str, bench: Bench) -> list[Row]:
    """Run one program; one that breaks leaves its line empty, and the others go on."""
    program = importlib.import_module(f"benchmarks.rows.{name}")
    try:
        rows: list[Row] = await program.measure(bench)
    except Exception as exc:
        traceback.print_exc()
        return [Row.empty(name, "", f"{BROKEN}: {type(exc).__name__}: {exc}")]
    return rows


if __name__ == "__main__":
    main()

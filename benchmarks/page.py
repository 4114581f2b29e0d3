"""Puts the table as measured into ``docs/performance.md``, between its two marks.

The rest of that page is written by hand. A table that says when and where it was measured is the
only one there, so that no figure in the docs is older than the others.
"""

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.model import Row
from benchmarks.report import figure

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"
_HEAD = "| work | figure | beside | ratio | to be reached | |\n|---|---|---|---|---|---|\n"
_MARKS = {True: "met", False: "not met", None: "-"}
_PACKAGES = ("wasmtime", "extism", "trio")


class MarksMissing(Exception):
    """The page has no place for the table."""

    def __init__(self, page: Path) -> None:
        super().__init__(f"{page.name}: expected {BEGIN} and {END}, each on a line, in this order")


def describe_machine(rounds: int) -> str:
    """Return in a sentence where this is measured, with what, and what else runs there."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    busy = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return (
        f"{os.cpu_count()} processors ({_processor()}), {platform.machine()}, "
        f"Linux {platform.release()}, CPython {platform.python_version()}, {versions}; "
        f"{datetime.now(UTC):%Y-%m-%d}, medians of {rounds} rounds; load at the start: {busy}"
    )


def write_page(rows: Sequence[Row], machine: str, page: Path = PAGE) -> None:
    """Replace what stands between the marks; raises MarksMissing."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise MarksMissing(page)
    table = f"{begin}\n{machine}.\n\n{as_markdown(rows)}{end}"
    page.write_text(before + table + after, encoding="utf-8")


def as_markdown(rows: Sequence[Row]) -> str:
    """Return the table."""
    return _HEAD + "".join(line for row in rows for line in _lines(row))


def _lines(row: Row) -> list[str]:
    """Return a line for the row, and one for each further peer."""
    ratios = row.ratios()
    beside = [
        (f"{name}: {figure(sample, row.unit)}", f"{ratios[name]:.2f}")
        for name, sample in row.peers.items()
    ]
    beside += [(f"{name}: none, {why}", "") for name, why in row.missing.items()]
    reach = ", ".join(f"{limit.text(row.unit)}: {_MARKS[kept]}" for limit, kept in row.verdicts())
    name = f"{row.name} ({row.note})" if row.note else row.name
    first, *others = beside or [("", "")]
    lines = [(name, figure(row.ours, row.unit), *first, reach, _MARKS[row.met()])]
    lines += [("", "", *other, "", "") for other in others]
    return ["| " + " | ".join(cell.replace("|", "/") for cell in line) + " |\n" for line in lines]


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "unknown")

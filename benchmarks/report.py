"""The table for people and the file for machines."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.model import Row, Sample

RESULTS = Path(__file__).resolve().parent / "results.json"
_MARKS = {True: "[green]met[/]", False: "[red]not met[/]", None: "-"}


def show(rows: Sequence[Row], console: Console) -> None:
    """Print the table; ± is half the distance between the quartiles of the rounds."""
    table = Table(title="Open Help Desk, beside its peers in the same run", show_lines=True)
    for heading in ("work", "figure", "peer", "ratio", "reach", ""):
        table.add_column(heading, justify="right" if heading in ("figure", "ratio") else "left")
    for row in rows:
        peers = [f"{name} {figure(sample, row.unit)}" for name, sample in row.peers.items()]
        peers += [f"{name}: none, {why}" for name, why in row.missing.items()]
        ratios = [f"{ratio:.2f}" for ratio in row.ratios().values()]
        verdicts = row.verdicts()
        table.add_row(
            f"{row.name}\n[dim]{row.note}[/]" if row.note else row.name,
            figure(row.ours, row.unit),
            "\n".join(peers),
            "\n".join(ratios),
            "\n".join(limit.text(row.unit) for limit, _ in verdicts),
            "\n".join(_MARKS[holds] for _, holds in verdicts),
        )
    console.print(table)


def save(rows: Sequence[Row], path: Path = RESULTS) -> None:
    """Write the rows as JSON."""
    path.write_text(json.dumps([as_json(row) for row in rows], indent=2) + "\n", encoding="utf-8")


def as_json(row: Row) -> dict[str, Any]:
    """Return one row as plain values."""
    return {
        "name": row.name,
        "value": None if row.ours is None else round(row.ours.median, 3),
        "unit": row.unit,
        "spread": None if row.ours is None else round(row.ours.spread, 3),
        "peers": {name: round(sample.median, 3) for name, sample in row.peers.items()},
        "ratios": {name: round(ratio, 3) for name, ratio in row.ratios().items()},
        "reach": [limit.text(row.unit) for limit, _ in row.verdicts()],
        "met": row.met(),
        "missing": dict(row.missing),
        "note": row.note,
    }


def figure(sample: Sample | None, unit: str) -> str:
    """Return a figure with its unit and spread, to three digits."""
    if sample is None:
        return "-"
    median = sample.median
    number = f"{median:,.0f}" if median >= 100 else f"{median:.3g}"
    return f"{number} {unit} ±{sample.spread:.0%}"

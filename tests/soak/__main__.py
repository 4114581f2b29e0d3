"""``python -m tests.soak [--minutes N]``: the soak in ``docs/reliability.md``; exit 1 on growth."""

import argparse
import sys
import tempfile
from pathlib import Path

from cli.logs import set_up_logging
from tests.faults.books import FAILED
from tests.soak.soaking import PLUGINS, Outcome, make, soak

READINGS_PER_MINUTE = 12


def main() -> int:
    """Soak, print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--rate", type=float, default=20.0, help="tickets a second")
    given = parser.parse_args()
    set_up_logging("error")
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        site = make(Path(folder) / "site")
        readings = max(8, round(given.minutes * READINGS_PER_MINUTE))
        outcome = soak(site, given.minutes * 60, given.rate, readings)
    sys.stdout.write("\n".join(report(outcome)) + "\n")
    for problem in outcome.problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if outcome.problems else 0


def report(outcome: Outcome) -> list[str]:
    """Return the tables for the page."""
    books, quarter = outcome.books, max(1, len(outcome.readings) // 4)
    parts = [outcome.readings[i * quarter : (i + 1) * quarter] for i in range(4)]
    summary = (
        f"{outcome.seconds:.0f} s, {len(books.tickets):,} tickets, {sum(PLUGINS.values()) + 1} "
        f"plugins: {books.events:,} events came in; {books.delivered:,} were delivered, "
        f"{books.failed:,} failed, {books.outcomes['timeout']:,} timed out, "
        f"{books.outcomes['dropped']:,} were dropped, {books.waiting:,} wait; "
        f"{books.events - books.accounted:,} are unaccounted for."
    )
    lines = [
        *(summary, "", "| most in a quarter of the time | 1st | 2nd | 3rd | 4th |"),
        "|---|---|---|---|---|",
    ]
    for name, what, form in (
        ("descriptors", "file descriptors of the server", "{}"),
        ("processes", "processes", "{}"),
        ("server_mb", "memory of the server, MB", "{:.1f}"),
        ("fork_server_mb", "memory of the fork server, MB", "{:.1f}"),
    ):
        most = [form.format(max(getattr(one, name) for one in part)) for part in parts]
        lines.append(f"| {what} | {' | '.join(most)} |")
    before, after = outcome.database_mb
    grown = {n: b - a for n, (a, b) in outcome.tables.items() if b > a and "search" not in n}
    rows = ", ".join(f"{rows:,} rows of {name}" for name, rows in grown.items())
    failed = ", ".join(f"{books.outcomes[n]:,} {n}" for n in FAILED if books.outcomes[n])
    size = f"The database grew from {before:.1f} to {after:.1f} MB by {rows}"
    off = "; ".join(outcome.switched_off) or "none"
    lines += ["", f"{size}; {outcome.free_share:.1%} of it is free.", f"Failed: {failed}."]
    return [*lines, f"Switched off meanwhile: {off}."]


if __name__ == "__main__":
    sys.exit(main())

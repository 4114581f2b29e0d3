"""``python -m tests.attacker [--minutes N]``: strangers against a real server; exit 1 on harm."""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.attacker.siege import MOST_TIMES_IDLE, Outcome, lay_siege, percentile


def main() -> int:
    """Attack, and print what came of it."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacker", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    given = parser.parse_args()
    seconds = given.minutes * 60
    with tempfile.TemporaryDirectory(prefix="siege-") as folder:
        rounds = max(1, round(given.minutes * 2))
        outcome = lay_siege(Path(folder), seconds, max(5.0, seconds / rounds / 2), rounds)
    sys.stdout.write("\n".join(report(outcome)) + "\n")
    problems = list(outcome.problems)
    if outcome.ratio > MOST_TIMES_IDLE:
        problems.append(f"pages took {outcome.ratio:.1f} times as long as on an idle server")
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    return 1 if problems else 0


def report(outcome: Outcome) -> list[str]:
    """Return the tables for the page."""
    rounds = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in outcome.rounds.items())
    before, after = outcome.descriptors
    return [
        "| | pages | median, ms | p99, ms | longest, ms |",
        "|---|---|---|---|---|",
        _row("idle", outcome.idle),
        _row("beside the control", outcome.control),
        _row("under attack", outcome.attacked),
        "",
        (
            f"{outcome.seconds:.0f} s of attack; the p99 is {outcome.ratio:.2f} times that of the "
            f"idle server, {outcome.control_ratio:.2f} times beside the control. Load of the "
            f"machine: {outcome.load[0]:.1f} before, {outcome.load[1]:.1f} at the end; "
            f"{os.cpu_count()} processors."
        ),
        (
            f"Descriptors: {before} before, {outcome.most_descriptors} at the end of the attack, "
            f"{after} after it. Memory: {outcome.memory_mb[0]:.0f} MB before, "
            f"{outcome.memory_mb[1]:.0f} MB after. A stop under attack took {outcome.stop_s:.1f} s."
        ),
        f"Rounds: {rounds}.",
    ]


def _row(name: str, times: list[float]) -> str:
    figures = (percentile(times, 0.5), percentile(times), max(times))
    return f"| {name} | {len(times):,} | " + " | ".join(f"{t * 1e3:.1f}" for t in figures) + " |"


if __name__ == "__main__":
    sys.exit(main())

"""Kills a real process in the middle of its writing, and counts what it had acknowledged."""

import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).with_name("crash_writer.py")
ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.slow


def run_until_killed(path: Path, lines: int) -> list[tuple[str, str]]:
    """Let the child acknowledge so many changes, kill it, and return all that it acknowledged."""
    with subprocess.Popen(
        [sys.executable, str(CHILD), str(path)], stdout=subprocess.PIPE, cwd=ROOT
    ) as child:
        assert child.stdout is not None
        acknowledged = [child.stdout.readline() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        # What it wrote between the last line read and the signal was acknowledged too.
        acknowledged += child.stdout.readlines()
    assert child.returncode == -signal.SIGKILL
    whole = [line.decode().split() for line in acknowledged if line.endswith(b"\n")]
    return [(ticket_id, event) for ticket_id, event in whole]


def check(path: Path, acknowledged: list[tuple[str, str]]) -> None:
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    events = set(connection.execute("SELECT ticket_id, type FROM events"))
    assert set(acknowledged) <= events
    # And the other way round: no change without its event, and no event without its change.
    created = {ticket for ticket, kind in events if kind == "ticket.created"}
    assert created == {row[0] for row in connection.execute("SELECT id FROM tickets")}
    replied = {ticket for ticket, kind in events if kind == "ticket.reply_added"}
    assert replied == {row[0] for row in connection.execute("SELECT ticket_id FROM replies")}
    query = "SELECT id FROM tickets WHERE status = 'Resolved'"
    resolved = {row[0] for row in connection.execute(query)}
    for kind in ("ticket.status_changed", "ticket.resolved"):
        assert resolved == {ticket for ticket, found in events if found == kind}
    connection.close()


@pytest.mark.parametrize("seed", range(4))
def test_what_was_acknowledged_survives_kill_9_together_with_its_events(tmp_path: Path, seed: int):
    path = tmp_path / "helpdesk.db"
    at = random.Random(seed)
    acknowledged: list[tuple[str, str]] = []
    for _ in range(2):
        acknowledged += run_until_killed(path, at.randint(1, 300))
        check(path, acknowledged)

"""The books of a data directory: what came in, what became of it, and what is lying about.

Read from a copy of the database with the write-ahead log beside it, so that looking changes nothing
of what the next start of the server finds.
"""

import json
import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

DATABASE = "ohd.sqlite3"
BELONG = {
    DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", "secret.key", "server.lock",
    "modules", "compiled", "control.sock",
}  # fmt: skip
MAX_DEPTH = 4
FAILED = ("trap", "out_of_memory", "exit", "lost", "start_failed", "protocol")


@dataclass
class Books:
    """The sums over all plugins. ``events`` counts an event once for each plugin that wants it."""

    events: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    redelivered: int = 0
    tickets: set[str] = field(default_factory=set)
    in_flight: set[tuple[str, int]] = field(default_factory=set)
    """Plugin and event: claimed, and without a result."""
    marked: set[tuple[str, int]] = field(default_factory=set)
    """Plugin and event: delivered as a redelivery."""
    lost: set[tuple[str, int]] = field(default_factory=set)
    """Plugin and event: given up, as nobody knows whether it was done."""
    timeouts_us: list[int] = field(default_factory=list)
    """How long the deliveries took that were ended at the deadline."""
    problems: list[str] = field(default_factory=list)

    def add(self, other: "Books") -> None:
        """Add the sums of another data directory."""
        self.events += other.events
        self.outcomes += other.outcomes
        self.waiting += other.waiting
        self.redelivered += other.redelivered

    @property
    def accounted(self) -> int:
        """Events that have a result, and those that wait."""
        return self.outcomes.total() + self.waiting

    @property
    def delivered(self) -> int:
        return self.outcomes["ok"]

    @property
    def failed(self) -> int:
        return sum(self.outcomes[name] for name in FAILED)


def read_books(data: Path, *, served: bool) -> Books:
    """Add up; ``problems`` says in words what does not fit. ``served``: while a server writes."""
    books = Books()
    with (_snapshot if served else _copied)(data) as path, closing(sqlite3.connect(path)) as db:
        for check in ("integrity_check", "foreign_key_check"):
            found = db.execute(f"PRAGMA {check}").fetchall()
            if found not in ([("ok",)], []):
                books.problems.append(f"{check}: {found}")
        books.tickets = {row[0] for row in db.execute("SELECT id FROM tickets")}
        told = {
            row[0]
            for row in db.execute("SELECT ticket_id FROM events WHERE type = 'ticket.created'")
        }
        if told != books.tickets:
            books.problems.append("tickets and their events differ")
        plugins = db.execute("SELECT id, manifest, claimed_seq, settled_seq FROM plugins")
        for row in plugins.fetchall():
            _add_plugin(books, db, *row)
        _find_doubled_work(books, db)
    if books.accounted != books.events:
        books.problems.append(f"{books.events} events, {books.accounted} accounted for")
    return books


def _add_plugin(
    books: Books, db: sqlite3.Connection, plugin: str, manifest: str, claimed: int, settled: int
) -> None:
    wanted = _wanted(db, plugin, json.loads(manifest)["events"])
    rows: Counter[int] = Counter()
    for seq, outcome, again, took_us in db.execute(
        "SELECT event_seq, outcome, redelivered, duration_us FROM deliveries WHERE plugin_id = ?",
        (plugin,),
    ):
        if outcome == "timeout":
            books.timeouts_us.append(took_us)
        rows[seq] += 1
        books.outcomes[outcome] += 1
        if outcome == "lost":
            books.lost.add((plugin, seq))
        if again:
            books.redelivered += 1
            books.marked.add((plugin, seq))
    books.events += len(wanted)
    books.waiting += sum(1 for seq in wanted if not rows[seq])
    books.in_flight |= {(plugin, q) for q in wanted if settled < q <= claimed and not rows[q]}
    for seq, count in rows.items():
        if count > 1:
            books.problems.append(f"{plugin}: event {seq} has {count} deliveries")
        if seq not in wanted:
            books.problems.append(f"{plugin}: event {seq} was none of its own")
    lost = [seq for seq in wanted if seq <= settled and not rows[seq]]
    if lost:
        books.problems.append(f"{plugin}: settled without a delivery: {lost[:5]}")


def _wanted(db: sqlite3.Connection, plugin: str, subscribed: list[str]) -> set[int]:
    rows = db.execute(
        "SELECT seq, type FROM events WHERE origin IS NOT ? AND depth < ?", (plugin, MAX_DEPTH)
    )
    return {seq for seq, kind in rows if kind in subscribed}


def _find_doubled_work(books: Books, db: sqlite3.Connection) -> None:
    """A plugin writes one note about each ticket: a second one needs a marked redelivery."""
    for ticket, count in db.execute(
        "SELECT ticket_id, count(*) FROM replies WHERE author_role = 'plugin' GROUP BY ticket_id"
    ):
        again = db.execute(
            "SELECT max(redelivered) FROM deliveries WHERE ticket_id = ? AND event = "
            "'ticket.created' AND plugin_id = 'org.openhelpdesk.digest'",
            (ticket,),
        ).fetchone()[0]
        # None: it waits, and will be marked if it comes again.
        if count > 1 and again == 0:
            books.problems.append(f"ticket {ticket} has {count} notes and no redelivery")


@contextmanager
def _snapshot(data: Path) -> Iterator[Path]:
    """Copy what a server is writing to: file by file, it would be torn by a checkpoint."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / DATABASE
        uri = f"{(data / DATABASE).as_uri()}?mode=ro"
        with (
            closing(sqlite3.connect(uri, uri=True, timeout=60)) as live,
            closing(sqlite3.connect(path)) as copy,
        ):
            live.backup(copy)
        yield path


@contextmanager
def _copied(data: Path) -> Iterator[Path]:
    """Copy what a dead server has left; opening that itself would recover it."""
    with tempfile.TemporaryDirectory() as folder:
        for ending in ("", "-wal"):
            source = data / (DATABASE + ending)
            if source.exists():
                shutil.copy(source, folder)
        yield Path(folder) / DATABASE


def processes_of(session: int) -> list[int]:
    """Return the processes of a session: all that a server has started, wherever they hang now."""
    found = []
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            stat = (folder / "stat").read_bytes()
        except OSError:
            continue  # it has ended meanwhile
        state, _, _, its_session = stat.rpartition(b")")[2].split()[:4]
        if int(its_session) == session and state != b"Z":
            found.append(int(folder.name))
    return found


def strange_files(data: Path) -> list[str]:
    """Return what lies in a data directory and does not belong there."""
    strange = [entry.name for entry in data.iterdir() if entry.name not in BELONG]
    for folder in ("modules", "compiled"):
        strange += [path.name for path in (data / folder).glob("*.part")]
    return strange

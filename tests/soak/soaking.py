"""Tickets against 30 plugins, most of which misbehave, and what must not grow meanwhile.

The server is the real one, in a process of its own (``tests.faults.desk``); nothing in it is broken
but its plugins. What it uses is read from outside, some times a minute.
"""

import json
import os
import random
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import trio

from cli.compose import open_application
from cli.config import load_config
from helpdesk.actors import SYSTEM, Role
from sandbox_child.wasm.sections import manifest_section, replace_custom_section
from supervisor.store.records import LOG_LINES_KEPT
from tests.faults.books import DATABASE, Books
from tests.faults.desk import ROOT, Server, Site, module_of, some_ticket, until
from tests.guests.build import build_guest

PLUGINS: Mapping[str, int] = {
    "wat/noop": 11,
    "mood": 4,
    "wat/trap": 3,
    "wat/exit_three": 1,
    "wat/loop": 2,
    "wat/memory_grower": 2,
    "wat/memory_hog": 2,
    "wat/log_flood": 2,
    "wat/http_flood": 1,
    "wat/stack_overflow": 1,
}
"""Guests and how many of each; with the digest, that writes a note on each ticket, they are 30."""

KEPT_BY_DESIGN = frozenset(
    {"tickets", "ticket_facts", "status_history", "events", "replies", "custom_fields"}  # people
    | {"deliveries", "egress_ledger", "plugin_logs", "plugin_history"}  # what plugins did
    | {"notifications", "audit_log"}  # notifications to admins: a plugin that was switched off
    | {"search_content", "search_data", "search_docsize", "search_idx"}
    | {"ticket_times", "ticket_reopenings"}  # of each ticket, for the reports
    | {"spelling_words", "spelling_keys", "ticket_seen"}  # the words of tickets; who has seen which
)
"""Tables that may have more rows at the end."""

MOST_DESCRIPTORS_MORE = 8
"""A child that is being replaced has its pipes and pidfds twice for a moment."""
MOST_PROCESSES_MORE = 3
"""Beside the server, the fork server and a child for each plugin: those that are on their way."""
MOST_MEMORY_MORE = 1.15
MOST_FREE_SHARE = 0.25
MB = 1e6
_CONFIG = """
[limits]
deadline_s = 1.0
payload_bytes = 12000
memory_bytes = 16777216
[log]
level = "error"
"""


@dataclass(frozen=True)
class Reading:
    """What the server and its processes use at one moment."""

    descriptors: int
    """Of the server itself."""
    processes: int
    """The server, the fork server and all children."""
    server_mb: float
    """Resident memory of the server itself."""
    fork_server_mb: float


@dataclass
class Outcome:
    """What came out of it."""

    seconds: float
    readings: list[Reading]
    books: Books
    tables: Mapping[str, tuple[int, int]]
    """Rows before and after."""
    database_mb: tuple[float, float]
    free_share: float
    """Of the database's pages, unused."""
    left_over: list[str]
    switched_off: list[str]
    """Plugins that were given up, each with the reason: their processes could not be started."""
    problems: list[str] = field(default_factory=list)


async def make_soak_site(folder: Path, plugins: Mapping[str, int] = PLUGINS) -> Site:
    """Make a data directory with an admin and the plugins, enabled."""
    site = Site(folder, "")
    site.temporary.mkdir(parents=True)
    (folder / "config.toml").write_text(_CONFIG)
    config = load_config(folder / "config.toml", data=site.data)
    async with open_application(config, run_plugins=False) as house:
        people = house.helpdesk.users
        user = await people.create(SYSTEM, email="admin@example.com", name="A", role=Role.ADMIN)
        key = await house.helpdesk.api_keys.create(user.actor, user.id, name="soak")
        # They fail on purpose, and must not be switched off for it.
        await house.helpdesk.settings.update(user.actor, plugin_error_threshold=100)
        for module in _modules(plugins):
            view = await house.supervisor.installs.install(module, source="soak", actor="soak")
            await house.supervisor.controls.set_enabled(view.id, True, actor="soak")
    return replace(site, key=key.secret)


def _modules(plugins: Mapping[str, int]) -> Iterator[bytes]:
    yield (ROOT / "examples/digest/digest.wasm").read_bytes()
    for guest, count in plugins.items():
        for number in range(count):
            if guest == "mood":
                yield module_of("org.example.mood", f"org.example.mood{number}")
                continue
            module = build_guest(guest).read_bytes()
            manifest = json.loads(manifest_section(module))
            manifest["id"] = f"n{number}.{manifest['id']}"
            yield replace_custom_section(module, "ohd_manifest", json.dumps(manifest).encode())


def soak(site: Site, seconds: float, tickets_per_s: float, readings: int) -> Outcome:
    """Run the server under load for so long; return what it used, and what is on its books."""
    before = table_rows(site.data)
    size_before = database_mb(site.data)
    rng = random.Random(20260405)
    found: list[Reading] = []
    plugins = before["plugins"]
    with _running(site) as server:
        until(lambda: sum(name == "ohd-plugin" for _, name in server.children()) >= plugins)
        began = time.monotonic()
        for number in range(int(seconds * tickets_per_s)):
            some_ticket(server, rng)
            # Each ticket has its time, so that a slow answer is made up for by the next ones.
            ahead = number / tickets_per_s - (time.monotonic() - began)
            if ahead > 0:
                time.sleep(ahead)
            if time.monotonic() - began >= len(found) * seconds / readings:
                found.append(read(server))
            if time.monotonic() - began > seconds:
                break
        took = time.monotonic() - began
        status = server.stop()
        left = site.left_over(server)
    books = site.books()
    outcome = Outcome(
        took,
        found,
        books,
        {name: (before.get(name, 0), rows) for name, rows in table_rows(site.data).items()},
        (size_before, database_mb(site.data)),
        free_share(site.data),
        left,
        switched_off(site.data),
    )
    outcome.problems = [*books.problems, *problems(outcome)]
    if status != 0:
        outcome.problems.append(f"the server ended with status {status}")
    return outcome


@contextmanager
def _running(site: Site) -> Iterator[Server]:
    server = Server(site)
    try:
        yield server
    finally:
        server.close()


def read(server: Server) -> Reading:
    """Look at the running server from outside."""
    names = Counter(name for _, name in server.children())
    fork_servers = [pid for pid, name in server.children() if name == "ohd-forkserver"]
    return Reading(
        descriptors=len(list(Path(f"/proc/{server.pid}/fd").iterdir())),
        processes=1 + names.total(),
        server_mb=_resident_mb(server.pid),
        fork_server_mb=sum(map(_resident_mb, fork_servers)),
    )


def problems(outcome: Outcome) -> list[str]:
    """Say in words what grew that must not, from the second quarter of the time to the last."""
    found = [*_rows_that_grew(outcome)]
    if outcome.left_over:
        found.append(f"left over: {', '.join(outcome.left_over)}")
    if outcome.free_share > MOST_FREE_SHARE:
        found.append(f"{outcome.free_share:.0%} of the database is empty")
    quarter = len(outcome.readings) // 4
    if not quarter:
        return [*found, "too few readings to tell growth"]
    early, late = outcome.readings[quarter : 2 * quarter], outcome.readings[-quarter:]
    first, last = (max(one.descriptors for one in some) for some in (early, late))
    if last > first + MOST_DESCRIPTORS_MORE:
        found.append(f"{first} descriptors grew to {last}")
    at_rest = 2 + outcome.tables["plugins"][1]
    if (most := max(one.processes for one in late)) > at_rest + MOST_PROCESSES_MORE:
        found.append(f"{most} processes, where {at_rest} were expected")
    for name in ("server_mb", "fork_server_mb"):
        first, last = (statistics.median(getattr(one, name) for one in s) for s in (early, late))
        if last > first * MOST_MEMORY_MORE:
            found.append(f"{name}: {first:.1f} grew to {last:.1f}")
    return found


def _rows_that_grew(outcome: Outcome) -> Iterator[str]:
    for name, (before, after) in outcome.tables.items():
        if after > before and name not in KEPT_BY_DESIGN:
            yield f"table {name}: {before} rows became {after}"
    (_, deliveries), (_, lines) = outcome.tables["deliveries"], outcome.tables["plugin_logs"]
    (_, plugins) = outcome.tables["plugins"]
    if deliveries != outcome.books.outcomes.total():
        yield f"{deliveries} deliveries on record, {outcome.books.outcomes.total()} on the books"
    if lines > LOG_LINES_KEPT * plugins:
        yield f"{lines} log lines of {plugins} plugins are kept"


def table_rows(data: Path) -> dict[str, int]:
    """Return the number of rows of every table; nobody has the database open."""
    with closing(sqlite3.connect(data / DATABASE)) as db:
        kinds = "type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%'"
        names = [row[0] for row in db.execute(f"SELECT name FROM sqlite_schema WHERE {kinds}")]
        return {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


def switched_off(data: Path) -> list[str]:
    """Return which plugins are not enabled any more, and why."""
    with closing(sqlite3.connect(data / DATABASE)) as db:
        rows = db.execute("SELECT id, state_reason FROM plugins WHERE NOT enabled").fetchall()
    return [f"{plugin}: {reason}" for plugin, reason in rows]


def database_mb(data: Path) -> float:
    """Return the size of the database and its log together."""
    return sum(path.stat().st_size for path in data.glob(f"{DATABASE}*")) / MB


def free_share(data: Path) -> float:
    """Return the share of the database's pages that nothing is in."""
    with closing(sqlite3.connect(data / DATABASE)) as db:
        (free,), (all_pages,) = (
            db.execute(f"PRAGMA {name}").fetchone() for name in ("freelist_count", "page_count")
        )
    return float(free) / float(all_pages)


def _resident_mb(pid: int) -> float:
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0  # it has just ended
    return int(pages) * os.sysconf("SC_PAGE_SIZE") / MB


def make(folder: Path, plugins: Mapping[str, int] = PLUGINS) -> Site:
    """Make the site from a program that runs no loop."""
    return trio.run(make_soak_site, folder, plugins)

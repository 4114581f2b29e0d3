import gc
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlite_utils
import trio
import trio.testing
from sqlite_utils.migrations import Migrations

from helpdesk.errors import Conflict, DatabaseClosed, WriteFailed
from helpdesk.storage.database import Database

TABLES = Migrations("tests")


@TABLES()
def first(db: sqlite_utils.Database) -> None:
    db.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)")
    db.execute("CREATE TABLE marks (name TEXT PRIMARY KEY, parent INTEGER REFERENCES parents (id))")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "test.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    async with Database.open(path, migrations=[TABLES]) as opened:
        yield opened


class Gate:
    """A job that holds the writer until it is let go, so that others queue up behind it."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self, connection: sqlite3.Connection) -> None:
        self.begun.set()
        assert self.go.wait(timeout=30)

    async def wait_begun(self) -> None:
        assert await trio.to_thread.run_sync(self.begun.wait, 30)


def mark(name: str):
    def job(connection: sqlite3.Connection) -> str:
        connection.execute("INSERT INTO marks (name) VALUES (?)", (name,))
        return name

    return job


async def marks(database: Database) -> list[str]:
    query = "SELECT name FROM marks ORDER BY name"
    return await database.read(lambda c: [name for (name,) in c.execute(query)])


async def test_a_write_returns_what_its_job_returned_and_is_readable(database: Database):
    assert await database.write(mark("a")) == "a"
    assert await marks(database) == ["a"]


async def test_a_job_that_raises_is_undone_and_raises_at_its_caller(database: Database):
    def job(connection: sqlite3.Connection) -> None:
        mark("a")(connection)
        raise ZeroDivisionError("after the insert")

    with pytest.raises(ZeroDivisionError, match="after the insert"):
        await database.write(job)
    assert await marks(database) == []


async def test_jobs_that_wait_are_committed_together(database: Database):
    commits = []
    database.observe_commits(lambda connection: lambda: commits.append(1))
    gate = Gate()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.write, gate)
        await gate.wait_begun()
        for number in range(100):
            nursery.start_soon(database.write, mark(f"{number:03}"))
        await trio.testing.wait_all_tasks_blocked()
        gate.go.set()
    assert len(commits) == 2
    assert len(await marks(database)) == 100


async def test_one_job_that_raises_does_not_undo_its_neighbours(database: Database):
    gate = Gate()
    failures = []

    async def fail() -> None:
        def job(connection: sqlite3.Connection) -> None:
            mark("bad")(connection)
            mark("a")(connection)

        with pytest.raises(Conflict) as caught:
            await database.write(job)
        failures.append(caught.value)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.write, gate)
        await gate.wait_begun()
        nursery.start_soon(database.write, mark("a"))
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(fail)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(database.write, mark("z"))
        await trio.testing.wait_all_tasks_blocked()
        gate.go.set()
    assert len(failures) == 1
    assert await marks(database) == ["a", "z"]


async def test_a_commit_that_fails_fails_every_job_of_its_batch(database: Database):
    gate = Gate()
    failures = []

    def orphan(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA defer_foreign_keys=ON")
        connection.execute("INSERT INTO marks (name, parent) VALUES ('orphan', 7)")

    async def expect_failure(job) -> None:
        with pytest.raises(WriteFailed, match="FOREIGN KEY") as caught:
            await database.write(job)
        failures.append(caught.value)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.write, gate)
        await gate.wait_begun()
        nursery.start_soon(expect_failure, mark("innocent"))
        nursery.start_soon(expect_failure, mark("bystander"))
        nursery.start_soon(expect_failure, orphan)
        await trio.testing.wait_all_tasks_blocked()
        gate.go.set()
    assert len(failures) == 3
    assert len(set(map(id, failures))) == 3
    assert await marks(database) == []
    await database.write(mark("later"))
    assert await marks(database) == ["later"]


async def test_a_full_database_fails_the_write_and_the_next_one_works(database: Database):
    def shrink(connection: sqlite3.Connection) -> None:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count={pages}")

    await database.write(shrink)
    with pytest.raises((sqlite3.OperationalError, WriteFailed), match="full"):
        await database.write(mark("x" * 1_000_000))
    await database.write(lambda c: c.execute("PRAGMA max_page_count=1000000").fetchone())
    await database.write(mark("small"))
    assert await marks(database) == ["small"]


async def test_a_database_locked_by_another_process_fails_the_write_and_recovers(
    database: Database, path: Path
):
    await database.write(lambda c: c.execute("PRAGMA busy_timeout=20").fetchone())
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(WriteFailed, match="locked"):
        await database.write(mark("a"))
    other.execute("COMMIT")
    other.close()
    await database.write(mark("b"))
    assert await marks(database) == ["b"]


async def test_a_write_that_is_cancelled_before_it_began_never_happens(database: Database):
    gate = Gate()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.write, gate)
        await gate.wait_begun()
        with trio.CancelScope() as scope:
            nursery.start_soon(_cancel_when_blocked, scope)
            await database.write(mark("withdrawn"))
        assert scope.cancelled_caught
        gate.go.set()
    await database.write(mark("after"))
    assert await marks(database) == ["after"]


async def test_a_write_that_is_cancelled_while_it_runs_is_completed_and_answered(
    database: Database,
):
    gate = Gate()
    answers = []

    def job(connection: sqlite3.Connection) -> str:
        gate(connection)
        return mark("kept")(connection)

    async def write(scope: trio.CancelScope) -> None:
        with scope:
            answers.append(await database.write(job))

    scope = trio.CancelScope()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(write, scope)
        await gate.wait_begun()
        scope.cancel()
        await trio.testing.wait_all_tasks_blocked()
        assert answers == []
        gate.go.set()
    assert answers == ["kept"]
    assert await marks(database) == ["kept"]


async def test_a_write_in_a_cancelled_scope_is_not_begun(database: Database):
    with trio.CancelScope() as scope:
        scope.cancel()
        await database.write(mark("never"))
    assert await marks(database) == []


async def test_closing_finishes_what_was_submitted(path: Path):
    gate = Gate()
    # The database closes while both writers still wait in the nursery around it.
    async with (
        trio.open_nursery() as nursery,
        Database.open(path, migrations=[TABLES]) as database,
    ):
        nursery.start_soon(database.write, gate)
        await gate.wait_begun()
        nursery.start_soon(database.write, mark("a"))
        await trio.testing.wait_all_tasks_blocked()
        gate.go.set()
    async with Database.open(path, migrations=[TABLES]) as database:
        assert await marks(database) == ["a"]


async def test_a_closed_database_says_so(path: Path):
    async with Database.open(path, migrations=[TABLES]) as database:
        await database.write(mark("a"))
    with pytest.raises(DatabaseClosed):
        await database.write(mark("b"))
    with pytest.raises(DatabaseClosed):
        await marks(database)


async def test_a_read_sees_one_snapshot_from_beginning_to_end(database: Database):
    await database.write(mark("a"))
    counted, written = threading.Event(), threading.Event()
    seen = []

    def job(connection: sqlite3.Connection) -> None:
        count = "SELECT count(*) FROM marks"
        seen.append(connection.execute(count).fetchone())
        counted.set()
        assert written.wait(timeout=30)
        seen.append(connection.execute(count).fetchone())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.read, job)
        assert await trio.to_thread.run_sync(counted.wait, 30)
        await database.write(mark("b"))
        written.set()
    assert seen == [(1,), (1,)]
    assert await marks(database) == ["a", "b"]


async def test_a_reader_cannot_write(database: Database):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read(mark("a"))


async def test_many_reads_at_once_share_a_few_connections(database: Database):
    seen = set()

    def job(connection: sqlite3.Connection) -> None:
        seen.add(id(connection))
        connection.execute("SELECT count(*) FROM marks").fetchone()

    async with trio.open_nursery() as nursery:
        for _ in range(200):
            nursery.start_soon(database.read, job)
    assert 1 <= len(seen) <= 4


async def test_commits_are_announced_on_the_trio_thread_before_writers_go_on(database: Database):
    order = []
    trio_thread = threading.get_ident()

    def observe(connection: sqlite3.Connection):
        (count,) = connection.execute("SELECT count(*) FROM marks").fetchone()
        return lambda: order.append((count, threading.get_ident() == trio_thread))

    database.observe_commits(observe)
    await database.write(mark("a"))
    order.append("writer")
    assert order == [(1, True), "writer"]


async def test_an_observer_that_fails_does_not_fail_the_write(
    database: Database, caplog: pytest.LogCaptureFixture
):
    def broken(connection: sqlite3.Connection):
        raise RuntimeError("broken observer")

    database.observe_commits(broken)
    assert await database.write(mark("a")) == "a"
    assert "an observer of commits failed" in caplog.text


async def test_commits_are_synced_and_foreign_keys_hold(database: Database):
    def pragmas(connection: sqlite3.Connection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        return [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await database.write(pragmas) == ["wal", 2, 1]


async def test_only_the_owner_can_read_the_file(database: Database, path: Path):
    mode = (await trio.Path(path).stat()).st_mode
    assert stat.S_IMODE(mode) == 0o600


async def test_migrations_of_several_packages_share_a_file_and_run_once(path: Path):
    other = Migrations("other")

    @other()
    def more(db: sqlite_utils.Database) -> None:
        db.execute("CREATE TABLE others (id INTEGER)")

    count = "SELECT count(*) FROM others"
    for _ in range(2):
        async with Database.open(path, migrations=[TABLES, other]) as database:
            assert await marks(database) == []
            assert await database.read(lambda c: c.execute(count).fetchone()) == (0,)


async def test_an_upgrade_that_fails_leaves_the_file_as_it_was(path: Path):
    async with Database.open(path, migrations=[TABLES]) as database:
        await database.write(mark("a"))
    broken = Migrations("broken")

    @broken()
    def good(db: sqlite_utils.Database) -> None:
        db.execute("CREATE TABLE half (id INTEGER)")

    @broken()
    def bad(db: sqlite_utils.Database) -> None:
        db.execute("CREATE TABLE")

    with pytest.raises(sqlite3.OperationalError):
        async with Database.open(path, migrations=[TABLES, broken]):
            pass
    async with Database.open(path, migrations=[TABLES]) as database:
        assert await marks(database) == ["a"]
        tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'half'"
        assert await database.read(lambda c: c.execute(tables).fetchone()) == (0,)


async def test_no_thread_or_descriptor_is_left_behind(path: Path):
    async with Database.open(path, migrations=[TABLES]) as database:
        await database.write(mark("a"))
        await marks(database)
    gc.collect()
    before = len(open_descriptors())
    for number in range(5):
        async with Database.open(path, migrations=[TABLES]) as database:
            await database.write(mark(f"again {number}"))
            await marks(database)
    gc.collect()
    assert len(open_descriptors()) <= before
    assert not [t for t in threading.enumerate() if t.name == "sqlite-writer"]


def open_descriptors() -> list[Path]:
    return list(Path("/proc/self/fd").iterdir())


async def _cancel_when_blocked(scope: trio.CancelScope) -> None:
    await trio.testing.wait_all_tasks_blocked()
    scope.cancel()

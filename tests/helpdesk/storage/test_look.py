"""A look: many reads on one thread, over one snapshot."""

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlite_utils
import trio
from sqlite_utils.migrations import Migrations

from helpdesk.storage.database import Database
from helpdesk.storage.look import connection_of_look

TABLES = Migrations("tests")


@TABLES()
def first(db: sqlite_utils.Database) -> None:
    db.execute("CREATE TABLE marks (name TEXT PRIMARY KEY)")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "test.db", migrations=[TABLES]) as opened:
        yield opened


def put(database: Database, name: str):
    return database.write(lambda c: c.execute("INSERT INTO marks VALUES (?)", (name,)))


def count(database: Database):
    return database.read(lambda c: c.execute("SELECT count(*) FROM marks").fetchone()[0])


async def test_all_reads_of_a_look_see_what_the_first_one_saw(database: Database):
    has_read, may_go_on = threading.Event(), threading.Event()
    found: list[int] = []

    async def reads() -> None:
        found.append(await count(database))
        has_read.set()
        assert may_go_on.wait(timeout=60)
        found.append(await count(database))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(database.look, reads)
        assert await trio.to_thread.run_sync(has_read.wait, 60)
        await put(database, "in between")
        may_go_on.set()
    assert found == [0, 0]
    assert await count(database) == 1


async def test_a_look_runs_on_one_thread_and_returns_what_it_read(database: Database):
    async def reads() -> tuple[int, set[int]]:
        threads = {
            await database.read(lambda _: threading.get_ident()),
            await database.read(lambda _: threading.get_ident()),
        }
        return await count(database), threads

    number, threads = await database.look(reads)
    assert number == 0
    assert len(threads) == 1
    assert threads.isdisjoint({threading.get_ident()})


async def test_what_goes_wrong_in_a_look_is_raised_and_the_next_one_works(database: Database):
    async def reads() -> None:
        await count(database)
        raise LookupError("as a service does")

    with pytest.raises(LookupError, match="as a service does"):
        await database.look(reads)
    assert await database.look(lambda: count(database)) == 0
    assert connection_of_look() is None


async def test_a_look_can_neither_write_nor_wait(database: Database):
    with pytest.raises(RuntimeError, match="a look only reads"):
        await database.look(lambda: put(database, "x"))
    with pytest.raises(RuntimeError):
        await database.look(trio.lowlevel.checkpoint)
    with pytest.raises(RuntimeError, match="a look only reads"):
        await database.look(_wait)
    assert await count(database) == 0


class _Pause:
    def __await__(self):
        yield


async def _wait() -> None:
    await _Pause()


async def test_a_look_is_one_of_the_reads_at_once(database: Database):
    async def reads() -> int:
        return await count(database)

    async with trio.open_nursery() as nursery:
        for _ in range(50):
            nursery.start_soon(database.look, reads)
    assert await database.look(reads) == 0

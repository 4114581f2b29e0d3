"""Uses of credentials: noted by any thread, written later, none lost."""

import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlite_utils
import trio
from sqlite_utils.migrations import Migrations

from helpdesk.clock import rfc3339
from helpdesk.errors import StorageError
from helpdesk.storage.database import Database
from helpdesk.uses import LastUses

TABLES = Migrations("tests")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@TABLES()
def first(db: sqlite_utils.Database) -> None:
    db.execute("CREATE TABLE keys (id TEXT PRIMARY KEY, used TEXT)")


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with Database.open(tmp_path / "test.db", migrations=[TABLES]) as opened:
        yield opened


def uses_of(database: Database) -> LastUses[str]:
    return LastUses[str](database, "UPDATE keys SET used = ? WHERE id = ?")


async def stored(database: Database) -> dict[str, str]:
    return dict(await database.read(lambda c: c.execute("SELECT id, used FROM keys").fetchall()))


async def test_what_cannot_be_written_is_kept_and_a_later_use_wins(database, monkeypatch):
    uses = uses_of(database)
    await database.write(lambda c: c.execute("INSERT INTO keys (id) VALUES ('a'), ('b')"))
    uses.note("a", NOON)
    uses.note("b", NOON)

    async def refuse(_job):
        uses.note("b", NOON + timedelta(hours=1))
        raise StorageError("database or disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(database, "write", refuse)
        with pytest.raises(StorageError):
            await uses.write()
    assert uses.get("a") == NOON
    await uses.write()
    assert uses.get("a") is None
    assert await stored(database) == {
        "a": rfc3339(NOON),
        "b": rfc3339(NOON + timedelta(hours=1)),
    }


async def test_threads_that_note_while_it_writes_lose_nothing(database):
    uses, names = uses_of(database), [f"key-{number}" for number in range(2_000)]
    insert = "INSERT INTO keys (id) VALUES (?)"
    await database.write(lambda c: c.executemany(insert, [(name,) for name in names]).rowcount)
    done = threading.Event()

    def note_all() -> None:
        for name in names:
            uses.note(name, NOON)
        done.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.to_thread.run_sync, note_all)
        while not done.is_set():
            await uses.write()
            await trio.lowlevel.checkpoint()
    await uses.write()
    assert set((await stored(database)).values()) == {rfc3339(NOON)}

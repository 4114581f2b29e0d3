"""Results survive a database that cannot be written for a while."""

import sqlite3
import time
from contextlib import closing

import pytest
import trio
import trio.testing
from structlog.testing import capture_logs

from supervisor.delivery import journal
from supervisor.delivery.journal import Journal
from supervisor.states import Outcome
from supervisor.store.plugin_log import LogRow
from supervisor.store.recorded import RecordStore


@pytest.fixture(autouse=True)
def quick_retry(monkeypatch):
    monkeypatch.setattr(journal, "RETRY_S", 0.01)


class FailingDatabase:
    """Fails as often as it is told to, then does what it is asked."""

    def __init__(self, failures):
        self.failures = failures
        self.batches = []
        self.open = trio.Event()
        self.open.set()

    async def write(self, job):
        await self.open.wait()
        if self.failures:
            self.failures -= 1
            raise sqlite3.OperationalError("database or disk is full")
        with closing(sqlite3.connect(":memory:")) as db:
            db.execute("CREATE TABLE plugin_logs (id INTEGER PRIMARY KEY, plugin_id, at, level, message, event_id)")  # fmt: skip  # noqa: E501
            job(db)
            self.batches.append([row[0] for row in db.execute("SELECT message FROM plugin_logs")])


def line(text):
    return LogRow("org.example.x", 0, "info", text, None)


async def test_a_batch_that_could_not_be_written_is_written_later_whole(nursery):
    database = FailingDatabase(failures=3)
    written = Journal(RecordStore(database))
    nursery.start_soon(written.run)
    with capture_logs() as logs:
        for number in range(5):
            written.line(line(str(number)))
        await written.flush()
    assert [text for batch in database.batches for text in batch] == list("01234")
    assert [entry["event"] for entry in logs] == ["database_not_written"] * 3
    assert "disk is full" in logs[0]["error"]


async def test_what_comes_while_a_batch_is_written_goes_into_the_next(nursery):
    database = FailingDatabase(failures=0)
    database.open = trio.Event()
    written = Journal(RecordStore(database))
    nursery.start_soon(written.run)
    written.line(line("first"))
    await trio.testing.wait_all_tasks_blocked()
    for number in range(100):
        written.line(line(str(number)))
    database.open.set()
    await written.flush()
    assert [len(batch) for batch in database.batches] == [1, 100]


async def test_who_feeds_children_waits_while_too_much_is_unwritten(nursery):
    database = FailingDatabase(failures=0)
    database.open = trio.Event()
    written = Journal(RecordStore(database))
    nursery.start_soon(written.run)
    await written.room()
    written.line(line("x" * (journal.MOST_WAITING_BYTES + 1)))
    waited = trio.Event()

    async def wait():
        await written.room()
        waited.set()

    nursery.start_soon(wait)
    await trio.testing.wait_all_tasks_blocked()
    assert not waited.is_set()
    database.open.set()
    await waited.wait()


async def test_ids_of_unrecorded_deliveries_come_never_again(monkeypatch):
    """Also where the server crashed and the clock stepped back before it started again."""
    first = Journal(RecordStore(FailingDatabase(failures=0)))
    recorded = first.new_delivery()
    lost = [first.new_delivery() for _ in range(10_000)]
    monkeypatch.setattr(time, "time", lambda: 0.0)
    again = Journal(RecordStore(Recorded(recorded)))
    await again.load()
    assert again.new_delivery() > max(lost)


class Recorded:
    """A database whose newest delivery has this id."""

    def __init__(self, newest):
        self.newest = newest

    async def read(self, job):
        return self.newest


async def test_results_survive_a_full_disk(desk, stand_in, open_desk):
    await desk.close()
    desk = await open_desk(egress=stand_in.policy())
    stand_in.hold()
    plugin = await desk.probe(
        {"do": "http", "url": stand_in.url},
        {"do": "repeat", "times": 99, "step": {"do": "log", "text": "x" * 8_000}},
    )
    tickets = [await desk.ticket() for _ in range(3)]
    await stand_in.wait()
    with capture_logs() as logs:
        # Full before the first result can be written: the plugin still waits for its answer.
        await set_pages(desk, "page_count")
        stand_in.release()
        await desk.until(desk.nothing, lambda _: logged(logs, "database or disk is full"))
        await set_pages(desk, 1 << 30)
    deliveries = await desk.deliveries(plugin.id, 3)
    assert [d.ticket_id for d in deliveries] == [ticket.id for ticket in tickets]
    assert {d.outcome for d in deliveries} == {Outcome.OK}
    assert len(await desk.log(plugin.id)) == 200  # the newest ones, of 300


async def test_results_survive_a_database_that_somebody_has_locked(desk, stand_in, open_desk):
    await desk.close()
    desk = await open_desk(egress=stand_in.policy())
    stand_in.hold()
    plugin = await desk.probe({"do": "http", "url": stand_in.url}, {"do": "log", "text": "kept"})
    ticket = await desk.ticket()
    await stand_in.wait()
    await desk.helpdesk.database.write(lambda db: db.execute("PRAGMA busy_timeout=20") and None)
    with closing(sqlite3.connect(desk.path / "ohd.sqlite3", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with capture_logs() as logs:
            stand_in.release()
            await desk.until(desk.nothing, lambda _: logged(logs, "database is locked"))
        other.execute("ROLLBACK")
    delivery = await desk.delivery(plugin.id)
    assert (delivery.ticket_id, delivery.outcome) == (ticket.id, Outcome.OK)
    assert await desk.log(plugin.id) == ["http 200 ok", "kept"]


async def set_pages(desk, most):
    """Let the database file have so many pages at most: SQLite's own way to a full disk."""

    def job(db):
        pages = db.execute("PRAGMA page_count").fetchone()[0] if most == "page_count" else most
        db.execute(f"PRAGMA max_page_count={pages}")

    await desk.helpdesk.database.write(job)


def logged(logs, words):
    return any(words in entry.get("error", "") for entry in logs)

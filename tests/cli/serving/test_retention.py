"""What is old is deleted, and nothing that somebody still needs."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from cli.serving.retention import prune
from helpdesk.actors import SYSTEM
from helpdesk.service import HelpDesk
from helpdesk.tickets.model import TicketDraft
from supervisor.store.migrations import migrations
from supervisor.store.records import CHUNK
from supervisor.watching.retention import Kept, prune_records

NOW = datetime(2026, 4, 5, 14, 0, 0, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def desk(tmp_path: Path, clock: Clock) -> AsyncIterator[HelpDesk]:
    path = tmp_path / "desk.db"
    async with HelpDesk.open(path, migrations=[migrations], clock=clock) as opened:
        yield opened


def put(db: sqlite3.Connection, at: datetime, count: int = 1) -> None:
    ms = int(at.timestamp() * 1000)
    for _ in range(count):
        db.execute(
            "INSERT INTO deliveries (plugin_id, event_seq, event_id, event, ticket_id, outcome,"
            " started_at, duration_us, redelivered) VALUES ('p', 1, 'e', 't', 't', 'ok', ?, 1, 0)",
            (ms,),
        )
        db.execute(
            "INSERT INTO plugin_logs (plugin_id, at, level, message) VALUES ('p', ?, 'info', '')",
            (ms,),
        )
        db.execute(
            "INSERT INTO egress_ledger (at, plugin_id, outcome, host, method, path, status,"
            " sent_bytes, received_bytes, duration_us)"
            " VALUES (?, 'p', 'answered', '', '', '', 0, 0, 0, 0)",
            (ms,),
        )


def plugin(db: sqlite3.Connection, name: str, *, enabled: bool, settled: int) -> None:
    db.execute(
        "INSERT INTO plugins (id, sha256, size, manifest, report, source, installed_at,"
        " installed_by, enabled, claimed_seq, settled_seq, error_count)"
        " VALUES (?, '', 0, '', '', '', 0, '', ?, ?, ?, 0)",
        (name, enabled, settled, settled),
    )


async def counts(desk: HelpDesk) -> dict[str, int]:
    tables = ("deliveries", "plugin_logs", "egress_ledger", "events")
    return await desk.database.read(
        lambda db: {t: db.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables}
    )


async def test_each_kind_of_record_is_kept_as_long_as_its_setting_says(desk, clock):
    await desk.database.write(lambda db: put(db, NOW))
    clock.at = NOW + timedelta(days=29)
    assert set((await prune(desk)).values()) == {0}
    clock.at = NOW + timedelta(days=31)
    assert await prune(desk) == {
        "deliveries": 1,
        "plugin_logs": 1,
        "egress_ledger": 0,
        "events": 0,
    }
    await desk.settings.update(SYSTEM, keep_egress_days=30)
    assert (await prune(desk))["egress_ledger"] == 1
    assert set((await counts(desk)).values()) == {0}


async def test_many_old_rows_go_in_small_transactions_and_new_ones_stay(desk):
    many = CHUNK * 2 + 1
    await desk.database.write(lambda db: put(db, NOW - timedelta(days=100), many))
    await desk.database.write(lambda db: put(db, NOW, 3))
    largest = []

    def note(db: sqlite3.Connection) -> None:
        largest.append(db.total_changes)

    desk.database.observe_commits(note)
    kept = Kept(NOW, NOW, NOW)
    assert await prune_records(desk.database, kept) == dict.fromkeys(
        ("deliveries", "plugin_logs", "egress_ledger"), many
    )
    assert max(b - a for a, b in pairwise(largest)) <= CHUNK
    assert await counts(desk) == {
        "deliveries": 3,
        "plugin_logs": 3,
        "egress_ledger": 3,
        "events": 0,
    }


async def test_an_event_stays_until_every_enabled_plugin_is_done_with_it(desk, clock):
    person = await desk.users.create(SYSTEM, email="a@example.com", name="A")
    for number in range(3):
        await desk.tickets.create(person.actor, TicketDraft(f"Ticket {number}", "x"))
    await desk.database.write(lambda db: plugin(db, "slow", enabled=True, settled=1))
    await desk.database.write(lambda db: plugin(db, "quick", enabled=True, settled=3))
    await desk.database.write(lambda db: plugin(db, "off", enabled=False, settled=0))
    assert (await prune(desk))["events"] == 0
    clock.at = NOW + timedelta(days=31)
    assert (await prune(desk))["events"] == 1
    left = "SELECT seq FROM events ORDER BY seq"
    assert await desk.database.read(lambda db: db.execute(left).fetchall()) == [(2,), (3,)]
    done = "UPDATE plugins SET settled_seq = 3"
    await desk.database.write(lambda db: db.execute(done).rowcount)
    assert (await prune(desk))["events"] == 2
    assert await desk.outbox.last_seq() == 3


async def test_where_no_plugin_is_enabled_old_events_go(desk, clock):
    person = await desk.users.create(SYSTEM, email="a@example.com", name="A")
    await desk.tickets.create(person.actor, TicketDraft("A ticket", "x"))
    clock.at = NOW + timedelta(days=31)
    assert (await prune(desk))["events"] == 1

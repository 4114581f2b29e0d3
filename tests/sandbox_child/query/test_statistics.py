"""Statistics as plugins ask for them, against the same numbers counted in Python."""

import random
import sqlite3
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sandbox_child.query.clock import Clock
from sandbox_child.wire.queries import For
from tests.sandbox_child.query.conftest import Asked

NOW = datetime(2026, 4, 5, 14, 0, 0)  # noqa: DTZ001 - by the wall clock, which is UTC
OPEN_TYPES = ("new", "open")


@dataclass(frozen=True)
class Row:
    """What Python knows of a ticket."""

    number: int
    subject: str
    status: str
    priority: int
    category: str | None
    assignee: str | None
    submitter: str
    created: datetime
    updated: datetime

    @property
    def state_type(self) -> str:
        return {"New": "new", "Resolved": "closed", "Closed": "closed"}.get(self.status, "open")


CATEGORIES = {"c1": "Printers", "c2": "Network", "c3": "O'Brien's \"corner\" ünd"}
STAFF = {"s1": "Ana Diaz", "s2": "Bo", "s3": "Cem van Dijk"}
STATUSES = ("New", "In progress", "Waiting", "Resolved", "Closed")


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def fill(writer: sqlite3.Connection, count: int, seed: int) -> list[Row]:
    """Write people, a catalogue and tickets; return the tickets."""
    chance = random.Random(seed)
    writer.execute("BEGIN")
    for key, name in STAFF.items():
        writer.execute(
            "INSERT INTO users (id, email, name, role, created_at) VALUES (?, ?, ?, 'staff', '')",
            (key, f"{key}@example.com", name),
        )
    for key in ("u1", "u2"):
        writer.execute(
            "INSERT INTO users (id, email, name, role, created_at) VALUES (?, ?, ?, 'user', '')",
            (key, f"{key}@example.com", key),
        )
    for key, name in CATEGORIES.items():
        writer.execute("INSERT INTO categories (id, name) VALUES (?, ?)", (key, name))
    for position, name in enumerate(("In progress", "Waiting"), 1):
        writer.execute("INSERT INTO statuses (name, position) VALUES (?, ?)", (name, position))
    rows = []
    for number in range(1, count + 1):
        created = NOW - timedelta(seconds=chance.randrange(0, 60 * 86_400))
        row = Row(
            number,
            chance.choice(["printer", "50% off", "a_b", "Café", "it's", "back\\slash", ""]),
            chance.choice(STATUSES),
            chance.randrange(4),
            chance.choice([None, *CATEGORIES]),
            chance.choice([None, *STAFF]),
            chance.choice(["u1", "u2"]),
            created,
            created + timedelta(seconds=chance.randrange(0, 86_400)),
        )
        writer.execute(
            "INSERT INTO tickets (id, number, subject, description, status, priority,"
            " category_id, assignee_user_id, submitter_id, created_at, updated_at)"
            " VALUES (?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?)",
            (
                *(f"t{number}", number, row.subject, row.status, row.priority, row.category),
                *(row.assignee, row.submitter, stamp(row.created), stamp(row.updated)),
            ),
        )
        rows.append(row)
    writer.execute("COMMIT")
    return rows


def stand_still(clock: Clock) -> None:
    """Set a clock to NOW, so that no midnight comes between the tickets and a statement."""
    clock._epoch, clock.now = NOW.replace(tzinfo=UTC).timestamp(), NOW.isoformat(" ")


@pytest.fixture(params=[1, 2])
def tickets(
    asked: Asked, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> list[Row]:
    monkeypatch.setattr(Clock, "set", stand_still)
    return fill(asked.writer, 400, request.param)


def counted(rows: Any, name: str, value: str = "count") -> dict[Any, int]:
    return {row[name]: row[value] for row in rows}


def test_an_overview(asked: Asked, tickets: list[Row]):
    types = ("'new', 'open'", "'pending reminder', 'pending auto'", "'closed'")
    cases = ", ".join(
        f"SUM(CASE WHEN tst.name IN ({names}) THEN 1 ELSE 0 END) AS n{place}"
        for place, names in enumerate(types)
    )
    (row,) = asked.rows(
        f"""SELECT COUNT(*) AS total, {cases},
            SUM(CASE WHEN DATE(t.create_time) = CURDATE() THEN 1 ELSE 0 END) AS today
            FROM ticket t JOIN ticket_state ts ON t.ticket_state_id = ts.id
            JOIN ticket_state_type tst ON ts.type_id = tst.id"""
    )
    by_type = Counter(each.state_type for each in tickets)
    assert row == {
        "total": 400,
        "n0": by_type["new"] + by_type["open"],
        "n1": 0,
        "n2": by_type["closed"],
        "today": sum(each.created.date() == NOW.date() for each in tickets),
    }


def test_by_status_queue_priority_and_owner(asked: Asked, tickets: list[Row]):
    by_status = asked.rows(
        "SELECT ts.name AS status, COUNT(*) AS `count` FROM ticket t"
        " JOIN ticket_state ts ON t.ticket_state_id = ts.id GROUP BY ts.name"
        " ORDER BY count DESC LIMIT ?",
        [10],
    )
    assert counted(by_status, "status") == Counter(each.status for each in tickets)
    assert [r["count"] for r in by_status] == sorted((r["count"] for r in by_status), reverse=True)
    by_queue = asked.rows(
        "SELECT q.name, COUNT(t.id) AS count FROM queue q LEFT JOIN ticket t ON t.queue_id = q.id"
        " WHERE q.valid_id = 1 GROUP BY q.id, q.name"
    )
    assert counted(by_queue, "name") == Counter(
        CATEGORIES.get(each.category or "", "No category") for each in tickets
    )
    by_priority = asked.rows(
        "SELECT tp.name, COUNT(*) AS count FROM ticket t"
        " JOIN ticket_priority tp ON t.ticket_priority_id = tp.id GROUP BY tp.name ORDER BY tp.name"
    )
    names = ("2 low", "3 normal", "4 high", "5 very high")
    assert counted(by_priority, "name") == Counter(names[each.priority] for each in tickets)
    by_owner = asked.rows(
        "SELECT TRIM(CONCAT(u.first_name, ' ', u.last_name)) AS owner, COUNT(*) AS count"
        " FROM ticket t JOIN users u ON t.user_id = u.id WHERE u.valid_id = 1 GROUP BY u.id"
    )
    assert counted(by_owner, "owner") == Counter(
        STAFF[each.assignee] for each in tickets if each.assignee
    )
    unowned = asked.rows("SELECT COUNT(*) AS n FROM ticket WHERE user_id = 1")
    assert unowned == [{"n": sum(each.assignee is None for each in tickets)}]


def test_a_timeline_of_thirty_days(asked: Asked, tickets: list[Row]):
    per_day = asked.rows(
        "SELECT DATE(create_time) AS day, COUNT(*) AS count FROM ticket"
        " WHERE create_time >= DATE_SUB(CURDATE(), INTERVAL 30 DAY)"
        " GROUP BY DATE(create_time) ORDER BY day"
    )
    first = NOW.date() - timedelta(days=30)
    expected = Counter(
        each.created.date().isoformat() for each in tickets if each.created.date() >= first
    )
    assert counted(per_day, "day") == expected
    assert [row["day"] for row in per_day] == sorted(expected)


def test_a_timeline_as_one_statement_of_many_parts(asked: Asked, tickets: list[Row]):
    days = [NOW.date() - timedelta(days=back) for back in range(30)]
    part = (
        "SELECT ? AS day, (SELECT COUNT(*) FROM ticket WHERE create_time >= ? AND create_time < ?)"
        " AS created, (SELECT COUNT(*) FROM ticket t JOIN ticket_state ts ON"
        " ts.id = t.ticket_state_id WHERE ts.type_id = ? AND t.change_time >= ?"
        " AND t.change_time < ?) AS closed"
    )
    arguments: list[Any] = []
    for day in days:
        start, end = f"{day} 00:00:00", f"{day + timedelta(days=1)} 00:00:00"
        arguments += [day.isoformat(), start, end, 3, start, end]
    rows = asked.rows(f"{' UNION ALL '.join([part] * 30)} ORDER BY day", arguments)
    assert len(arguments) == 180
    assert rows == [
        {
            "day": day.isoformat(),
            "created": sum(each.created.date() == day for each in tickets),
            "closed": sum(
                each.updated.date() == day and each.state_type == "closed" for each in tickets
            ),
        }
        for day in sorted(days)
    ]


def test_recent_activity(asked: Asked, tickets: list[Row]):
    rows = asked.rows(
        "SELECT t.tn, t.title, ts.name AS state, t.change_time FROM ticket t"
        " LEFT JOIN ticket_state ts ON ts.id = t.ticket_state_id"
        " ORDER BY t.change_time DESC, t.id DESC LIMIT ?",
        [7],
    )
    latest = sorted(tickets, key=lambda each: (each.updated, each.number), reverse=True)[:7]
    assert rows == [
        {
            "tn": str(each.number), "title": each.subject, "state": each.status,
            "change_time": each.updated.isoformat(" "),
        }
        for each in latest
    ]  # fmt: skip


def test_a_pattern_of_like_may_escape(asked: Asked, tickets: list[Row]):
    def count(pattern: str) -> int:
        (row,) = asked.rows("SELECT COUNT(*) AS n FROM ticket WHERE title LIKE ?", [pattern])
        return int(row["n"])

    def expected(subject: str) -> int:
        return sum(each.subject == subject for each in tickets)

    assert count("50\\%%") == expected("50% off")
    assert count("a\\_b") == expected("a_b")
    assert count("PRINT%") == expected("printer")
    assert count("back\\\\slash") == expected("back\\slash")
    (row,) = asked.rows(r"SELECT COUNT(*) AS n FROM ticket WHERE title LIKE '50\% o%'")
    assert row["n"] == expected("50% off")


def test_a_submitters_statistics_are_of_their_own_tickets(asked: Asked, tickets: list[Row]):
    sql = (
        "SELECT ts.name AS status, COUNT(*) AS count FROM ticket t"
        " JOIN ticket_state ts ON t.ticket_state_id = ts.id GROUP BY ts.name"
    )
    for person in ("u1", "u2"):
        rows = asked.rows(sql, asked_for=For.PERSON, person=person)
        mine = [each for each in tickets if each.submitter == person]
        assert counted(rows, "status") == Counter(each.status for each in mine)
        emails = asked.rows(
            "SELECT DISTINCT customer_user_id AS c FROM ticket", asked_for=For.PERSON, person=person
        )
        assert emails == [{"c": f"{person}@example.com"}]


def test_queues_count_by_the_groups_of_the_caller(asked: Asked, tickets: list[Row]):
    writer = asked.writer
    for group, members, categories in (("g1", ["s1"], ["c1"]), ("g2", ["s2"], ["c1", "c2"])):
        writer.execute("INSERT INTO groups VALUES (?, ?)", (group, f"Group {group}"))
        for member in members:
            writer.execute("INSERT INTO group_members VALUES (?, ?)", (group, member))
        for category in categories:
            writer.execute("INSERT INTO group_categories VALUES (?, ?)", (group, category))
    sql = """SELECT COUNT(*) AS n FROM ticket t JOIN queue q ON q.id = t.queue_id
        WHERE q.group_id IN (SELECT group_id FROM group_user WHERE user_id = ?
            AND permission_key = 'rw'
            UNION SELECT gr.group_id FROM group_role gr JOIN role_user ru ON ru.role_id = gr.role_id
            WHERE ru.user_id = ? AND gr.permission_key = 'rw' AND gr.permission_value = 1)"""
    for person, owned in (("s1", {"c1"}), ("s2", {"c1", "c2"}), ("s3", set())):
        (found,) = asked.rows("SELECT id FROM users WHERE login = ?", [f"{person}@example.com"])
        (row,) = asked.rows(sql, [found["id"]] * 2)
        # What no group owns is everybody's.
        scope = owned | {None, "c3"}
        assert row["n"] == sum(each.category in scope for each in tickets)


def test_an_admin_is_in_the_admins_group(asked: Asked):
    asked.writer.execute(
        "INSERT INTO users (id, email, name, role, created_at)"
        " VALUES ('a1', 'root@example.com', 'Ada', 'admin', '')"
    )
    rows = asked.rows(
        "SELECT up.preferences_value AS mail FROM users u"
        " JOIN group_user gu ON gu.user_id = u.id JOIN `groups` g ON g.id = gu.group_id"
        " JOIN user_preferences up ON up.user_id = u.id"
        " WHERE g.name = 'admin' AND up.preferences_key = 'UserEmail' AND u.valid_id = 1"
    )
    assert rows == [{"mail": "root@example.com"}]

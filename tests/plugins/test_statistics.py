"""Statistics: every figure is the one that Python computes of the raw rows, to the last ticket.

10,000 random tickets in Berlin's time zone, over two changes of the clocks.
"""

import base64
import io
import itertools
import json
import math
import random
import re
import sqlite3
import statistics
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from cli.compose import Application, open_application
from cli.config import Config
from helpdesk.actors import SYSTEM, Role
from helpdesk.clock import rfc3339
from helpdesk.ids import new_id
from helpdesk.numbers import number_of
from helpdesk.tickets.model import TicketDraft
from supervisor.calls.behalf import EVERYTHING, Behalf
from supervisor.config import SupervisorConfig
from supervisor.limits import Limits
from supervisor.query import Audience
from tests.guests.toolchains import ROOT
from webapp.config import WebConfig

ID = "goatkit.statistics"
ZONE = ZoneInfo("Europe/Berlin")
TICKETS = 10_000
PRIORITIES = {2: "Low", 3: "Medium", 4: "High", 5: "Critical"}
STAFF = {"_user_role": "Agent", "_user_id": 7, "_user_login": "ana@example.com"}


class Raw:
    """What was written, read back of the help desk's own tables and nothing that is derived."""

    def __init__(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as db:
            names = dict(db.execute("SELECT id, name FROM categories"))
            groups = dict(db.execute("SELECT id, name FROM groups"))
            people = dict(db.execute("SELECT id, name FROM users"))
            owners = dict(db.execute("SELECT category_id, group_id FROM group_categories"))
            self.numbers = {
                (kind, thing): number
                for kind, thing, number in db.execute("SELECT kind, id, number FROM numbers")
            }
            closures = defaultdict(list)
            for ticket, at, was_settled in db.execute(
                "SELECT ticket_id, at, from_status IN ('Resolved', 'Closed') FROM status_history"
                " ORDER BY seq"
            ):
                if was_settled:
                    closures[ticket][-1][1] = second(at)
                else:
                    closures[ticket].append([second(at), None])
            said = defaultdict(list)
            for ticket, at, author, role, internal in db.execute(
                "SELECT ticket_id, created_at, author_id, author_role, is_internal FROM replies"
            ):
                said[ticket].append((at, author, role, internal))
            self.tickets = []
            for row in db.execute(
                "SELECT id, status, priority, category_id, assignee_user_id, assignee_group_id,"
                " submitter_id, created_at, resolved_at, closed_at FROM tickets"
            ):
                ticket, status, rank, category, person, group, submitter, created, done, shut = row
                answers = [
                    second(at)
                    for at, author, role, internal in said[ticket]
                    if role in {"staff", "admin"} and not internal and author != submitter
                ]
                owner = group or owners.get(category)
                self.tickets.append(
                    {
                        "status": status,
                        "created": second(created),
                        "answered": min(answers, default=None),
                        "resolved": second(done or shut) if done or shut else None,
                        "priority": PRIORITIES[rank + 2],
                        "category": names.get(category, "No category"),
                        "assignee": people.get(person, "Nobody"),
                        "group": groups[owner] if owner else "No group",
                        "alone": not person and not group,
                        "closures": [one for one in closures[ticket] if one[1]],
                    }
                )


def second(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def midnight(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp())


def spans(tickets: list[dict[str, Any]], end: str, a: int, z: int) -> dict[str, Any]:
    found = sorted(
        one[end] - one["created"] for one in tickets if one[end] is not None and a <= one[end] < z
    )
    if not found:
        return {"count": 0, "median_s": None, "p90_s": None}
    return {
        "count": len(found),
        "median_s": statistics.median(found),
        "p90_s": found[math.ceil(0.9 * len(found)) - 1],
    }


def period(tickets: list[dict[str, Any]], first: date, last: date) -> dict[str, Any]:
    a, z = midnight(first), midnight(last + timedelta(days=1))
    return {
        "created": sum(a <= one["created"] < z for one in tickets),
        "first_answer": spans(tickets, "answered", a, z),
        "resolved": spans(tickets, "resolved", a, z),
    }


def write_tickets(path: Path, people: list[str], categories: list[str], groups: list[str]) -> None:
    """Write tickets as an import would: random, and some at the very second of a midnight."""
    chance = random.Random(14)
    begin = datetime(2025, 9, 1, tzinfo=UTC)
    requester, *staff = people
    midnights = [midnight(date(2025, 10, 20) + timedelta(days=i)) for i in range(14)]
    with closing(sqlite3.connect(path)) as db, db:
        for number in range(1, TICKETS + 1):
            created = begin + timedelta(seconds=chance.randrange(300 * 86_400))
            if number % 50 == 0:
                edge = chance.choice(midnights) - chance.choice([0, 1])
                created = datetime.fromtimestamp(edge, UTC)
            settled = created + timedelta(seconds=int(chance.expovariate(1 / 400_000)))
            state = chance.choice(["New", "Waiting", "Resolved", "Resolved", "Closed"])
            begun = "Resolved" if chance.randrange(4) == 0 else state
            whose = chance.choice(["person", "group", "nobody"])
            ticket = new_id()
            db.execute(
                "INSERT INTO tickets (id, number, subject, description, status, priority,"
                " category_id, submitter_id, assignee_user_id, assignee_group_id, created_at,"
                " updated_at, resolved_at, closed_at)"
                " VALUES (?, ?, 's', 'd', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(ticket, number, begun, chance.randrange(4)),
                    chance.choice([*categories, None]),
                    chance.choice(people),
                    chance.choice(staff) if whose == "person" else None,
                    chance.choice(groups) if whose == "group" else None,
                    *(rfc3339(created), rfc3339(settled)),
                    rfc3339(settled) if begun == "Resolved" else None,
                    rfc3339(settled) if begun == "Closed" else None,
                ),
            )
            if begun != state:
                move_on(db, ticket, (begun, state), settled, chance)
            for _ in range(chance.randrange(3)):
                author = chance.choice(people)
                at = created + timedelta(seconds=int(chance.expovariate(1 / 30_000)))
                db.execute(
                    "INSERT INTO replies (id, ticket_id, body, is_internal, author_id,"
                    " author_name, author_role, created_at) VALUES (?, ?, 'x', ?, ?, 'n', ?, ?)",
                    (
                        *(new_id(), ticket, chance.randrange(2), author),
                        *("user" if author == requester else "staff", rfc3339(at)),
                    ),
                )


def move_on(
    db: sqlite3.Connection,
    ticket: str,
    states: tuple[str, str],
    at: datetime,
    chance: random.Random,
) -> None:
    """Reopen a resolved ticket, and bring it to its last status, as the help desk does."""
    begun, state = states
    steps = [(None, begun), (begun, "New"), ("New", state)]
    for was, now in steps[: 2 if state == "New" else 3]:
        if was is not None:
            at += timedelta(seconds=int(chance.expovariate(1 / 200_000)))
            db.execute(
                "UPDATE tickets SET status = ?, updated_at = ?, resolved_at = ?, closed_at = ?"
                " WHERE id = ?",
                (
                    *(now, rfc3339(at)),
                    rfc3339(at) if now == "Resolved" else None,
                    rfc3339(at) if now == "Closed" else None,
                    ticket,
                ),
            )
        if "Resolved" in (was, now) or now == "Closed":
            db.execute(
                "INSERT INTO status_history (id, ticket_id, from_status, to_status, at, author_id,"
                " author_name, author_role) VALUES (?, ?, ?, ?, ?, 'system', 'n', 'staff')",
                (new_id(), ticket, was, now, rfc3339(at)),
            )


@pytest.fixture
async def application(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Application]:
    """Return a help desk in Berlin with Statistics out of the box, and all that it asks for."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    # A busy machine may take its time: what is computed is tried here, not how fast.
    supervisor = SupervisorConfig(tmp_path, Limits(deadline_s=120.0), box=ROOT / "plugins")
    config = Config(data=tmp_path, web=WebConfig(port=0), supervisor=supervisor)
    async with open_application(config, run_plugins=True) as opened:
        plugin = await opened.supervisor.box.install("statistics", actor="test")
        for asked in plugin.permissions:
            await opened.supervisor.controls.grant(plugin.id, asked.token, actor="test")
        await opened.supervisor.controls.set_enabled(plugin.id, True, actor="test")
        yield opened


async def ask(opened: Application, function: str, behalf: Behalf = EVERYTHING, **args: Any) -> Any:
    encoded = json.dumps({**STAFF, "_lang": "en", **args}).encode()
    answer = await opened.supervisor.functions.call(ID, function, encoded, behalf)
    assert answer.error is None
    return json.loads(answer.value)


async def fill(opened: Application) -> Raw:
    desk = opened.helpdesk
    made = []
    for name, role in (("Sam", "user"), ("Ana Diaz", "staff"), ("Bo", "staff"), ("Cy", "admin")):
        email = f"{name.split()[0].lower()}@example.com"
        made.append((await desk.users.create(SYSTEM, email=email, name=name, role=Role(role))).id)
    categories = [(await desk.catalogue.add_category(SYSTEM, n)).id for n in ("A&B", "Net", "Web")]
    await desk.statuses.add(SYSTEM, "Waiting")
    groups = [
        (await desk.groups.create(SYSTEM, name=name, category_ids=owned)).id
        for name, owned in (("First", categories[:1]), ("Second", categories[1:2]), ("Third", []))
    ]
    path = desk.database.path
    assert path is not None
    write_tickets(path, made, categories, groups)
    return Raw(path)


RANGES = (
    ("2025-10-20", "2025-11-02", "category"),
    ("2025-10-26", "2025-10-26", "group"),
    ("2026-03-29", "2026-03-29", "assignee"),
    ("2025-09-01", "2026-06-30", "priority"),
    ("2026-03-01", "2026-04-30", "group"),
    ("2024-01-01", "2026-12-31", "assignee"),
    ("1999-01-01", "1999-01-31", "category"),
)


async def test_every_figure_is_what_python_computes_of_the_rows(application: Application) -> None:
    raw = await fill(application)
    assert sum(bool(one["closures"]) for one in raw.tickets) > TICKETS / 10
    names = {"category": "A&B", "group": "First", "assignee": "Ana Diaz", "priority": "High"}
    kinds = {"category": "category", "group": "group"}
    for at, (first, last, by) in enumerate(RANGES):
        filters: dict[str, Any] = {}
        if at % 2:
            only = list(names)[at // 2 % 3]
            filters = {only: names[only]}
        wanted = [
            one for one in raw.tickets if all(one[key] == value for key, value in filters.items())
        ]
        numbers = {}
        with closing(sqlite3.connect(application.helpdesk.database.path)) as db:
            for key, value in filters.items():
                table = {"category": "categories", "group": "groups", "assignee": "users"}[key]
                (thing,) = db.execute(f"SELECT id FROM {table} WHERE name = ?", (value,)).fetchone()
                numbers[key] = raw.numbers[kinds.get(key, "user"), thing]
        before = time.time()
        report = await ask(application, "report", **{"from": first, "to": last}, by=by, **numbers)
        after = time.time()
        a, z = date.fromisoformat(first), date.fromisoformat(last)
        length = z - a + timedelta(days=1)
        assert report["period"] == period(wanted, a, z), (first, last, filters)
        assert report["before"] == period(wanted, a - length, a - timedelta(days=1))
        assert report["statuses"] == dict(Counter(one["status"] for one in wanted))
        open_ = [one for one in wanted if one["resolved"] is None]
        assert report["open"] == len(open_)
        assert report["unassigned"] == sum(one["alone"] for one in open_)
        # Nobody knows at which second of the call it looked at its clock.
        assert report["ages"] in [ages(open_, now) for now in range(int(before), int(after) + 2)]
        bars = report["over_time"]
        days = [(date.fromisoformat(bar["from"]), date.fromisoformat(bar["to"])) for bar in bars]
        assert (days[0][0], days[-1][1], len(days) <= 62) == (a, z, True)
        assert all(one[1] + timedelta(days=1) == two[0] for one, two in itertools.pairwise(days))
        for bar, (from_, to) in zip(bars, days, strict=True):
            found = period(wanted, from_, to)
            assert (bar["created"], bar["resolved"]) == (
                found["created"],
                found["resolved"]["count"],
            )
            end = midnight(to + timedelta(days=1))
            has_begun = midnight(from_) <= after
            assert bar["open"] == (open_at(wanted, end) if has_begun else None), (from_, filters)
        lines = {line["name"]: line for line in report["lines"]}
        for name in {one[by] for one in wanted}:
            of = [one for one in wanted if one[by] == name]
            count = sum(one["resolved"] is None for one in of)
            found = period(of, a, z)
            if name in lines:
                assert (lines[name]["period"], lines[name]["open"]) == (found, count), name
            else:
                assert (found["created"], found["resolved"]["count"], count) == (0, 0, 0)
    await exports_say_the_same(application)


def open_at(tickets: list[dict[str, Any]], at: int) -> int:
    """Count the tickets that were open just before a second."""
    return sum(
        one["created"] < at
        and not (one["resolved"] is not None and one["resolved"] < at)
        and not any(settled < at <= again for settled, again in one["closures"])
        for one in tickets
    )


def ages(open_: list[dict[str, Any]], now: int) -> list[int]:
    found = [0] * 6
    for one in open_:
        found[sum(now - one["created"] >= days * 86_400 for days in (1, 3, 7, 30, 90))] += 1
    return found


async def exports_say_the_same(application: Application) -> None:
    asked = {"from": "2025-10-20", "to": "2025-11-02", "by": "category"}
    report = await ask(application, "report", **asked)
    text = base64.b64decode((await ask(application, "export", format="csv", **asked))["data"])
    lines = text.decode("utf-8-sig").splitlines()
    assert lines[0] == "Summary"
    assert lines[2].split(",")[:3] == ["2025-10-20", "2025-11-02", str(report["period"]["created"])]
    book = base64.b64decode((await ask(application, "export", format="xlsx", **asked))["data"])
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        assert parts.testzip() is None
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert f"<v>{report['period']['created']}</v>" in sheet
        assert "A&amp;B" in parts.read("xl/worksheets/sheet3.xml").decode()


async def test_staff_save_share_and_get_the_weekly_report_and_no_permission_is_idle(
    application: Application,
) -> None:
    desk = application.helpdesk
    await desk.mail.show_on_page()
    ana, bo = [
        await desk.users.create(SYSTEM, email=f"{name}@example.com", name=name, role=Role.STAFF)
        for name in ("ana", "bo")
    ]
    who = {}
    for person in (ana, bo):
        number = await desk.database.read(partial(number_of, kind="user", thing_id=person.id))
        about = {"_user_id": number, "_user_login": person.email, "_user_email": person.email}
        who[person.id] = (Behalf(Audience.person_of(person.id)), about)

    async def as_(person: Any, function: str, **args: Any) -> Any:
        behalf, about = who[person.id]
        return await ask(application, function, behalf, **about, **args)

    await desk.tickets.create(bo.actor, TicketDraft("A ticket", "x"))
    query = "from=2026-03-01&to=2026-03-31&by=group"
    for name, shared in (("Only mine", ""), ("For <all>", "1")):
        done = await as_(ana, "save", name=name, query=query, shared=shared)
        assert done == {"redirect": f"/statistics?{query}"}
    assert "Only mine" in (await as_(ana, "page"))["html"]
    seen = (await as_(bo, "page"))["html"]
    assert "For &lt;all&gt;" in seen
    assert "Only mine" not in seen
    # Nobody deletes what is another's.
    await as_(bo, "delete", id="2")
    assert "For &lt;all&gt;" in (await as_(bo, "page"))["html"]
    await as_(ana, "delete", id="2")
    assert "For &lt;all&gt;" not in (await as_(bo, "page"))["html"]
    long = await as_(ana, "save", name="x" * 81, query=query)
    assert (long["status"], "1 to 80 characters" in long["error"]) == (400, True)
    await as_(ana, "subscribe", on="1", _lang="de")
    assert "Wöchentlichen Bericht abbestellen" in (await as_(ana, "page", _lang="de"))["html"]
    assert await ask(application, "weekly") == {"sent": 1}
    assert await ask(application, "weekly") == {"sent": 0}
    notices = await desk.notifications.list(ana.actor)
    (notice,) = [one for one in notices if (one.link or "").startswith("/statistics?from=")]
    assert notice.title.startswith("Tickets in der Woche")
    letters = "SELECT address, subject FROM mail_outgoing WHERE kind = 'plugin'"
    sent = await desk.database.read(lambda c: [tuple(row) for row in c.execute(letters)])
    assert sent == [("ana@example.com", notice.title)]
    made = await application.supervisor.deliveries.page(ID, limit=100)
    calls = [call for delivery in made for call in delivery.host_calls]
    assert {call["name"] for call in calls} == {
        *("db_query", "db_exec", "config_get", "send_notice", "send_email")
    }
    asked = {one.token for one in (await application.supervisor.overview.plugin(ID)).permissions}
    (tables,) = [one.removeprefix("db:read:") for one in asked if one.startswith("db:read")]
    assert asked == {f"db:read:{tables}", "db:write", "config", "email:members", "notice"}
    source = "".join(path.read_text() for path in (ROOT / "plugins/statistics/src").glob("*.rs"))
    for table in tables.split(","):
        assert re.search(rf"\b(FROM|JOIN) `?{table}\b", source), table

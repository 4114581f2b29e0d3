"""What has an id has a number too, and what of tickets is counted by numbers is kept true."""

import sqlite3
from contextlib import closing
from pathlib import Path

import sqlite_utils

from helpdesk import numbers
from helpdesk.actors import SYSTEM
from helpdesk.service import HelpDesk
from helpdesk.storage.migrations import HELPDESK_MIGRATIONS
from helpdesk.tickets.edits import TicketChanges
from helpdesk.tickets.model import TicketDraft

AT = "2026-04-05T14:00:00Z"
FACTS = (
    "SELECT subject, (SELECT id FROM numbers WHERE number = status) AS status, priority,"
    " (SELECT id FROM numbers WHERE number = category) AS category,"
    " (SELECT id FROM numbers WHERE number = assignee) AS assignee,"
    " (SELECT id FROM numbers WHERE number = submitter) AS submitter, created, updated"
    " FROM ticket_facts ORDER BY number"
)


def facts(path: Path) -> list[dict]:
    with closing(sqlite3.connect(path)) as connection:
        cursor = connection.execute(FACTS)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]


def number(path: Path, kind: numbers.Kind, thing_id: str) -> int | None:
    with closing(sqlite3.connect(path)) as connection:
        return numbers.number_of(connection, kind, thing_id)


def thing(path: Path, kind: numbers.Kind, given: int) -> str | None:
    with closing(sqlite3.connect(path)) as connection:
        return numbers.id_of(connection, kind, given)


async def test_facts_follow_every_change_of_a_ticket(tmp_path: Path):
    async with HelpDesk.open(tmp_path / "h.db") as helpdesk:
        sam = await helpdesk.users.create(SYSTEM, email="s@example.com", name="Sam")
        ana = await helpdesk.users.create(SYSTEM, email="a@example.com", name="Ana", role="staff")
        office = await helpdesk.catalogue.add_category(SYSTEM, "Office")
        await helpdesk.statuses.add(SYSTEM, "Waiting")
        ticket = await helpdesk.tickets.create(sam.actor, TicketDraft("Old", "x"))
        (first,) = facts(tmp_path / "h.db")
        assert (first["subject"], first["status"], first["priority"]) == ("Old", "New", 3)
        assert (first["submitter"], first["assignee"], first["category"]) == (sam.id, None, None)
        assert first["created"] == ticket.created_at.strftime("%Y-%m-%d %H:%M:%S")

        changes = TicketChanges(subject="New words", priority="Critical", category=office.id)
        await helpdesk.tickets.update(SYSTEM, ticket.id, changes)
        await helpdesk.tickets.assign_user(SYSTEM, ticket.id, ana.id)
        await helpdesk.tickets.set_status(SYSTEM, ticket.id, "Waiting")
        await helpdesk.statuses.rename(SYSTEM, "Waiting", "Parked")
        (then,) = facts(tmp_path / "h.db")
        assert (then["subject"], then["status"], then["priority"]) == ("New words", "Parked", 5)
        assert (then["assignee"], then["category"]) == (ana.id, office.id)


async def test_a_number_is_never_given_twice(tmp_path: Path):
    async with HelpDesk.open(tmp_path / "h.db") as helpdesk:
        one = await helpdesk.catalogue.add_category(SYSTEM, "One")
        given = number(tmp_path / "h.db", "category", one.id)
        assert given is not None
        assert given > 100
        await helpdesk.catalogue.delete(SYSTEM, one.id)
        assert number(tmp_path / "h.db", "category", one.id) is None
        two = await helpdesk.catalogue.add_category(SYSTEM, "Two")
        assert number(tmp_path / "h.db", "category", two.id) > given
        assert thing(tmp_path / "h.db", "category", given + 1) == two.id


async def test_a_status_keeps_its_number_when_it_is_renamed(tmp_path: Path):
    async with HelpDesk.open(tmp_path / "h.db") as helpdesk:
        await helpdesk.statuses.add(SYSTEM, "Waiting")
        given = number(tmp_path / "h.db", "status", "waiting")
        assert given
        await helpdesk.statuses.rename(SYSTEM, "Waiting", "Parked")
        assert number(tmp_path / "h.db", "status", "Parked") == given
        assert number(tmp_path / "h.db", "status", "Waiting") is None


async def test_what_an_earlier_version_wrote_gets_numbers(tmp_path: Path):
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path)
    connection.create_function("search_text", 1, str)
    HELPDESK_MIGRATIONS.apply(
        sqlite_utils.Database(connection, execute_plugins=False), stop_before="m007_numbers"
    )
    with connection:
        connection.execute(
            "INSERT INTO users (id, email, name, role, created_at)"
            " VALUES ('p1', 's@example.com', 'Sam', 'user', ?)",
            (AT,),
        )
        connection.execute(
            "INSERT INTO tickets (id, number, subject, description, status, priority,"
            " submitter_id, created_at, updated_at) VALUES ('01A', 7, 'old', 'x', 'Closed', 0,"
            " 'p1', ?, ?)",
            (AT, AT),
        )
    connection.close()
    async with HelpDesk.open(path):
        assert facts(path) == [
            {
                "subject": "old", "status": "Closed", "priority": 2, "category": None,
                "assignee": None, "submitter": "p1", "created": "2026-04-05 14:00:00",
                "updated": "2026-04-05 14:00:00",
            }
        ]  # fmt: skip
        assert number(path, "ticket", "01A") == 7
        assert thing(path, "ticket", 7) == "01A"

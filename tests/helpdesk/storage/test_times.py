"""When a ticket was answered and resolved is kept true by every change, also of old tickets."""

import sqlite3
from contextlib import closing
from pathlib import Path

from helpdesk.actors import SYSTEM
from helpdesk.service import HelpDesk
from helpdesk.storage import reports_step, times_step
from helpdesk.tickets.model import TicketDraft

TIMES = (
    "SELECT number, created, answered, resolved, reopened, (SELECT id FROM numbers"
    " WHERE number = assignee_group) FROM ticket_times ORDER BY number"
)
WHOLE = "SELECT * FROM ticket_times ORDER BY number"
REOPENINGS = "SELECT number, resolved, reopened FROM ticket_reopenings ORDER BY id"


def times(path: Path) -> list[tuple]:
    return rows(path, TIMES)


def rows(path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def kept(path: Path) -> list[list[tuple]]:
    return [rows(path, query) for query in (WHOLE, REOPENINGS)]


def filled(path: Path) -> list[list[tuple]]:
    """Return what the steps write for the tickets that are there, as for an older database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        names = (
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
            " AND (name GLOB 'ticket_times_*' OR name GLOB 'ticket_reopenings_*')"
        )
        for (name,) in connection.execute(names).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DROP TABLE ticket_times")
        connection.execute("DROP TABLE ticket_reopenings")
        for statement in (*times_step.STATEMENTS, *reports_step.STATEMENTS):
            connection.execute(statement)
        found = [connection.execute(query).fetchall() for query in (WHOLE, REOPENINGS)]
        connection.execute("ROLLBACK")
        return found


async def test_times_follow_every_change_and_are_known_of_old_tickets(tmp_path: Path):
    path = tmp_path / "h.db"
    async with HelpDesk.open(path) as helpdesk:
        sam = await helpdesk.users.create(SYSTEM, email="s@example.com", name="Sam")
        ana = await helpdesk.users.create(SYSTEM, email="a@example.com", name="Ana", role="staff")
        await helpdesk.users.create(SYSTEM, email="r@example.com", name="Rita", role="admin")
        team = await helpdesk.groups.create(SYSTEM, name="Team", member_ids=[ana.id])
        tickets = helpdesk.tickets
        one, two, own = [
            await tickets.create(who.actor, TicketDraft(name, "x"))
            for who, name in ((sam, "one"), (sam, "two"), (ana, "own"))
        ]
        begun = int(one.created_at.timestamp())
        assert times(path)[0] == (1, begun, None, None, 0, None)
        # Neither a note, nor the requester, nor staff about their own ticket is an answer.
        await tickets.note(ana.actor, one.id, "seen")
        await tickets.reply(sam.actor, one.id, "still so")
        await tickets.reply(ana.actor, own.id, "more")
        assert [row[2] for row in times(path)] == [None, None, None]
        await tickets.reply(ana.actor, one.id, "an answer")
        answered = times(path)[0][2]
        assert answered is not None
        assert answered >= begun
        await tickets.assign_group(SYSTEM, two.id, team.id)
        await tickets.resolve(ana.actor, one.id, "done")
        assert times(path)[0][3] >= answered
        assert times(path)[1][5] == team.id
        assert filled(path) == kept(path)
        await tickets.reopen(sam.actor, one.id)
        assert times(path)[0][3:5] == (None, 1)
        # A merge takes the answer along.
        await helpdesk.merges.merge(ana.actor, one.id, two.id)
        assert times(path)[0][3] is not None
        assert times(path)[1][2] == answered
        assert filled(path) == kept(path)


async def test_what_reports_are_by_and_reopenings_follow_every_change(tmp_path: Path):
    path = tmp_path / "h.db"
    async with HelpDesk.open(path) as helpdesk:
        sam = await helpdesk.users.create(SYSTEM, email="s@example.com", name="Sam")
        ana = await helpdesk.users.create(SYSTEM, email="a@example.com", name="Ana", role="staff")
        net = await helpdesk.catalogue.add_category(SYSTEM, "Net")
        tickets = helpdesk.tickets
        one = await tickets.create(sam.actor, TicketDraft("one", "x", category="Net"))
        two = await tickets.create(sam.actor, TicketDraft("two", "x"))

        def by() -> list[tuple]:
            query = (
                "SELECT (SELECT id FROM numbers WHERE number = category), (SELECT id FROM numbers"
                " WHERE number = assignee), priority FROM ticket_times ORDER BY number"
            )
            return rows(path, query)

        assert by() == [(net.id, None, 3), (None, None, 3)]
        await tickets.assign_user(SYSTEM, two.id, ana.id)
        await tickets.edit(SYSTEM, two.id, priority="High")
        assert by() == [(net.id, None, 3), (None, ana.id, 4)]
        await tickets.resolve(ana.actor, one.id, "done")
        settled = times(path)[0][3]
        await tickets.close(ana.actor, one.id)
        assert (rows(path, REOPENINGS), times(path)[0][3]) == ([], settled)
        await tickets.reopen(sam.actor, one.id)
        ((number, resolved, reopened),) = rows(path, REOPENINGS)
        assert (number, resolved, reopened >= resolved) == (1, settled, True)
        await tickets.classify(SYSTEM, one.id, category=None)
        assert by()[0][0] is None
        assert filled(path) == kept(path)

"""A database of an earlier version is brought up to date with everything in it."""

import sqlite3
from pathlib import Path

import sqlite_utils

from helpdesk.actors import SYSTEM
from helpdesk.service import HelpDesk
from helpdesk.storage.migrations import HELPDESK_MIGRATIONS
from helpdesk.tickets.model import Reply, TicketFilter

AT = "2026-04-05T14:00:00Z"


def first_version(path: Path) -> None:
    connection = sqlite3.connect(path)
    HELPDESK_MIGRATIONS.apply(
        sqlite_utils.Database(connection, execute_plugins=False),
        stop_before="m002_search_and_timeline",
    )
    who = ("p1", "Sam", "user", AT)
    with connection:
        connection.execute(
            "INSERT INTO users VALUES ('p1', 's@example.com', 'Sam', 'user', NULL, 0, ?)", (AT,)
        )
        for ticket in ("01B", "01A"):
            connection.execute(
                "INSERT INTO tickets (id, subject, description, status, priority, submitter_id,"
                " created_at, updated_at) VALUES (?, ?, 'old words', 'New', 1, 'p1', ?, ?)",
                (ticket, f"subject{ticket}", AT, AT),
            )
            connection.execute(
                "INSERT INTO status_history (ticket_id, to_status, author_id, author_name,"
                " author_role, at) VALUES (?, 'New', ?, ?, ?, ?)",
                (ticket, *who),
            )
            for number in (2, 1):
                connection.execute(
                    "INSERT INTO replies (id, ticket_id, body, is_internal, author_id,"
                    " author_name, author_role, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (f"7{ticket}{number}", ticket, f"said{ticket}x{number}", number == 2, *who),
                )
    connection.close()


async def test_old_tickets_are_searched_and_their_stories_read(tmp_path: Path):
    path = tmp_path / "old.db"
    first_version(path)
    async with HelpDesk.open(path) as helpdesk:
        sam = (await helpdesk.users.find_by_email(SYSTEM, "s@example.com")).actor

        async def found(actor, text: str) -> list[str]:
            page = await helpdesk.tickets.list(actor, TicketFilter(text=text))
            return sorted(row.id for row in page.rows)

        assert await found(SYSTEM, "old words") == ["01A", "01B"]
        assert await found(SYSTEM, "said01Ax2") == ["01A"]
        assert await found(sam, "said01Ax2") == []
        assert await found(sam, "said01Bx1") == ["01B"]
        story = (await helpdesk.tickets.detail(SYSTEM, "01A")).timeline.entries
        assert [isinstance(entry, Reply) for entry in story] == [False, True, True]
        assert len({entry.id for entry in story}) == 3
        await helpdesk.tickets.reply(sam, "01A", "another")
        await helpdesk.tickets.edit(SYSTEM, "01B", subject="fresh")
        assert await found(sam, "another") == ["01A"]
        assert await found(sam, "subject01B") == []
        assert await found(sam, "fresh") == ["01B"]


async def test_old_tickets_keep_the_order_of_their_last_changes(tmp_path: Path):
    path = tmp_path / "old.db"
    first_version(path)
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "UPDATE tickets SET updated_at = '2026-04-06T14:00:00Z' WHERE id = '01A'"
        )
    connection.close()
    async with HelpDesk.open(path) as helpdesk:
        sam = (await helpdesk.users.find_by_email(SYSTEM, "s@example.com")).actor
        for actor in (SYSTEM, sam):
            listed = (await helpdesk.tickets.list(actor)).rows
            assert [(row.id, row.revision) for row in listed] == [("01A", 2), ("01B", 1)]
        await helpdesk.tickets.reply(sam, "01B", "another")
        listed = (await helpdesk.tickets.list(SYSTEM)).rows
        assert [(row.id, row.revision) for row in listed] == [("01B", 3), ("01A", 2)]

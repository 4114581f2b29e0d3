"""What came later stands later, also where the clock stepped back over a restart."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from helpdesk import ids
from helpdesk.actors import SYSTEM, Role
from helpdesk.service import HelpDesk
from helpdesk.storage.newest import newest_id
from helpdesk.tickets.model import Reply, TicketDraft

HOUR_S = 3_600
Start = Callable[..., AbstractAsyncContextManager[HelpDesk]]


@pytest.fixture
def start(tmp_path: Path, clock, monkeypatch: pytest.MonkeyPatch) -> Start:
    """Return a function that starts the help desk as a new process would, at a time of day."""
    real, machine = time.time_ns, clock.at

    @asynccontextmanager
    async def started(*, late_s: int = 0) -> AsyncIterator[HelpDesk]:
        clock.at = machine
        clock.turn(seconds=late_s)
        with monkeypatch.context() as patch:
            patch.setattr(ids, "_ids", ids._GrowingIds())
            patch.setattr(time, "time_ns", lambda: real() + late_s * 10**9)
            async with HelpDesk.open(tmp_path / "desk.db", clock=clock) as desk:
                yield desk

    return started


async def test_a_reply_behind_a_restart_with_the_clock_an_hour_back_stands_last(start: Start):
    async with start() as desk:
        user = await desk.users.create(SYSTEM, email="u@example.com", name="U", role=Role.USER)
        ticket = await desk.tickets.create(user.actor, TicketDraft("Printer", "It burns."))
        await desk.tickets.reply(user.actor, ticket.id, "first")
        await desk.tickets.resolve(SYSTEM, ticket.id, "Put out.")
    async with start(late_s=-HOUR_S) as desk:
        await desk.tickets.reply(SYSTEM, ticket.id, "second")
        await desk.tickets.note(SYSTEM, ticket.id, "third")
        detail = await desk.tickets.detail(SYSTEM, ticket.id)
        told = [e.body if isinstance(e, Reply) else e.to_status for e in detail.timeline.entries]
        assert told == ["New", "first", "Resolved", "second", "third"]
        assert detail.replies[1].created_at < detail.replies[0].created_at
        page = await desk.tickets.replies(SYSTEM, ticket.id)
        assert [reply.body for reply in page.rows] == ["first", "second", "third"]
        titles = [notice.title for notice in await desk.notifications.list(user.actor)]
        assert "replied" in titles[0]


async def test_lists_go_by_the_last_change_whatever_the_clock_did(start: Start):
    async def subjects(sort: str, actor=SYSTEM) -> list[str]:
        return [row.subject for row in (await desk.tickets.list(actor, sort=sort)).rows]

    async with start() as desk:
        user = await desk.users.create(SYSTEM, email="u@example.com", name="U", role=Role.USER)
        made = {
            subject: (await desk.tickets.create(user.actor, TicketDraft(subject, "x"))).id
            for subject in ("one", "two", "three")
        }
    async with start(late_s=-HOUR_S) as desk:
        await desk.tickets.reply(SYSTEM, made["one"], "now")
        await desk.tickets.create(user.actor, TicketDraft("four", "x"))
        await desk.tickets.note(SYSTEM, made["two"], "hidden")
        for sort in ("-updated_at", "-status", "-priority"):
            assert await subjects(sort) == ["two", "four", "one", "three"]
        assert await subjects("updated_at") == ["three", "one", "four", "two"]
        assert await subjects("-created_at") == ["four", "three", "two", "one"]
        # The submitter does not see by the order that a note was written.
        assert await subjects("-updated_at", user.actor) == ["four", "one", "three", "two"]


async def test_changes_within_one_second_keep_their_order(start: Start):
    async with start() as desk:
        user = await desk.users.create(SYSTEM, email="u@example.com", name="U", role=Role.USER)
        made = [
            (await desk.tickets.create(user.actor, TicketDraft(subject, "x"))).id
            for subject in "abc"
        ]
        await desk.tickets.edit(SYSTEM, made[0], priority="High")
        listed = (await desk.tickets.list(SYSTEM)).rows
        assert [row.subject for row in listed] == ["a", "c", "b"]
        revisions = [row.revision for row in listed]
        assert revisions == sorted(set(revisions), reverse=True)


async def test_an_id_behind_a_restart_is_greater_than_all_before(start: Start):
    async with start():
        pass
    async with start() as desk:
        people = [
            await desk.users.create(SYSTEM, email=f"{n}@example.com", name="N", role=Role.STAFF)
            for n in range(3)
        ]
    async with start(late_s=-HOUR_S) as desk:
        later = await desk.groups.create(SYSTEM, name="Team")
    assert later.id > max(person.id for person in people)


async def test_the_greatest_id_is_found_in_whatever_table_it_is(start: Start):
    async with start() as desk:
        database = desk.database
        assert await database.read(newest_id) is None
        staff = await desk.users.create(SYSTEM, email="s@example.com", name="S", role=Role.STAFF)
        assert await database.read(newest_id) == staff.id
        ticket = await desk.tickets.create(staff.actor, TicketDraft("a", "x"))
        # The event of a change is the last to get an id.
        assert await database.read(newest_id) > ticket.id
        group = await desk.groups.create(SYSTEM, name="Team")
        assert await database.read(newest_id) == group.id

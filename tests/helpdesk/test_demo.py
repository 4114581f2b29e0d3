import pytest

from helpdesk import demo, demo_data
from helpdesk.actors import SYSTEM
from helpdesk.tickets.model import TicketFilter


@pytest.mark.parametrize(
    ("email", "role"),
    [
        ("admin@example.com", "admin"),
        ("staff@example.com", "staff"),
        ("user@example.com", "user"),
    ],
)
async def test_the_demo_users_log_in_with_the_demo_password(helpdesk, email: str, role: str):
    assert await demo.fill(helpdesk)
    session = (await helpdesk.sign_in.log_in(email, "demo")).session
    assert session.user.role == role


async def test_logins_are_open_until_their_password_is_changed(helpdesk):
    assert await demo.open_logins(helpdesk) == []
    await demo.fill(helpdesk)
    assert len(await demo.open_logins(helpdesk)) == len(demo_data.PEOPLE)
    admin = await helpdesk.users.find_by_email(SYSTEM, "admin@example.com")
    await helpdesk.users.set_password(SYSTEM, admin.id, "a password of one's own")
    assert "admin@example.com" not in await demo.open_logins(helpdesk)


async def test_the_demo_is_written_once(helpdesk):
    assert await demo.fill(helpdesk)
    seq = await helpdesk.outbox.last_seq()
    assert not await demo.fill(helpdesk)
    assert (await helpdesk.tickets.list(SYSTEM)).total == len(demo_data.TICKETS)
    assert await helpdesk.outbox.last_seq() == seq


async def test_a_help_desk_in_use_is_left_alone(world):
    assert not await demo.fill(world.helpdesk)
    assert (await world.helpdesk.tickets.list(SYSTEM)).total == 0


async def test_the_demo_shows_every_part_of_a_help_desk(helpdesk):
    await demo.fill(helpdesk)
    page = await helpdesk.tickets.list(SYSTEM, sort="created_at", per_page=100)
    assert len({ticket.status for ticket in page.rows}) == 5
    assert len({ticket.priority for ticket in page.rows}) == 4
    assert {ticket.assignee and ticket.assignee.kind for ticket in page.rows} == {
        "user",
        "group",
        None,
    }
    assert [t.created_at for t in page.rows] == sorted(t.created_at for t in page.rows)
    details = [await helpdesk.tickets.detail(SYSTEM, ticket.id) for ticket in page.rows]
    said = [reply for detail in details for reply in detail.replies]
    assert {reply.is_internal for reply in said} == {True, False}
    for detail in details:
        times = [reply.created_at for reply in detail.replies]
        assert times == sorted(times)
        assert all(time >= detail.ticket.created_at for time in times)
    user = await helpdesk.users.verify("user@example.com", "demo")
    assert (await helpdesk.tickets.list(user.actor)).total >= 3
    staff = await helpdesk.users.verify("staff@example.com", "demo")
    queue = await helpdesk.tickets.list(staff.actor, TicketFilter(workable=True))
    assert queue.total == len(demo_data.TICKETS)


async def test_an_interrupted_demo_leaves_an_empty_database(helpdesk):
    broken = demo_data.DemoTicket(
        0.5, "user@example.com", "x", "y", demo_data.Priority.LOW, ("Nope", None, None)
    )
    with pytest.raises(Exception, match="category"):
        await demo.fill(helpdesk, (*demo_data.TICKETS, broken))
    assert await helpdesk.users.count() == 0
    assert await demo.fill(helpdesk)

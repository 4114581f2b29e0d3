"""What is unread, for whom, and what makes it read."""

from helpdesk.actors import SYSTEM, Role
from helpdesk.tickets.model import TicketDraft, TicketFilter


async def unread(world, person) -> set[int]:
    page = await world.helpdesk.tickets.list(person.actor, TicketFilter())
    return {row.number for row in page.rows if row.id in page.unread}


async def test_a_ticket_is_unread_until_one_has_looked_at_it_and_again_after_a_change(world):
    ticket = await world.ticket()
    marks, tickets = world.helpdesk.marks, world.helpdesk.tickets
    assert await unread(world, world.user) == set()  # their own
    assert await unread(world, world.staff) == {1}
    await marks.read(world.staff.actor, ticket.id)
    assert await unread(world, world.staff) == set()
    assert await unread(world, world.outsider) == {1}
    await tickets.reply(world.user.actor, ticket.id, "Any news?")
    assert await unread(world, world.staff) == {1}
    assert await unread(world, world.user) == set()


async def test_what_one_does_oneself_is_no_news_and_hides_none(world):
    ticket = await world.ticket()
    tickets = world.helpdesk.tickets
    await tickets.edit(world.staff.actor, ticket.id, priority="High")
    assert await unread(world, world.staff) == {1}  # never looked at
    await world.helpdesk.marks.read(world.staff.actor, ticket.id)
    await tickets.reply(world.staff.actor, ticket.id, "On it.")
    assert await unread(world, world.staff) == set()


async def test_a_note_is_no_news_for_the_submitter(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.note(world.staff.actor, ticket.id, "Between us.")
    assert await unread(world, world.user) == set()
    await world.helpdesk.tickets.reply(world.staff.actor, ticket.id, "Hello.")
    assert await unread(world, world.user) == {1}
    await world.helpdesk.marks.read(world.user.actor, ticket.id)
    await world.helpdesk.tickets.note(world.staff.actor, ticket.id, "Between us again.")
    assert await unread(world, world.user) == set()


async def test_a_ticket_is_marked_as_unread(world):
    ticket = await world.ticket()
    for person in (world.staff, world.user):
        await world.helpdesk.marks.read(person.actor, ticket.id)
        await world.helpdesk.marks.unread_again(person.actor, ticket.id)
        assert await unread(world, person) == {1}
        await world.helpdesk.marks.read(person.actor, ticket.id)
        assert await unread(world, person) == set()


async def test_what_was_there_before_an_account_is_not_news_for_it(world):
    await world.ticket()
    new = await world.helpdesk.users.create(
        SYSTEM, email="new@example.com", name="New", role=Role.STAFF
    )
    assert await unread(world, new) == set()
    await world.helpdesk.tickets.create(world.user.actor, TicketDraft("Second", ""))
    assert await unread(world, new) == {2}


async def test_looking_twice_writes_once(world):
    ticket = await world.ticket()
    for _ in range(2):
        await world.helpdesk.marks.read(world.staff.actor, ticket.id)
    written: list[object] = []

    async def refused(job: object) -> None:
        written.append(job)

    world.helpdesk.marks._database.write, plain = refused, world.helpdesk.marks._database.write
    try:
        await world.helpdesk.marks.read(world.staff.actor, ticket.id)
    finally:
        world.helpdesk.marks._database.write = plain
    assert written == []

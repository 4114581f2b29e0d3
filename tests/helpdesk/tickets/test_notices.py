"""Who is notified about a ticket: never of a note who may not read it, never oneself."""

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import NotAllowed
from helpdesk.tickets.model import TicketDraft

OPENED = "User opened a ticket: #1 Printer"


async def titles(world, person) -> list[str]:
    """Return what somebody was told since the ticket was opened."""
    found = [notice.title for notice in await world.helpdesk.notifications.list(person.actor)]
    return [title for title in found if title != OPENED]


async def test_a_new_ticket_notifies_the_groups_that_own_its_category_or_to_all_staff(world):
    await world.helpdesk.tickets.create(world.user.actor, TicketDraft("Printer", "It burns"))
    for person, told in ((world.staff, [OPENED]), (world.outsider, [OPENED]), (world.user, [])):
        found = await world.helpdesk.notifications.list(person.actor)
        assert [notice.title for notice in found] == told


async def test_the_new_assignee_is_notified_and_who_assigned_is_not(world):
    ticket = await world.ticket(subject="Printer")
    await world.helpdesk.tickets.assign_user(world.admin.actor, ticket.id, world.staff.id)
    assert await titles(world, world.staff) == ["Admin assigned a ticket to you: #1 Printer"]
    notice, *_ = await world.helpdesk.notifications.list(world.staff.actor)
    assert notice.link == f"/tickets/{ticket.id}"
    await world.helpdesk.tickets.assign_user(world.admin.actor, ticket.id, world.admin.id)
    assert await titles(world, world.admin) == []
    assert await titles(world, world.user) == []


async def test_a_group_s_members_are_notified(world):
    ticket = await world.ticket(subject="Printer")
    await world.helpdesk.tickets.assign_group(SYSTEM, ticket.id, world.group)
    told = ["Open Help Desk assigned a ticket to Hardware Team: #1 Printer"]
    assert await titles(world, world.staff) == told
    assert await titles(world, world.outsider) == []


async def test_replies_go_to_the_other_side(world):
    ticket, tickets = await world.ticket(subject="Printer"), world.helpdesk.tickets
    await tickets.reply(world.user.actor, ticket.id, "It smokes.")
    assert await titles(world, world.staff) == ["User replied: #1 Printer"]
    await tickets.assign_user(world.staff.actor, ticket.id, world.staff.id)
    await tickets.reply(world.user.actor, ticket.id, "It burns.")
    assert await titles(world, world.staff) == ["User replied: #1 Printer"] * 2
    assert len(await titles(world, world.outsider)) == 1
    await tickets.reply(world.staff.actor, ticket.id, "Run.")
    assert await titles(world, world.user) == ["Staff replied: #1 Printer"]


async def test_a_note_is_told_to_whoever_has_the_ticket_and_never_to_the_submitter(world):
    ticket, tickets = await world.ticket(subject="Printer"), world.helpdesk.tickets
    await tickets.assign_user(world.staff.actor, ticket.id, world.staff.id)
    await tickets.note(world.admin.actor, ticket.id, "Not to be known.")
    await tickets.note(world.plugin, ticket.id, "Nor this.")
    assert await titles(world, world.user) == []
    assert await titles(world, world.staff) == [
        "Robot wrote an internal note: #1 Printer",
        "Admin wrote an internal note: #1 Printer",
    ]


async def test_the_submitter_hears_how_it_ends_and_the_assignee_that_it_does_not(world):
    ticket, tickets = await world.ticket(subject="Printer"), world.helpdesk.tickets
    await tickets.assign_user(world.staff.actor, ticket.id, world.staff.id)
    await tickets.resolve(world.staff.actor, ticket.id, "New toner.")
    await tickets.reopen(world.user.actor, ticket.id, "Still broken.")
    await tickets.close(world.staff.actor, ticket.id)
    assert await titles(world, world.user) == [
        "Staff closed the ticket: #1 Printer",
        "Staff resolved the ticket: #1 Printer",
    ]
    assert await titles(world, world.staff) == ["User reopened the ticket: #1 Printer"]


async def test_a_change_that_is_refused_tells_nobody(world):
    ticket, tickets = await world.ticket(), world.helpdesk.tickets
    await tickets.close(SYSTEM, ticket.id)
    before = await titles(world, world.user)
    with pytest.raises(NotAllowed):
        await tickets.reply(world.staff.actor, ticket.id, "Too late.")
    assert await titles(world, world.user) == before


async def test_who_is_disabled_is_told_nothing(world):
    ticket = await world.ticket()
    await world.helpdesk.users.update(SYSTEM, world.user.id, disabled=True)
    await world.helpdesk.tickets.reply(world.staff.actor, ticket.id, "Hello?")
    await world.helpdesk.users.update(SYSTEM, world.user.id, disabled=False)
    assert await titles(world, world.user) == []

"""Every change of a ticket leaves a trace on it, and nobody turns another's back unknowingly."""

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import ChangedMeanwhile
from helpdesk.tickets.edits import TicketChanges, current_values
from helpdesk.tickets.model import FieldChange


async def trace(world, ticket, actor=None):
    detail = await world.helpdesk.tickets.detail(actor or world.staff.actor, ticket.id)
    entries = [entry for entry in detail.timeline.entries if isinstance(entry, FieldChange)]
    assert len(detail.timeline.entries) == detail.timeline.total
    return [(entry.who.name, entry.field, entry.before, entry.after) for entry in entries]


async def test_each_field_says_who_changed_it_from_what_to_what(world):
    tickets, ticket = world.helpdesk.tickets, await world.ticket()
    office = await world.helpdesk.catalogue.add_category(SYSTEM, "Office")
    await world.helpdesk.catalogue.add_type(SYSTEM, office.id, "Chair")
    group = await world.helpdesk.groups.create(SYSTEM, name="Second line")
    who = world.admin.actor
    await tickets.edit(who, ticket.id, subject="Another", description="Words", priority="High")
    await tickets.classify(who, ticket.id, category="Office", type="Chair")
    await tickets.assign_user(who, ticket.id, world.staff.id)
    await tickets.assign_group(who, ticket.id, group.id)
    await tickets.unassign(who, ticket.id)
    await tickets.classify(who, ticket.id, category=None)
    name = world.admin.name
    assert await trace(world, ticket, who) == [
        (name, "subject", ticket.subject, "Another"),
        (name, "description", None, None),
        (name, "priority", "Medium", "High"),
        (name, "category", None, "Office / Chair"),
        (name, "assignee", None, world.staff.name),
        (name, "assignee", world.staff.name, "Second line"),
        (name, "assignee", "Second line", None),
        (name, "category", "Office / Chair", None),
    ]


async def test_a_change_that_changes_nothing_leaves_no_trace(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.edit(world.staff.actor, ticket.id, priority="medium")
    await world.helpdesk.tickets.note(world.staff.actor, ticket.id, "a note")
    await world.helpdesk.tickets.resolve(world.staff.actor, ticket.id)
    assert await trace(world, ticket) == []


async def test_tags_are_told_to_staff_alone(world):
    ticket = await world.ticket()
    changes = TicketChanges(tags=["vip", "vpn"])
    await world.helpdesk.tickets.update(world.staff.actor, ticket.id, changes)
    assert await trace(world, ticket) == [(world.staff.name, "tags", None, "vip, vpn")]
    assert await trace(world, ticket, world.user.actor) == []


async def test_a_change_of_many_tickets_leaves_a_trace_on_each(world):
    first, second = await world.ticket(), await world.ticket()
    changes = TicketChanges(priority="Low")
    await world.helpdesk.tickets.update_many(world.staff.actor, [first.id, second.id], changes)
    for ticket in (first, second):
        assert await trace(world, ticket) == [(world.staff.name, "priority", "Medium", "Low")]


@pytest.mark.parametrize(
    ("theirs", "mine", "words"),
    [
        ({"priority": "Critical"}, {"priority": "Low"}, "the priority to Critical (Admin)"),
        ({"status": "Resolved"}, {"status": "Closed"}, "the status to Resolved (Admin)"),
        ({"category": "Hardware"}, {"category": "Software"}, "the category to Hardware (Admin)"),
        (
            {"assignee_user_id": "admin"},
            {"assignee_user_id": None},
            "the assignee to Admin (Admin)",
        ),
    ],
)
async def test_a_field_that_somebody_changed_meanwhile_is_not_overwritten(
    world, theirs, mine, words
):
    tickets, ticket = world.helpdesk.tickets, await world.ticket()
    seen = current_values(ticket)
    if "assignee_user_id" in theirs:
        theirs = {"assignee_user_id": world.admin.id}
    await tickets.update(world.admin.actor, ticket.id, TicketChanges(**theirs))
    now = await tickets.get(SYSTEM, ticket.id)
    with pytest.raises(ChangedMeanwhile) as caught:
        await tickets.update(world.admin.actor, ticket.id, TicketChanges(**mine), seen=seen)
    assert words in str(caught.value)
    assert await tickets.get(SYSTEM, ticket.id) == now
    await tickets.update(
        world.admin.actor, ticket.id, TicketChanges(**mine), seen=current_values(now)
    )
    assert await tickets.get(SYSTEM, ticket.id) != now

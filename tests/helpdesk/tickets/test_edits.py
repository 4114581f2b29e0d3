import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import Invalid, NotFound
from helpdesk.tickets.edits import TicketChanges
from helpdesk.tickets.model import Priority


async def test_a_new_ticket_is_new_and_reads_back_as_it_was_made(world):
    ticket = await world.ticket(
        subject="  Screen \n flickers ", category="hardware", type="LAPTOP", item="battery"
    )
    assert (ticket.subject, ticket.status, ticket.priority) == ("Screen flickers", "New", "Medium")
    assert (ticket.category.name, ticket.type.name, ticket.item.name) == (
        "Hardware",
        "Laptop",
        "Battery",
    )
    assert ticket.created_at == ticket.updated_at == world.clock.now()
    assert await world.helpdesk.tickets.get(world.user.actor, ticket.id) == ticket


@pytest.mark.parametrize("given", ["critical", "CRITICAL", Priority.CRITICAL, " Critical "])
async def test_a_priority_is_found_by_its_name_in_any_case(world, given: str):
    assert (await world.ticket(priority=given)).priority is Priority.CRITICAL


@pytest.mark.parametrize(
    ("draft", "message"),
    [
        ({"subject": " "}, "subject: expected 1 to 255 characters on one line, found nothing"),
        ({"subject": "x" * 256}, "subject: .* found 256 characters"),
        ({"description": "x" * 65_537}, "description: expected at most 65,536 bytes"),
        ({"priority": "Urgent"}, "priority: expected Low, Medium, High, Critical, found 'Urgent'"),
        ({"category": "Nope"}, "category: expected the name or id of a category, found 'Nope'"),
        ({"type": "Laptop"}, "type: expected a category too"),
        ({"category": "Software", "type": "Laptop"}, "type: .* of the chosen category"),
        ({"category": "Hardware", "item": "Battery"}, "item: expected a type too"),
        ({"category": "Hardware", "type": "Laptop", "item": "x"}, "item: .* of the chosen type"),
    ],
)
async def test_a_wrong_draft_is_refused_by_field_and_leaves_nothing(world, draft, message: str):
    with pytest.raises(Invalid, match=message):
        await world.ticket(**draft)
    assert (await world.helpdesk.tickets.list(SYSTEM)).total == 0
    assert await world.events() == []


async def test_an_empty_description_is_fine(world):
    assert (await world.ticket(description="")).description == ""


async def test_staff_may_assign_while_creating(world):
    draft = {"submitter_id": world.user.id, "assignee_user_id": world.staff.id}
    from helpdesk.tickets.model import TicketDraft

    ticket = await world.helpdesk.tickets.create(world.staff.actor, TicketDraft("x", "y", **draft))
    assert ticket.assignee.id == world.staff.id
    assert [name for name, _ in await world.events()] == ["ticket.created", "ticket.assigned"]


async def test_assigning_to_whoever_has_it_raises_no_event(world):
    ticket = await world.ticket()
    for _ in range(2):
        await world.helpdesk.tickets.assign_user(SYSTEM, ticket.id, world.staff.id)
    assert [name for name, _ in await world.events()] == ["ticket.created", "ticket.assigned"]


async def test_unassigning_raises_no_event(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.assign_group(SYSTEM, ticket.id, world.group)
    assert (await world.helpdesk.tickets.unassign(SYSTEM, ticket.id)).assignee is None
    assert [name for name, _ in await world.events()] == ["ticket.created", "ticket.assigned"]


async def test_an_assignment_to_a_group_replaces_the_user(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.assign_user(SYSTEM, ticket.id, world.staff.id)
    moved = await world.helpdesk.tickets.assign_group(SYSTEM, ticket.id, world.group)
    assert (moved.assignee.kind, moved.assignee.id) == ("group", world.group)
    assert await world.helpdesk.tickets.get(SYSTEM, ticket.id) == moved


async def test_only_staff_who_are_not_disabled_can_be_assigned(world):
    ticket = await world.ticket()
    await world.helpdesk.users.update(SYSTEM, world.outsider.id, disabled=True)
    for user_id in (world.user.id, world.outsider.id, "nobody"):
        with pytest.raises(Invalid, match="assignee: expected"):
            await world.helpdesk.tickets.assign_user(SYSTEM, ticket.id, user_id)
    with pytest.raises(Invalid, match="assignee: expected the ID of a group"):
        await world.helpdesk.tickets.assign_group(SYSTEM, ticket.id, "nothing")


async def test_a_user_and_a_group_at_once_is_refused(world):
    ticket = await world.ticket()
    changes = TicketChanges(assignee_user_id=world.staff.id, assignee_group_id=world.group)
    with pytest.raises(Invalid, match="expected one of them, found a user and a group"):
        await world.helpdesk.tickets.update(SYSTEM, ticket.id, changes)


async def test_several_changes_are_made_together_with_their_events_in_order(world):
    ticket = await world.ticket()
    changes = TicketChanges(
        subject="Now with a title",
        priority="high",
        category="Hardware",
        type="Laptop",
        assignee_user_id=world.staff.id,
        status="Resolved",
    )
    changed = await world.helpdesk.tickets.update(SYSTEM, ticket.id, changes)
    assert (changed.subject, changed.priority, changed.status) == (
        "Now with a title",
        "High",
        "Resolved",
    )
    found = await world.events()
    assert [name for name, _ in found] == [
        "ticket.created",
        "ticket.assigned",
        "ticket.status_changed",
        "ticket.resolved",
    ]
    assert found[-1][1]["ticket"]["subject"] == "Now with a title"


async def test_several_changes_are_made_all_or_none(world):
    ticket = await world.ticket()
    changes = TicketChanges(subject="changed", assignee_user_id=world.staff.id, status="Nope")
    with pytest.raises(NotFound):
        await world.helpdesk.tickets.update(SYSTEM, ticket.id, changes)
    assert await world.helpdesk.tickets.get(SYSTEM, ticket.id) == ticket
    assert len(await world.events()) == 1


async def test_changes_that_change_nothing_leave_the_ticket_untouched(world):
    ticket = await world.ticket()
    world.clock.turn(hours=1)
    changes = TicketChanges(subject=ticket.subject, priority="medium", status="New")
    assert await world.helpdesk.tickets.update(SYSTEM, ticket.id, changes) == ticket


async def test_naming_a_level_empties_the_levels_below(world):
    ticket = await world.ticket(category="Hardware", type="Laptop", item="Battery")

    async def update(**changes: str | None):
        return await world.helpdesk.tickets.update(SYSTEM, ticket.id, TicketChanges(**changes))

    def place(found) -> list[str | None]:
        return [ref and ref.name for ref in (found.category, found.type, found.item)]

    assert place(await update(item=None)) == ["Hardware", "Laptop", None]
    assert place(await update(item="Battery")) == ["Hardware", "Laptop", "Battery"]
    assert place(await update(type="Laptop")) == ["Hardware", "Laptop", None]
    assert place(await update(category="Software")) == ["Software", None, None]
    assert place(await update(category=None)) == [None, None, None]
    with pytest.raises(Invalid, match="type: expected a category too"):
        await update(type="Laptop")


async def test_classify_places_by_id_or_name_and_edit_leaves_the_rest(world):
    ticket = await world.ticket()
    placed = await world.helpdesk.tickets.classify(
        SYSTEM, ticket.id, category=world.hardware, type="laptop"
    )
    assert (placed.category.id, placed.type.name) == (world.hardware, "Laptop")
    edited = await world.helpdesk.tickets.edit(SYSTEM, ticket.id, description="anew")
    assert (edited.description, edited.subject, edited.type) == (
        "anew",
        ticket.subject,
        placed.type,
    )

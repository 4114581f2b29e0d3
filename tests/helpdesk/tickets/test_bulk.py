"""Many tickets changed at once: all of them or none, with an event for each and one notice."""

import pytest

from helpdesk.errors import Invalid, NotAllowed, NotFound
from helpdesk.tickets import bulk
from helpdesk.tickets.bulk import SomeRefused
from helpdesk.tickets.edits import TicketChanges


async def numbers(world, count: int, **draft: str) -> list[str]:
    return [str((await world.ticket(**draft)).number) for _ in range(count)]


async def test_every_chosen_ticket_is_changed_and_raises_its_own_events(world):
    chosen = await numbers(world, 3)
    before = len(await world.events())
    changes = TicketChanges(
        status="In Progress",
        priority="High",
        category="Software",
        assignee_user_id=world.staff.id,
    )
    changed = await world.helpdesk.tickets.update_many(world.admin.actor, chosen, changes)
    assert changed == 3
    for number in chosen:
        ticket = await world.helpdesk.tickets.get(world.staff.actor, number)
        assert (ticket.status, ticket.priority, ticket.category.name, ticket.assignee.id) == (
            *("In Progress", "High", "Software"),
            world.staff.id,
        )
    told = [kind for kind, _ in (await world.events())[before:]]
    assert told == ["ticket.assigned", "ticket.status_changed"] * 3


async def test_a_ticket_named_twice_or_like_that_already_does_not_count(world):
    first, second = await numbers(world, 2)
    await world.helpdesk.tickets.edit(world.admin.actor, first, priority="High")
    changed = await world.helpdesk.tickets.update_many(
        world.admin.actor, [first, second, second], TicketChanges(priority="High")
    )
    assert changed == 1


async def test_one_ticket_in_the_way_leaves_all_as_they_were_and_is_named(world):
    chosen = await numbers(world, 3)
    await world.helpdesk.tickets.close(world.admin.actor, chosen[1])
    before = len(await world.events())
    with pytest.raises(SomeRefused, match=r"1 of 3 tickets can't be changed: #2: .*Closed"):
        await world.helpdesk.tickets.update_many(
            world.admin.actor, chosen, TicketChanges(status="Resolved", priority="Low")
        )
    for number in (chosen[0], chosen[2]):
        ticket = await world.helpdesk.tickets.get(world.admin.actor, number)
        assert (ticket.status, ticket.priority) == ("New", "Medium")
    assert len(await world.events()) == before


async def test_what_one_may_not_work_on_is_in_the_way(world):
    mine, theirs = await numbers(world, 1), await numbers(world, 7, category="Hardware")
    with pytest.raises(SomeRefused, match=r"7 of 8 .*#2: you can't.*; and 2 more") as refusal:
        await world.helpdesk.tickets.update_many(
            world.outsider.actor, mine + theirs, TicketChanges(priority="Low")
        )
    assert len(refusal.value.refused) == 7
    with pytest.raises(NotAllowed):
        await world.helpdesk.tickets.update_many(
            world.user.actor, mine, TicketChanges(priority="Low")
        )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        (TicketChanges(priority="Urgent"), Invalid),
        (TicketChanges(status="Nowhere"), NotFound),
        (TicketChanges(category="Nothing"), Invalid),
        (TicketChanges(assignee_user_id="nobody"), Invalid),
    ],
)
async def test_a_change_that_no_ticket_takes_is_the_fault_named(world, changes, error):
    with pytest.raises(error):
        await world.helpdesk.tickets.update_many(
            world.admin.actor, await numbers(world, 2), changes
        )


async def test_the_number_of_tickets_is_bounded_and_a_missing_one_is_named(world):
    tickets, changes = world.helpdesk.tickets, TicketChanges(priority="Low")
    for chosen in ([], [str(number) for number in range(bulk.MOST + 1)]):
        with pytest.raises(Invalid, match="1 to 500"):
            await tickets.update_many(world.admin.actor, chosen, changes)
    with pytest.raises(SomeRefused, match=r"there is no ticket '77'"):
        await tickets.update_many(world.admin.actor, ["77"], changes)


async def test_whoever_is_given_many_tickets_gets_one_notice(world):
    chosen = await numbers(world, 4, category="Software")

    async def notices(person):
        return [
            (notice.title, notice.link)
            for notice in await world.helpdesk.notifications.list(person.actor)
            if "assigned" in notice.title
        ]

    give = world.helpdesk.tickets.update_many
    await give(world.admin.actor, chosen, TicketChanges(assignee_user_id=world.outsider.id))
    assert await notices(world.outsider) == [
        ("Admin assigned 4 tickets to you", "/tickets?view=mine")
    ]
    await give(world.admin.actor, chosen, TicketChanges(assignee_group_id=world.group))
    assert await notices(world.staff) == [
        ("Admin assigned 4 tickets to Hardware Team", f"/tickets?group={world.group}")
    ]
    await give(world.staff.actor, chosen, TicketChanges(assignee_user_id=world.staff.id))
    assert len(await notices(world.staff)) == 1

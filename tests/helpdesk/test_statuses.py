import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import Conflict, NotAllowed, NotFound


async def names(world) -> list[str]:
    return [status.name for status in await world.helpdesk.statuses.all()]


async def test_added_statuses_stand_between_new_and_resolved(world):
    await world.helpdesk.statuses.add(world.admin.actor, "Waiting")
    assert await names(world) == ["New", "In Progress", "Waiting", "Resolved", "Closed"]
    system = [status.name for status in await world.helpdesk.statuses.all() if status.system]
    assert system == ["New", "Resolved", "Closed"]


async def test_a_system_status_can_be_neither_renamed_nor_removed(world):
    for name in ("New", "resolved", "CLOSED"):
        with pytest.raises(Conflict, match="is a built-in status"):
            await world.helpdesk.statuses.remove(SYSTEM, name)
        with pytest.raises(Conflict, match="is a built-in status"):
            await world.helpdesk.statuses.rename(SYSTEM, name, "Other")


async def test_names_are_unique_in_any_case(world):
    with pytest.raises(Conflict, match="the status 'closed' already exists"):
        await world.helpdesk.statuses.add(SYSTEM, "closed")
    with pytest.raises(Conflict):
        await world.helpdesk.statuses.rename(SYSTEM, "In Progress", "new")
    await world.helpdesk.statuses.rename(SYSTEM, "In Progress", "in progress")
    assert "in progress" in await names(world)


async def test_tickets_follow_a_renamed_status_and_their_history_does_not(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.set_status(SYSTEM, ticket.id, "In Progress")
    await world.helpdesk.statuses.rename(SYSTEM, "in progress", "Working")
    detail = await world.helpdesk.tickets.detail(SYSTEM, ticket.id)
    assert detail.ticket.status == "Working"
    assert detail.history[-1].to_status == "In Progress"


async def test_a_status_in_use_cannot_be_removed(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.set_status(SYSTEM, ticket.id, "In Progress")
    with pytest.raises(Conflict, match="1 ticket has the status In Progress"):
        await world.helpdesk.statuses.remove(SYSTEM, "In Progress")
    await world.helpdesk.tickets.set_status(SYSTEM, ticket.id, "New")
    await world.helpdesk.statuses.remove(SYSTEM, "in progress")
    assert await names(world) == ["New", "Resolved", "Closed"]
    with pytest.raises(NotFound):
        await world.helpdesk.statuses.remove(SYSTEM, "In Progress")


async def test_only_admins_change_statuses(world):
    statuses = world.helpdesk.statuses
    for attempt in (
        statuses.add(world.staff.actor, "X"),
        statuses.rename(world.staff.actor, "In Progress", "X"),
        statuses.remove(world.staff.actor, "In Progress"),
    ):
        with pytest.raises(NotAllowed):
            await attempt

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import Conflict, Invalid, NotAllowed, NotFound


async def test_a_group_has_members_and_a_scope(world):
    groups = world.helpdesk.groups
    made = await groups.create(
        world.admin.actor,
        name="Software Team",
        member_ids=[world.outsider.id, world.admin.id, world.admin.id],
        category_ids=[world.software],
    )
    assert made.member_ids == tuple(sorted([world.admin.id, world.outsider.id]))
    assert await groups.get(world.staff.actor, made.id) == made
    every = await groups.all(world.staff.actor)
    assert [group.name for group in every] == ["Hardware Team", "Software Team"]


async def test_only_admins_change_groups_and_only_staff_see_them(world):
    groups = world.helpdesk.groups
    for actor in (world.staff.actor, world.user.actor):
        with pytest.raises(NotAllowed):
            await groups.create(actor, name="Mine")
        with pytest.raises(NotAllowed):
            await groups.update(actor, world.group, name="Mine")
        with pytest.raises(NotAllowed):
            await groups.delete(actor, world.group)
    with pytest.raises(NotAllowed):
        await groups.all(world.user.actor)


async def test_a_name_is_unique_in_any_case(world):
    with pytest.raises(Conflict, match="the group 'hardware team' already exists"):
        await world.helpdesk.groups.create(SYSTEM, name="hardware team")
    renamed = await world.helpdesk.groups.update(SYSTEM, world.group, name="HARDWARE TEAM")
    assert renamed.name == "HARDWARE TEAM"


async def test_what_is_left_out_of_an_update_stays(world):
    groups = world.helpdesk.groups
    before = await groups.get(SYSTEM, world.group)
    after = await groups.update(SYSTEM, world.group, member_ids=[])
    assert (after.name, after.member_ids, after.category_ids) == (
        before.name,
        (),
        before.category_ids,
    )
    assert await groups.get(SYSTEM, world.group) == after


async def test_members_are_staff_and_categories_exist(world):
    groups = world.helpdesk.groups
    with pytest.raises(Invalid, match="member_ids: expected people who are staff or admins"):
        await groups.create(SYSTEM, name="G", member_ids=[world.user.id])
    with pytest.raises(NotFound, match="there is no user 'nobody'"):
        await groups.create(SYSTEM, name="G", member_ids=["nobody"])
    with pytest.raises(NotFound, match="there is no category 'nothing'"):
        await groups.create(SYSTEM, name="G", category_ids=["nothing"])
    assert len(await groups.all(SYSTEM)) == 1


async def test_a_group_with_tickets_cannot_be_deleted(world):
    groups = world.helpdesk.groups
    ticket = await world.ticket()
    await world.helpdesk.tickets.assign_group(SYSTEM, ticket.id, world.group)
    with pytest.raises(Conflict, match="1 ticket is assigned to Hardware Team"):
        await groups.delete(SYSTEM, world.group)
    await world.helpdesk.tickets.unassign(SYSTEM, ticket.id)
    await groups.delete(SYSTEM, world.group)
    with pytest.raises(NotFound):
        await groups.get(SYSTEM, world.group)

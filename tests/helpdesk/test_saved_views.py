"""Saved views: any filter under a name, counted for whoever looks, for those whose they are."""

import dataclasses

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import Invalid, LimitReached, NotAllowed, NotFound
from helpdesk.saved_views import MOST
from helpdesk.tickets.model import TicketFilter

EVERYTHING = TicketFilter(
    status=("New", "In Progress"),
    priority=("High",),
    category="Hardware",
    type="Laptop",
    item="Battery",
    assignee_id="a",
    group_id="g",
    submitter_id="s",
    tags=("vip", "on site"),
    mine=True,
    unassigned=True,
    open_only=True,
    workable=True,
    text='tag:x "two words" #12',
)


async def save(world, person, scope: str = "own", name: str = "Name", **wanted: object):
    return await world.helpdesk.views.create(
        person.actor, name=name, scope=scope, wanted=TicketFilter(**wanted), sort="-priority"
    )


async def seen(world, person) -> list[str]:
    return [view.name for view in await world.helpdesk.views.all(person.actor)]


async def test_every_part_of_a_filter_is_kept(world):
    made = await world.helpdesk.views.create(
        world.staff.actor, name="All of it", scope="own", wanted=EVERYTHING, sort="subject"
    )
    kept = await world.helpdesk.views.get(world.staff.actor, made.id)
    for part in dataclasses.fields(TicketFilter):
        found, wanted = getattr(kept.filter, part.name), getattr(EVERYTHING, part.name)
        assert (tuple(found) if isinstance(found, list) else found) == wanted
    assert (kept.sort, kept.name) == ("subject", "All of it")


async def test_a_shared_view_of_one_s_own_tickets_shows_each_person_theirs(world):
    view = await save(world, world.admin, "everyone", mine=True)
    await world.ticket()
    tickets = world.helpdesk.tickets
    await tickets.assign_user(world.admin.actor, "1", world.staff.id)
    for person, count in ((world.staff, 1), (world.outsider, 0)):
        assert await tickets.view_counts(person.actor, {"v": view.filter}) == {"v": count}


async def test_each_sees_their_own_their_groups_and_everyone_s(world):
    await save(world, world.staff, "own", "Staff's")
    await save(world, world.staff, f"group/{world.group}", "Group's")
    shared = await save(world, world.admin, "everyone", "All's")
    own = await save(world, world.admin, "own", "Admin's")
    assert await seen(world, world.staff) == ["All's", "Group's", "Staff's"]
    assert await seen(world, world.outsider) == ["All's"]
    assert await seen(world, world.admin) == ["Admin's", "All's", "Group's"]
    assert await seen(world, world.user) == []
    views = world.helpdesk.views
    for act in (views.get, views.delete):
        with pytest.raises(NotFound):
            await act(world.staff.actor, own.id)
        with pytest.raises(NotAllowed):
            await act(world.user.actor, shared.id)
    with pytest.raises(NotAllowed):
        await views.update(world.staff.actor, shared.id, name="Mine now")
    with pytest.raises(NotAllowed):
        await save(world, world.staff, "everyone")
    with pytest.raises(NotAllowed):
        await save(world, world.user)


async def test_a_view_that_no_list_can_have_is_refused(world):
    with pytest.raises(Invalid, match="priority"):
        await save(world, world.staff, priority=("Urgent",))
    with pytest.raises(Invalid, match="sort"):
        await world.helpdesk.views.create(
            world.staff.actor, name="n", scope="own", wanted=TicketFilter(), sort="sideways"
        )
    with pytest.raises(Invalid, match="bytes"):
        await save(world, world.staff, text="x" * 5_000)
    for _ in range(MOST):
        await save(world, world.staff)
    with pytest.raises(LimitReached):
        await save(world, world.staff)
    await save(world, world.outsider)


async def test_a_view_is_changed_shared_and_recorded(world):
    view = await save(world, world.admin)
    changed = await world.helpdesk.views.update(
        world.admin.actor, view.id, scope="everyone", wanted=TicketFilter(text="laptop")
    )
    assert (changed.filter.text, changed.sort) == ("laptop", "-priority")
    await world.helpdesk.views.delete(world.admin.actor, view.id)
    entries = (await world.helpdesk.audit.list(SYSTEM)).rows
    assert [entry.action for entry in entries if entry.action.startswith("saved")] == [
        *("saved_view.deleted", "saved_view.changed")
    ]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"status": ("New",), "category": "c", "type": "t", "tags": ("a",), "text": "x"}),
        ({"status": ("Closed",)}, {"status": ("Closed",)}),
        ({"open_only": True}, {"status": (), "open_only": True}),
        ({"category": "d"}, {"category": "d", "type": None}),
        ({"type": "u"}, {"category": "c", "type": "u"}),
        ({"tags": ("b", "a"), "text": "y"}, {"tags": ("a", "b"), "text": "x y"}),
        ({"mine": True}, {"mine": True, "status": ("New",)}),
    ],
)
def test_a_filter_is_refined_by_another(more: dict, expected: dict):
    base = TicketFilter(status=("New",), category="c", type="t", tags=("a",), text="x")
    refined = base.refined(TicketFilter(**more))
    assert {name: getattr(refined, name) for name in expected} == expected

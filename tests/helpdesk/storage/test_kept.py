"""What every page reads is read once for each version, and is never another than the snapshot's."""

import sqlite3
from contextlib import closing

import pytest

from helpdesk.actors import SYSTEM, Role
from helpdesk.errors import Conflict
from helpdesk.statuses import all_statuses
from helpdesk.storage.kept import Kept


async def test_what_nobody_changed_is_the_same_object(world) -> None:
    desk = world.helpdesk
    for read in (desk.statuses.all, desk.catalogue.tree, lambda: desk.groups.all(SYSTEM)):
        assert await read() is await read()


async def test_a_change_of_another_kind_leaves_it_alone(world) -> None:
    before = await world.helpdesk.catalogue.tree()
    await world.helpdesk.statuses.add(SYSTEM, "Waiting")
    assert await world.helpdesk.catalogue.tree() is before


async def test_every_change_is_seen_by_the_next_read(world) -> None:
    desk = world.helpdesk
    category = await desk.catalogue.add_category(SYSTEM, "Furniture")
    assert "Furniture" in [node.name for node in await desk.catalogue.tree()]
    kind = await desk.catalogue.add_type(SYSTEM, category.id, "Desk")
    await desk.catalogue.add_item(SYSTEM, kind.id, "Drawer")
    (node,) = [node for node in await desk.catalogue.tree() if node.id == category.id]
    assert node.types[0].items[0].name == "Drawer"

    person = await desk.users.create(SYSTEM, email="new@example.com", name="New", role=Role.STAFF)
    assert person in await desk.users.assignable(SYSTEM)
    await desk.users.update(SYSTEM, person.id, disabled=True)
    assert person.id not in [one.id for one in await desk.users.assignable(SYSTEM)]


async def test_a_member_who_left_is_gone_from_the_group(world) -> None:
    desk = world.helpdesk
    group = await desk.groups.create(SYSTEM, name="Movers", member_ids=[world.staff.id])
    assert group in await desk.groups.all(SYSTEM)
    await desk.users.update(SYSTEM, world.staff.id, role=Role.USER)
    (found,) = [one for one in await desk.groups.all(SYSTEM) if one.id == group.id]
    assert found.member_ids == ()


async def test_what_was_rolled_back_is_never_kept(world) -> None:
    desk = world.helpdesk
    before = await desk.statuses.all()

    def job(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE statuses SET name = 'Gone' WHERE name = 'New'")
        raise Conflict("no", "do something else")

    with pytest.raises(Conflict):
        await desk.database.write(job)
    assert await desk.statuses.all() is before


async def test_a_snapshot_that_began_before_a_change_has_what_was_there(world) -> None:
    desk = world.helpdesk
    kept = Kept("statuses", all_statuses)
    with closing(sqlite3.connect(desk.database.path, isolation_level=None)) as earlier:
        earlier.execute("BEGIN")
        before = kept.read(earlier)
        await desk.statuses.add(SYSTEM, "Parked")
        assert "Parked" in [status.name for status in await desk.database.read(kept.read)]
        assert kept.read(earlier) == before

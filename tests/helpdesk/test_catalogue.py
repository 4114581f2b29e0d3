import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import Conflict, Invalid, NotAllowed, NotFound


async def test_the_tree_is_by_name_on_every_level(world):
    catalogue = world.helpdesk.catalogue
    printer = await catalogue.add_type(world.admin.actor, world.hardware, "Printer")
    await catalogue.add_item(world.admin.actor, printer.id, "Toner")
    await catalogue.add_item(world.admin.actor, printer.id, "Paper")
    tree = await catalogue.tree()
    names = {
        category.name: {type_.name: [item.name for item in type_.items] for type_ in category.types}
        for category in tree
    }
    assert names == {
        "Hardware": {"Laptop": ["Battery"], "Printer": ["Paper", "Toner"]},
        "Software": {},
    }
    assert list(names) == ["Hardware", "Software"]


async def test_only_admins_change_the_catalogue(world):
    catalogue = world.helpdesk.catalogue
    for attempt in (
        catalogue.add_category(world.staff.actor, "X"),
        catalogue.add_type(world.staff.actor, world.hardware, "X"),
        catalogue.rename(world.staff.actor, world.hardware, "X"),
        catalogue.delete(world.staff.actor, world.software),
    ):
        with pytest.raises(NotAllowed):
            await attempt


async def test_names_are_unique_among_their_siblings(world):
    catalogue = world.helpdesk.catalogue
    with pytest.raises(Conflict, match="the category 'HARDWARE' already exists"):
        await catalogue.add_category(SYSTEM, "HARDWARE")
    with pytest.raises(Conflict, match="the type 'laptop' already exists"):
        await catalogue.add_type(SYSTEM, world.hardware, "laptop")
    await catalogue.add_type(SYSTEM, world.software, "Laptop")
    with pytest.raises(Conflict):
        await catalogue.rename(SYSTEM, world.software, "hardware")
    assert (await catalogue.rename(SYSTEM, world.hardware, "HARDWARE")).name == "HARDWARE"


async def test_a_parent_must_exist_and_be_of_the_right_kind(world):
    catalogue = world.helpdesk.catalogue
    with pytest.raises(NotFound, match="there is no category 'nothing'"):
        await catalogue.add_type(SYSTEM, "nothing", "X")
    with pytest.raises(NotFound, match="there is no type"):
        await catalogue.add_item(SYSTEM, world.hardware, "X")
    with pytest.raises(NotFound):
        await catalogue.rename(SYSTEM, "nothing", "X")


async def test_a_renamed_category_shows_on_its_tickets(world):
    ticket = await world.ticket(category="Hardware")
    await world.helpdesk.catalogue.rename(SYSTEM, world.hardware, "Devices")
    assert (await world.helpdesk.tickets.get(SYSTEM, ticket.id)).category.name == "Devices"


async def test_what_tickets_use_cannot_be_deleted(world):
    catalogue = world.helpdesk.catalogue
    ticket = await world.ticket(category="Hardware", type="Laptop")
    (hardware, _) = await catalogue.tree()
    for node in (hardware.id, hardware.types[0].id):
        with pytest.raises(Conflict, match="1 ticket uses this"):
            await catalogue.delete(SYSTEM, node)
    await world.helpdesk.tickets.classify(SYSTEM, ticket.id, category="Software")
    await catalogue.delete(SYSTEM, hardware.id)
    assert [category.name for category in await catalogue.tree()] == ["Software"]
    with pytest.raises(Invalid):
        await world.ticket(category="Hardware")
    group = await world.helpdesk.groups.get(SYSTEM, world.group)
    assert group.category_ids == ()

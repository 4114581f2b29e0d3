"""Tags: put on by staff, found by, and never known to the submitter."""

import pytest

from helpdesk.errors import Invalid, LimitReached, NotAllowed
from helpdesk.tickets import tags
from helpdesk.tickets.edits import TicketChanges
from helpdesk.tickets.model import TicketDraft, TicketFilter


async def tag(world, reference: str, *names: str):
    return await world.helpdesk.tickets.update(
        world.admin.actor, reference, TicketChanges(tags=names)
    )


async def found(world, person: str = "staff", **wanted: object) -> list[int]:
    actor = getattr(world, person).actor
    page = await world.helpdesk.tickets.list(actor, TicketFilter(**wanted))
    counted = await world.helpdesk.tickets.view_counts(actor, {"x": TicketFilter(**wanted)})
    assert counted == {"x": page.total}
    return sorted(row.number for row in page.rows)


async def test_a_ticket_has_the_tags_that_it_is_given(world):
    await world.ticket()
    assert (await tag(world, "1", "vip", "On  site")).tags == ("On site", "vip")
    changes = TicketChanges(add_tags=("new", "VIP"), remove_tags=("ON SITE", "never there"))
    changed = await world.helpdesk.tickets.update(world.admin.actor, "1", changes)
    assert changed.tags == ("new", "vip")
    assert (await tag(world, "1")).tags == ()


async def test_one_spelling_stands_for_all_and_an_unused_tag_is_gone(world):
    for _ in range(2):
        await world.ticket()
    await tag(world, "1", "VIP")
    await tag(world, "2", "vip", "Straße", "STRASSE")
    known = await world.helpdesk.tickets.tags(world.staff.actor)
    assert [(one.name, one.count) for one in known] == [("STRASSE", 1), ("VIP", 2)]
    await tag(world, "1")
    await tag(world, "2")
    assert await world.helpdesk.tickets.tags(world.staff.actor) == ()


async def test_tickets_are_listed_and_searched_by_tag(world):
    for _ in range(4):
        await world.ticket()
    await tag(world, "1", "vip", "on site")
    await tag(world, "2", "vip")
    assert await found(world, tags=("VIP",)) == [1, 2]
    assert await found(world, tags=("vip", "on site")) == [1]
    assert await found(world, tags=("nothing",)) == []
    assert await found(world, text="tag:vip laptop") == [1, 2]
    assert await found(world, text='tag:"on site"') == [1]
    assert await found(world, text="-tag:vip") == [3, 4]
    assert await found(world, text="tag:nothing") == []
    assert await found(world, text="-tag:nothing") == [1, 2, 3, 4]
    assert await found(world, text="tag:") == []


async def test_a_tag_on_very_many_tickets_is_found_all_the_same(world, monkeypatch):
    monkeypatch.setattr(tags, "RARE", 1)
    for number in range(1, 4):
        await world.ticket()
        await tag(world, str(number), "busy")
    assert await found(world, tags=("busy",)) == [1, 2, 3]
    assert await found(world, tags=("busy",), status=("New",), text="laptop") == [1, 2, 3]


async def test_the_submitter_never_learns_of_tags(world):
    await world.ticket()
    before = (await world.helpdesk.tickets.get(world.user.actor, "1")).updated_at
    world.clock.turn(hours=1)
    await tag(world, "1", "difficult customer")
    seen = await world.helpdesk.tickets.get(world.user.actor, "1")
    assert (seen.tags, seen.updated_at) == ((), before)
    (listed,) = (await world.helpdesk.tickets.list(world.user.actor)).rows
    assert listed.tags == ()
    closed = await world.helpdesk.tickets.close(world.user.actor, "1")
    assert closed.tags == ()
    assert await found(world, "user", tags=("difficult customer",)) == []
    assert await found(world, "user", text='-tag:"difficult customer" laptop') == [1]
    with pytest.raises(NotAllowed):
        await world.helpdesk.tickets.tags(world.user.actor)
    with pytest.raises(NotAllowed):
        await world.helpdesk.tickets.update(world.user.actor, "1", TicketChanges(add_tags=("x",)))
    with pytest.raises(NotAllowed):
        await world.helpdesk.tickets.create(world.user.actor, TicketDraft("s", "d", tags=("x",)))


async def test_tags_stay_out_of_events_and_raise_none(world):
    await world.ticket()
    before = len(await world.events())
    await tag(world, "1", "secret word")
    assert len(await world.events()) == before
    await world.helpdesk.tickets.reply(world.staff.actor, "1", "hello")
    assert "secret word" not in str(await world.last_payload())


async def test_a_new_ticket_is_tagged_by_staff(world):
    draft = TicketDraft("s", "d", tags=("phone",))
    made = await world.helpdesk.tickets.create(world.staff.actor, draft)
    assert made.tags == ("phone",)


@pytest.mark.parametrize("name", ["", " ", "a,b", 'a"b', "x" * 51, "\u200b"])
async def test_what_is_no_tag_is_refused(world, name: str):
    await world.ticket()
    with pytest.raises(Invalid, match="tags"):
        await tag(world, "1", "fine", name)
    assert (await world.helpdesk.tickets.get(world.staff.actor, "1")).tags == ()


async def test_the_tags_of_a_ticket_and_of_the_help_desk_are_bounded(world, monkeypatch):
    await world.ticket()
    with pytest.raises(LimitReached):
        await tag(world, "1", *(f"t{number}" for number in range(tags.MOST + 1)))
    monkeypatch.setattr(tags, "MOST_KNOWN", 2)
    with pytest.raises(LimitReached):
        await tag(world, "1", "a", "b", "c")
    await tag(world, "1", "a", "b")


async def test_many_tickets_are_tagged_at_once(world):
    for _ in range(2):
        await world.ticket()
    await tag(world, "1", "old")
    changes = TicketChanges(add_tags=("new",), remove_tags=("old",))
    assert await world.helpdesk.tickets.update_many(world.admin.actor, ["1", "2"], changes) == 2
    assert await found(world, tags=("new",)) == [1, 2]
    assert await found(world, tags=("old",)) == []

"""Links between tickets: read from both ends, without rings, and for staff alone."""

import pytest

from helpdesk.errors import Conflict, Invalid, LimitReached, NotAllowed, NotFound
from helpdesk.tickets import links


async def tickets(world, count: int = 4, **draft: str) -> None:
    for _ in range(count):
        await world.ticket(**draft)


async def link(world, number: int, kind: str, other: object) -> None:
    await world.helpdesk.links.add(world.admin.actor, str(number), kind, str(other))


async def seen(world, number: int, person: str = "admin") -> list[tuple[str, int]]:
    actor = getattr(world, person).actor
    found = await world.helpdesk.links.all(actor, str(number))
    return [(one.kind.value, one.ticket.number) for one in found]


async def test_a_link_is_read_from_both_ends(world):
    await tickets(world)
    await link(world, 1, "blocked_by", "#2")
    await link(world, 1, "related", 3)
    await link(world, 4, "duplicate_of", 1)
    assert await seen(world, 1) == [("duplicated_by", 4), ("related", 3), ("blocked_by", 2)]
    assert await seen(world, 2) == [("blocks", 1)]
    assert await seen(world, 3) == [("related", 1)]
    assert await seen(world, 4) == [("duplicate_of", 1)]


async def test_a_link_that_is_said_from_the_other_end_is_the_same_one(world):
    await tickets(world)
    for number, kind, other in ((1, "blocks", 2), (2, "blocked_by", 1), (3, "related", 1)):
        await link(world, number, kind, other)
        await link(world, number, kind, other)
    await link(world, 1, "related", 3)
    assert await seen(world, 1) == [("related", 3), ("blocks", 2)]
    await world.helpdesk.links.remove(world.admin.actor, "1", "related", "#3")
    await world.helpdesk.links.remove(world.admin.actor, "2", "blocked_by", "1")
    assert await seen(world, 1) == []
    with pytest.raises(NotFound):
        await world.helpdesk.links.remove(world.admin.actor, "1", "related", "3")


@pytest.mark.parametrize(
    ("kind", "back"), [("blocked_by", "blocks"), ("duplicate_of", "duplicated_by")]
)
async def test_a_ring_is_refused_however_long_and_from_whichever_end(world, kind: str, back: str):
    await tickets(world)
    for number in (1, 2, 3):
        await link(world, number, kind, number + 1)
    for number, way, other in ((2, kind, 1), (4, kind, 1), (1, back, 4), (3, back, 4)):
        if (number, way) == (3, back):
            await link(world, number + 1, back, number)
            continue
        with pytest.raises(Conflict, match="directly or by way of others"):
            await link(world, number, way, other)
    await link(world, 4, "related", 1)


async def test_a_ticket_is_not_linked_to_itself_to_none_or_in_an_unknown_way(world):
    await tickets(world, 2)
    with pytest.raises(Invalid, match="another ticket"):
        await link(world, 1, "related", 1)
    for other in ("99", "#", "", "2 or 1"):
        with pytest.raises(NotFound):
            await link(world, 1, "related", other)
    with pytest.raises(Invalid, match="duplicate_of"):
        await link(world, 1, "cousin_of", 2)


async def test_links_are_for_staff_who_may_work_on_the_ticket(world):
    await tickets(world, 1, category="Hardware")
    await tickets(world, 1)
    await link(world, 1, "related", 2)
    assert await seen(world, 1, "outsider") == [("related", 2)]
    assert await seen(world, 1, "user") == []
    with pytest.raises(NotFound):
        await seen(world, 1, "stranger")
    for person, number in ((world.outsider, "1"), (world.user, "1")):
        with pytest.raises(NotAllowed):
            await world.helpdesk.links.add(person.actor, number, "blocks", "2")
    await world.helpdesk.links.add(world.outsider.actor, "2", "blocks", "1")


async def test_the_submitter_does_not_notice_and_the_number_is_bounded(world, monkeypatch):
    await tickets(world, 4)
    before = (await world.helpdesk.tickets.get(world.user.actor, "1")).updated_at
    world.clock.turn(hours=1)
    monkeypatch.setattr(links, "MOST", 2)
    await link(world, 1, "related", 2)
    await link(world, 1, "related", 3)
    with pytest.raises(LimitReached):
        await link(world, 1, "related", 4)
    with pytest.raises(LimitReached):
        await link(world, 4, "related", 1)
    assert (await world.helpdesk.tickets.get(world.user.actor, "1")).updated_at == before

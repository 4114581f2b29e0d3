"""The tickets before and after a place in a list: in every order, and for what each may see."""

import pytest

from helpdesk.errors import Invalid
from helpdesk.tickets import walk
from helpdesk.tickets.lists import SORTS
from helpdesk.tickets.model import TicketFilter

EVERYTHING = TicketFilter()
ORDERS = [f"{minus}{column}" for column in SORTS for minus in ("", "-")]


async def some_tickets(world) -> None:
    for number in range(9):
        await world.ticket(
            subject=("b", "A~b", "a")[number % 3],
            priority=("Low", "High")[number % 2],
            category=("Hardware", "Software")[number % 2],
        )
        world.clock.turn(seconds=number % 2)
    desk = world.helpdesk.tickets
    await desk.resolve(world.admin.actor, "3", "done")
    world.clock.turn(seconds=5)
    await desk.note(world.admin.actor, "5", "only for staff")


async def walked(world, person: str, wanted: TicketFilter, sort: str) -> list[int]:
    """Go through a list from its first ticket by the neighbours alone, there and back."""
    actor, tickets = getattr(world, person).actor, world.helpdesk.tickets
    (first, *_) = (await tickets.list(actor, wanted, sort=sort)).rows
    numbers, at = [first.number], first
    while True:
        around = await tickets.neighbours(actor, wanted, sort, walk.place(at, sort))
        if around.next is None:
            break
        back = await tickets.neighbours(actor, wanted, sort, walk.place(around.next, sort))
        assert back.previous == at
        at = around.next
        numbers.append(at.number)
    return numbers


@pytest.mark.parametrize("sort", ORDERS)
@pytest.mark.parametrize("person", ["staff", "user"])
async def test_walking_from_ticket_to_ticket_is_reading_the_list(world, person: str, sort: str):
    await some_tickets(world)
    actor = getattr(world, person).actor
    for wanted in (
        EVERYTHING,
        TicketFilter(open_only=True),
        TicketFilter(priority=("High",)),
        TicketFilter(category="Hardware", open_only=True),
        TicketFilter(text="stolen"),
        TicketFilter(submitter_id=world.user.id),
    ):
        listed = await world.helpdesk.tickets.list(actor, wanted, sort=sort)
        assert await walked(world, person, wanted, sort) == [row.number for row in listed.rows]


async def test_a_ticket_that_moved_is_walked_on_from_where_it_stood(world):
    for _ in range(3):
        await world.ticket()
        world.clock.turn(seconds=1)
    tickets, actor = world.helpdesk.tickets, world.staff.actor
    wanted, sort = TicketFilter(open_only=True), "-updated_at"
    at = walk.place(await tickets.get(actor, "2"), sort)
    await tickets.resolve(world.admin.actor, "2", "gone from the list")
    around = await tickets.neighbours(actor, wanted, sort, at)
    assert (around.previous.number, around.next.number) == (3, 1)


async def test_a_stranger_s_tickets_are_no_neighbours(world):
    await some_tickets(world)
    at = walk.place(await world.helpdesk.tickets.get(world.staff.actor, "4"), "-updated_at")
    around = await world.helpdesk.tickets.neighbours(
        world.stranger.actor, EVERYTHING, "-updated_at", at
    )
    assert (around.previous, around.next) == (None, None)


@pytest.mark.parametrize(
    ("sort", "at"),
    [
        ("-updated_at", ""),
        ("-updated_at", "x"),
        ("priority", "9~x~y"),
        ("priority", "x~x~y"),
        ("subject", "s" * 2_000 + "~x"),
        ("subject", "a\x00b~x"),
        ("sideways", "a~b"),
    ],
)
async def test_a_place_that_no_list_has_is_refused(world, sort: str, at: str):
    with pytest.raises(Invalid):
        await world.helpdesk.tickets.neighbours(world.staff.actor, EVERYTHING, sort, at)

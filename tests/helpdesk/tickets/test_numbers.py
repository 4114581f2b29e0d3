"""Numbers, by which people call tickets: in addresses, in search, and for nobody else's ticket."""

import pytest

from helpdesk.errors import NotFound
from helpdesk.tickets.model import TicketFilter


async def found(world, text: str, person: str = "staff") -> list[int]:
    actor = getattr(world, person).actor
    page = await world.helpdesk.tickets.list(actor, TicketFilter(text=text))
    return sorted(row.number for row in page.rows)


async def test_tickets_are_numbered_as_they_come(world):
    tickets = [await world.ticket() for _ in range(3)]
    assert [ticket.number for ticket in tickets] == [1, 2, 3]
    listed = (await world.helpdesk.tickets.list(world.staff.actor)).rows
    assert [row.number for row in listed] == [3, 2, 1]


async def test_a_ticket_is_read_and_changed_by_its_number(world):
    desk, ticket = world.helpdesk.tickets, await world.ticket()
    assert (await desk.get(world.staff.actor, "1")).id == ticket.id
    await desk.reply(world.staff.actor, "1", "by number")
    await desk.resolve(world.staff.actor, "1", "done")
    detail = await desk.detail(world.user.actor, "1")
    assert [reply.body for reply in detail.replies] == ["by number"]
    assert detail.ticket.status == "Resolved"
    assert (await desk.replies(world.user.actor, "1")).total == 1


@pytest.mark.parametrize(
    "reference", ["2", "0", "-1", "#1", "1.0", "1 ", "9" * 15, "9" * 40, "\u0661"]
)
async def test_what_is_no_ticket_s_number_finds_none(world, reference: str):
    await world.ticket()
    with pytest.raises(NotFound):
        await world.helpdesk.tickets.get(world.staff.actor, reference)


async def test_a_number_of_somebody_else_s_ticket_tells_nothing_of_it(world):
    ticket = await world.ticket()
    refusals = []
    for reference in ("1", "2"):
        for act in (world.helpdesk.tickets.get, world.helpdesk.tickets.close):
            with pytest.raises(NotFound) as refusal:
                await act(world.stranger.actor, reference)
            assert ticket.id not in str(refusal.value)
            refusals.append(str(refusal.value).replace(reference, "N"))
    assert len(set(refusals)) == 1


async def test_a_number_is_searched_for(world):
    for _ in range(12):
        await world.ticket()
    await world.ticket(subject="Invoice 12 is missing")
    assert await found(world, "#12") == [12]
    assert await found(world, "12") == [12, 13]
    assert await found(world, "#12 laptop") == [12]
    assert await found(world, "#12 invoice") == []
    assert 12 not in await found(world, "laptop -#12")
    assert await found(world, "#99") == []
    assert await found(world, "#12", "stranger") == []

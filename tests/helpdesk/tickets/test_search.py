"""Search over everything a ticket says, and nothing that the viewer may not read."""

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import NotAllowed
from helpdesk.tickets.model import TicketFilter


async def found(world, person, text: str, **wanted) -> set[str]:
    page = await world.helpdesk.tickets.list(person.actor, TicketFilter(text=text, **wanted))
    assert page.total == len(page.rows)
    return {row.id for row in page.rows}


async def test_subject_description_and_replies_are_searched_together(world):
    ticket = await world.ticket(subject="Printer broken", description="It smokes.")
    await world.ticket(subject="Another matter", description="Nothing smokes.")
    await world.helpdesk.tickets.reply(world.staff.actor, ticket.id, "Please unplug it.")
    assert await found(world, world.staff, "printer") == {ticket.id}
    assert await found(world, world.staff, "printer unplug smokes") == {ticket.id}
    assert await found(world, world.staff, "another unplug") == set()


async def test_a_note_is_found_by_staff_and_never_by_the_submitter(world):
    ticket = await world.ticket(subject="Printer")
    await world.helpdesk.tickets.note(world.staff.actor, ticket.id, "suspicious customer")
    assert await found(world, world.outsider, "suspicious") == {ticket.id}
    for text in ("suspicious", "susp", "printer suspicious", "note:suspicious", '"note : s'):
        assert await found(world, world.user, text) == set()


async def test_a_user_finds_only_their_own(world):
    own = await world.ticket(subject="Printer one")
    assert await found(world, world.user, "printer") == {own.id}
    assert await found(world, world.stranger, "printer") == set()
    assert await found(world, world.stranger, own.id) == set()
    assert await found(world, world.user, own.id.lower()) == {own.id}


async def test_an_edit_is_found_by_its_new_words_only(world):
    ticket = await world.ticket(subject="Printer", description="toner")
    await world.helpdesk.tickets.edit(SYSTEM, ticket.id, subject="Scanner")
    assert await found(world, world.staff, "printer") == set()
    assert await found(world, world.staff, "scanner toner") == {ticket.id}
    await world.helpdesk.tickets.edit(SYSTEM, ticket.id, description="glass")
    assert await found(world, world.staff, "toner") == set()
    assert await found(world, world.staff, "glass") == {ticket.id}


async def test_what_was_rolled_back_is_not_found(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.close(SYSTEM, ticket.id)
    with pytest.raises(NotAllowed):
        await world.helpdesk.tickets.reply(world.staff.actor, ticket.id, "zanzibar")

    def broken(connection) -> None:
        connection.execute("UPDATE tickets SET subject = 'x'")
        connection.execute("INSERT INTO search (rowid, subject) VALUES (1 << 20, 'zanzibar')")
        raise RuntimeError("after the index was written")

    with pytest.raises(RuntimeError):
        await world.helpdesk.database.write(broken)
    assert await found(world, world.staff, "zanzibar") == set()


@pytest.mark.parametrize(
    ("text", "hit"),
    [
        ("RESUME", True),
        ("résumé", True),
        ("naïve", True),
        ("mail-box", True),
        ("mail box", True),
        ("ail", False),
        ("grün", True),
        ("x1.2.3", True),
        ("請求書", True),
        ("NEAR(a b)", False),
        ("a*", True),
        ("*", False),
        ('"', False),
        ("subject:x", False),
        ("-naive", False),
        ("\x00\ud800naive", True),
    ],
)
async def test_words_are_words_whatever_characters_are_typed(world, text: str, hit: bool):
    ticket = await world.ticket(
        subject="Résumé of a naive mail-box", description="Grün x1.2.3 請求書"
    )
    assert await found(world, world.staff, text) == ({ticket.id} if hit else set())


async def test_a_search_joins_the_other_filters(world):
    first = await world.ticket(subject="Printer", category="Hardware")
    second = await world.ticket(subject="Printer", category="Software")
    assert await found(world, world.staff, "printer") == {first.id, second.id}
    assert await found(world, world.staff, "printer", category="Hardware") == {first.id}
    assert await found(world, world.staff, "  ", category="Software") == {second.id}


async def test_many_pieces_of_many_tickets_keep_apart(world):
    tickets = [await world.ticket(subject=f"number{n}") for n in range(5)]
    for n, ticket in enumerate(tickets):
        for m in range(4):
            await world.helpdesk.tickets.reply(SYSTEM, ticket.id, f"word{n}x{m}")
    for n, ticket in enumerate(tickets):
        assert await found(world, world.staff, f"number{n} word{n}x3") == {ticket.id}


async def test_view_counts_count_what_the_lists_show(world):
    await world.ticket(subject="Printer")
    second = await world.ticket(subject="Mail")
    await world.helpdesk.tickets.assign_user(SYSTEM, second.id, world.staff.id)
    views = {
        "all": TicketFilter(),
        "mine": TicketFilter(mine=True),
        "unassigned": TicketFilter(unassigned=True),
        "queue": TicketFilter(workable=True),
        "open printers": TicketFilter(open_only=True, text="printer"),
        "closed": TicketFilter(status=("Closed",)),
    }
    for person in (world.admin, world.staff, world.outsider, world.user, world.stranger):
        counts = await world.helpdesk.tickets.view_counts(person.actor, views)
        assert list(counts) == list(views)
        for name, view in views.items():
            page = await world.helpdesk.tickets.list(person.actor, view)
            assert counts[name] == page.total, (person.name, name)
    assert await world.helpdesk.tickets.view_counts(world.user.actor, {}) == {}

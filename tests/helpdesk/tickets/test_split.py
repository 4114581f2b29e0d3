"""A ticket about two things becomes two: what moves, who may, and that it happens whole or not."""

import pytest

from helpdesk.errors import Conflict, HelpDeskError, Invalid, NotAllowed, NotFound
from helpdesk.once import Once
from helpdesk.tickets.model import TicketFilter


async def said(world, reference: str, person=None) -> list[tuple[str, bool]]:
    actor = (person or world.staff).actor
    page = await world.helpdesk.tickets.replies(actor, reference)
    return [(reply.body, reply.is_internal) for reply in page.rows]


async def two_matters(world):
    ticket = await world.ticket(subject="Laptop and mail", category="Hardware", priority="High")
    tickets = world.helpdesk.tickets
    replies = [
        await tickets.reply(world.user.actor, ticket.id, "The laptop is loud."),
        await tickets.reply(world.user.actor, ticket.id, "Also, mail bounces."),
        await tickets.note(world.staff.actor, ticket.id, "Quota, I think."),
    ]
    return ticket, [reply.id for reply in replies]


async def test_messages_move_with_their_authors_times_and_visibility(world):
    _, replies = await two_matters(world)
    before = await world.events()
    made = await world.helpdesk.splits.split(
        world.staff.actor, "1", "Mail bounces", [replies[2], replies[1]]
    )
    assert (made.number, made.subject, made.priority) == (2, "Mail bounces", "High")
    assert (made.submitter.id, made.category.name) == (world.user.id, "Hardware")
    assert await said(world, "2") == [
        ("Also, mail bounces.", False),
        ("Quota, I think.", True),
        ("Split from #1.", True),
    ]
    assert await said(world, "1") == [
        ("The laptop is loud.", False),
        ("Moved 2 messages to #2.", True),
    ]
    assert await said(world, "2", world.user) == [("Also, mail bounces.", False)]
    page = await world.helpdesk.tickets.replies(world.user.actor, "2")
    assert page.rows[0].author.id == world.user.id
    (link,) = await world.helpdesk.links.all(world.staff.actor, "1")
    assert (link.kind, link.ticket.number) == ("related", 2)
    kinds = [kind for kind, _ in (await world.events())[len(before) :]]
    assert kinds == ["ticket.created", "ticket.note_added", "ticket.note_added"]


async def test_what_moved_is_found_in_the_new_ticket(world):
    _, replies = await two_matters(world)
    await world.helpdesk.splits.split(world.staff.actor, "1", "Mail", [replies[1]])
    found = await world.helpdesk.tickets.list(world.staff.actor, TicketFilter(text="bounces"))
    assert [row.number for row in found.rows] == [2]


async def test_answers_to_the_mail_of_a_message_follow_it(world):
    _, replies = await two_matters(world)
    columns = (
        "id, sha256, message_id, digest, sender, sender_name, subject, outcome, reason,"
        " received_at, number, reply_id"
    )

    def receive(connection) -> None:
        for n, reply_id in enumerate(replies[:2]):
            values = (*(f"{name}{n}" for name in "abcdefghij"), 1, reply_id)
            connection.execute(
                f"INSERT INTO mail_incoming ({columns}) VALUES ({', '.join('?' * 12)})", values
            )

    await world.helpdesk.database.write(receive)
    await world.helpdesk.splits.split(world.staff.actor, "1", "Mail", [replies[1]])
    found = await world.helpdesk.database.read(
        lambda c: c.execute("SELECT reply_id, number FROM mail_incoming").fetchall()
    )
    assert dict(found) == {replies[0]: 1, replies[1]: 2}


async def test_only_who_works_on_a_ticket_splits_it(world):
    _, replies = await two_matters(world)
    for person, error in (
        (world.outsider, NotAllowed),
        (world.user, NotAllowed),
        (world.stranger, NotFound),
    ):
        with pytest.raises(error):
            await world.helpdesk.splits.split(person.actor, "1", "Mine", [replies[0]])


async def test_a_split_is_done_whole_or_not_at_all_and_once(world):
    _, replies = await two_matters(world)
    other = await world.ticket()
    foreign = await world.helpdesk.tickets.reply(world.user.actor, other.id, "elsewhere")
    before = await said(world, "1")
    for chosen, subject, error in (
        ([], "Mail", Invalid),
        ([replies[0], foreign.id], "Mail", NotFound),
        ([replies[0], "x" * 10_000], "Mail", NotFound),
        ([replies[0]], " ", Invalid),
        (["x"] * 10 + [str(n) for n in range(501)], "Mail", HelpDeskError),
    ):
        with pytest.raises(error):
            await world.helpdesk.splits.split(world.staff.actor, "1", subject, chosen)
    assert await said(world, "1") == before
    every = await world.helpdesk.tickets.list(world.staff.actor, TicketFilter())
    assert every.total == 2
    made = [
        await world.helpdesk.splits.split(
            world.staff.actor, "1", "Mail", [replies[1]], once=Once("key")
        )
        for _ in range(2)
    ]
    assert made[0].id == made[1].id


async def test_a_merged_ticket_is_not_split(world):
    _, replies = await two_matters(world)
    await world.ticket(category="Hardware")
    await world.helpdesk.merges.merge(world.staff.actor, "1", "2")
    with pytest.raises(Conflict, match="split #2"):
        await world.helpdesk.splits.split(world.staff.actor, "1", "Mail", [replies[1]])
    await world.helpdesk.splits.split(world.staff.actor, "2", "Mail", [replies[1]])

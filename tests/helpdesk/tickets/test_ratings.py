"""How it went: who is asked, by letter and on the ticket, once a resolution, and what staff see."""

import re

import pytest

from helpdesk.actors import SYSTEM, Role
from helpdesk.errors import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.mail import outgoing
from helpdesk.mail.choices import Choice
from helpdesk.tickets.edits import TicketChanges
from helpdesk.tickets.model import TicketDraft, TicketFilter


@pytest.fixture
async def desk(world):
    await world.helpdesk.mail.show_on_page()
    await world.helpdesk.settings.update(SYSTEM, ask_rating="yes")
    return world.helpdesk


async def letters(desk):
    """Return the letters to the requester."""
    found = await desk.database.read(lambda c: outgoing.newest(c, None, 100))
    return [one.letter for one in reversed(found) if one.address == "user@example.com"]


async def link(desk) -> tuple[str, str]:
    found = re.search(r"/rate/(\d+)/(\S+)", (await letters(desk))[-1].text)
    return found[1], found[2]


async def resolved(world, **draft):
    ticket = await world.ticket(**draft)
    await world.helpdesk.tickets.resolve(world.admin.actor, ticket.id, "Done.")
    return ticket


async def test_the_requester_answers_by_the_link_in_the_letter(desk, world):
    ticket = await resolved(world)
    number, code = await link(desk)
    assert [one.kind for one in await letters(desk)] == ["resolved"]
    for _ in range(3):
        assert (await desk.ratings.by_code(number, code)).rating is None
    await desk.ratings.rate_by_code(number, code, "bad", "Took too long")
    await desk.ratings.rate_by_code(number, code, "good", "Ah, it works")
    found = await desk.ratings.of_ticket(world.staff.actor, ticket.id)
    assert (found.rating.score, found.rating.comment) == ("good", "Ah, it works")
    assert not found.is_open
    story = (await desk.tickets.detail(world.staff.actor, ticket.id)).timeline.entries
    edits = [(one.field, one.before, one.after) for one in story if hasattr(one, "field")]
    assert edits == [("rating", None, "bad"), ("rating", "bad", "good")]
    assert await desk.ratings.figures(world.staff.actor, 30) == {"good": 1, "ok": 0, "bad": 0}
    for score, count in (("good", 1), ("bad", 0)):
        page = await desk.tickets.list(world.staff.actor, TicketFilter(rating=score))
        assert page.total == count


async def test_the_requester_answers_on_the_ticket_and_nobody_else(desk, world):
    acme = await desk.organizations.create(SYSTEM, name="Acme", shares=True)
    for person in (world.user, world.stranger):
        await desk.organizations.add_member(SYSTEM, acme.id, person.id)
    ticket = await resolved(world)
    assert (await desk.ratings.of_ticket(world.user.actor, ticket.id)).is_open
    await desk.ratings.rate(world.user.actor, ticket.id, "ok", "fine")
    colleague = await desk.ratings.of_ticket(world.stranger.actor, ticket.id)
    assert (colleague.rating, colleague.is_open) == (None, False)
    for actor in (world.staff.actor, world.admin.actor, world.stranger.actor, world.plugin):
        with pytest.raises(NotAllowed):
            await desk.ratings.rate(actor, ticket.id, "good")
    with pytest.raises(NotAllowed):
        await desk.ratings.figures(world.user.actor, 30)
    with pytest.raises(Invalid):
        await desk.tickets.require_known(world.user.actor, TicketFilter(rating="ok"))
    with pytest.raises(Invalid):
        await desk.tickets.require_known(world.staff.actor, TicketFilter(rating="great"))


@pytest.mark.parametrize(("score", "comment"), [("great", ""), ("", ""), ("ok", "x" * 2_001)])
async def test_what_is_no_answer_is_refused(desk, world, score, comment):
    ticket = await resolved(world)
    with pytest.raises(Invalid):
        await desk.ratings.rate(world.user.actor, ticket.id, score, comment)


async def test_a_link_is_of_one_ticket_and_one_resolution(desk, world):
    other = await resolved(world)
    await resolved(world)
    number, code = await link(desk)
    for wrong in (
        (str(other.number), code),
        (number, code[:-1]),
        (number, ""),
        (number, code.upper()),
        (number, "\ud800"),
        ("9" * 400, code),
        ("x", code),
        ("999", code),
    ):
        with pytest.raises(NotFound):
            await desk.ratings.by_code(*wrong)
        with pytest.raises(NotFound):
            await desk.ratings.rate_by_code(*wrong, "good", "")
    await desk.tickets.reopen(world.user.actor, number, "Again")
    with pytest.raises(NotFound):
        await desk.ratings.rate_by_code(number, code, "good", "")
    world.clock.turn(seconds=1)
    await desk.tickets.resolve(world.admin.actor, number, "Now")
    again = await link(desk)
    with pytest.raises(NotFound):
        await desk.ratings.by_code(number, code)
    await desk.ratings.rate_by_code(*again, "good", "")


async def test_it_can_be_answered_for_two_weeks(desk, world):
    ticket = await resolved(world)
    number, code = await link(desk)
    world.clock.turn(days=14, seconds=-1)
    await desk.ratings.rate_by_code(number, code, "ok", "")
    world.clock.turn(seconds=1)
    with pytest.raises(NotFound):
        await desk.ratings.by_code(number, code)
    with pytest.raises(Conflict):
        await desk.ratings.rate(world.user.actor, ticket.id, "good")
    seen = await desk.ratings.of_ticket(world.user.actor, ticket.id)
    assert (seen.rating.score, seen.is_open) == ("ok", False)


async def test_nobody_is_asked_while_it_is_off(world):
    await world.helpdesk.mail.show_on_page()
    ticket = await resolved(world)
    assert "/rate/" not in (await letters(world.helpdesk))[-1].text
    assert not (await world.helpdesk.ratings.of_ticket(world.user.actor, ticket.id)).is_open


async def test_each_person_chooses_how_they_are_asked(desk, world):
    actor = world.user.actor
    await desk.choices.save(actor, {"rating": Choice(web=True, mail=False)})
    ticket = await resolved(world)
    assert "/rate/" not in (await letters(desk))[-1].text
    assert (await desk.ratings.of_ticket(actor, ticket.id)).is_open
    await desk.choices.save(
        actor, {"rating": Choice(web=False, mail=True), "resolved": Choice(web=True, mail=False)}
    )
    ticket = await resolved(world)
    assert (await letters(desk))[-1].kind == "rating"
    await link(desk)
    assert not (await desk.ratings.of_ticket(actor, ticket.id)).is_open
    with pytest.raises(Invalid):
        await desk.choices.save(world.staff.actor, {"rating": Choice()})


async def test_some_tickets_are_not_asked_about(desk, world):
    actor = world.user.actor
    spam = await world.ticket()
    await desk.tickets.update(world.admin.actor, spam.id, TicketChanges(tags=("Spam",)))
    await desk.tickets.resolve(world.admin.actor, spam.id, "")
    closed = await world.ticket()
    await desk.tickets.close(world.admin.actor, closed.id)
    merged, into = await resolved(world), await world.ticket()
    await desk.merges.merge(world.admin.actor, merged.id, into.id)
    for ticket in (spam, closed, merged):
        assert not (await desk.ratings.of_ticket(actor, ticket.id)).is_open
        with pytest.raises(Conflict):
            await desk.ratings.rate(actor, ticket.id, "good")
    draft = TicketDraft(subject="Internal", description="d")
    internal = await desk.tickets.create(world.staff.actor, draft)
    await desk.tickets.resolve(world.admin.actor, internal.id, "")
    with pytest.raises(Conflict):
        await desk.ratings.rate(world.staff.actor, internal.id, "good")


async def test_a_requester_who_was_disabled_or_promoted_rates_nothing(desk, world):
    await resolved(world)
    number, code = await link(desk)
    await desk.users.update(SYSTEM, world.user.id, role=Role.STAFF)
    with pytest.raises(NotFound):
        await desk.ratings.by_code(number, code)
    await desk.users.update(SYSTEM, world.user.id, role=Role.USER, disabled=True)
    with pytest.raises(NotFound):
        await desk.ratings.by_code(number, code)
    with pytest.raises(NotAllowed):
        await desk.ratings.rate_by_code(number, code, "good", "")

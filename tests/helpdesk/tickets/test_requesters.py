"""A ticket for somebody who has no account yet: made by staff, with the account, or not at all."""

import pytest

from helpdesk.actors import Role
from helpdesk.errors import Invalid, NotAllowed
from helpdesk.tickets.model import TicketDraft, TicketFilter


async def test_an_account_is_made_with_the_ticket(world):
    draft = TicketDraft("Hello", "", submitter_email="New@Example.com", submitter_name="New One")
    ticket = await world.helpdesk.tickets.create(world.staff.actor, draft)
    assert (ticket.submitter.email, ticket.submitter.name) == ("new@example.com", "New One")
    user = await world.helpdesk.users.get(world.admin.actor, ticket.submitter.id)
    assert (user.role, user.disabled) == (Role.USER, False)
    entry = (await world.helpdesk.audit.list(world.admin.actor)).rows[0]
    assert (entry.action, entry.subject) == ("user.created", "new@example.com")
    again = TicketDraft("Again", "", submitter_email="new@example.com", submitter_name="Another")
    second = await world.helpdesk.tickets.create(world.staff.actor, again)
    assert second.submitter == ticket.submitter
    found = await world.helpdesk.tickets.list(world.staff.actor, TicketFilter(text="new one"))
    assert found.total == 2


async def test_without_a_name_an_unknown_address_is_refused(world):
    draft = TicketDraft("Hello", "", submitter_email="new@example.com")
    with pytest.raises(Invalid, match="submitter"):
        await world.helpdesk.tickets.create(world.staff.actor, draft)


async def test_nothing_is_kept_where_the_ticket_is_refused(world):
    draft = TicketDraft(" ", "", submitter_email="new@example.com", submitter_name="New")
    with pytest.raises(Invalid, match="subject"):
        await world.helpdesk.tickets.create(world.staff.actor, draft)
    assert await world.helpdesk.users.find_by_email(world.admin.actor, "new@example.com") is None


@pytest.mark.parametrize("email", ["x", "a@b@c", "a\u200b@example.com", "a" * 300 + "@x.com"])
async def test_what_is_no_address_is_refused(world, email: str):
    draft = TicketDraft("Hello", "", submitter_email=email, submitter_name="New")
    with pytest.raises(Invalid, match="email"):
        await world.helpdesk.tickets.create(world.staff.actor, draft)


async def test_a_submitter_makes_no_accounts(world):
    draft = TicketDraft("Hello", "", submitter_email="new@example.com", submitter_name="New")
    with pytest.raises(NotAllowed):
        await world.helpdesk.tickets.create(world.user.actor, draft)

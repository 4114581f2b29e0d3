"""Organizations: who belongs where, and whose tickets members see, wherever tickets are read."""

from dataclasses import replace

import pytest

from helpdesk import access
from helpdesk.actors import SYSTEM, Actor, Role
from helpdesk.errors import Conflict, Invalid, NotAllowed, NotFound
from helpdesk.tickets import rows
from helpdesk.tickets.model import TicketDraft, TicketFilter
from helpdesk.viewers import load_viewer


@pytest.fixture
def desk(world):
    return world.helpdesk


async def person(desk, email, role=Role.USER):
    return await desk.users.create(SYSTEM, email=email, name=email.partition("@")[0], role=role)


async def org_of(desk, user):
    found = await desk.organizations.of_person(SYSTEM, user.id)
    return found and found.name


async def test_requesters_join_by_the_domain_of_their_address_and_others_do_not(desk):
    before = await person(desk, "before@acme.example")
    acme = await desk.organizations.create(SYSTEM, name="Acme", domains="acme.example")
    after = await person(desk, "after@acme.example")
    away = [
        await person(desk, "a@sub.acme.example"),
        await person(desk, "a@notacme.example"),
        await person(desk, "acme.example@other.example"),
        await person(desk, "staff@acme.example", Role.STAFF),
    ]
    assert [await org_of(desk, one) for one in (before, after)] == ["Acme", "Acme"]
    assert [await org_of(desk, one) for one in away] == [None] * 4
    assert (await desk.organizations.get(SYSTEM, acme.id)).members == 2


async def test_a_domain_moves_nobody_who_is_elsewhere_and_belongs_to_one(desk):
    one = await person(desk, "one@acme.example")
    club = await desk.organizations.create(SYSTEM, name="Club")
    await desk.organizations.add_member(SYSTEM, club.id, "one@acme.example")
    acme = await desk.organizations.create(SYSTEM, name="Acme", domains="acme.example")
    assert await org_of(desk, one) == "Club"
    with pytest.raises(Conflict, match="belongs to Acme"):
        await desk.organizations.update(SYSTEM, club.id, domains="ACME.example")
    with pytest.raises(Conflict, match="already exists"):
        await desk.organizations.create(SYSTEM, name="acme")
    await desk.organizations.update(SYSTEM, acme.id, domains="")
    await desk.organizations.update(SYSTEM, club.id, domains="acme.example")


async def test_members_are_added_and_removed_and_only_requesters(desk, world):
    acme = await desk.organizations.create(SYSTEM, name="Acme")
    for wanted in ("staff@example.com", "nobody@example.com", ""):
        with pytest.raises(Invalid, match="role user"):
            await desk.organizations.add_member(SYSTEM, acme.id, wanted)
    await desk.organizations.add_member(SYSTEM, acme.id, world.user.id)
    assert await org_of(desk, world.user) == "Acme"
    found = await desk.organizations.members(world.staff.actor, acme.id)
    assert [one.id for one in found.rows] == [world.user.id]
    await desk.organizations.remove_member(SYSTEM, acme.id, world.user.id)
    with pytest.raises(NotFound):
        await desk.organizations.remove_member(SYSTEM, acme.id, world.user.id)
    assert await org_of(desk, world.user) is None


async def test_who_becomes_staff_leaves_the_organization(desk, world):
    acme = await desk.organizations.create(SYSTEM, name="Acme")
    await desk.organizations.add_member(SYSTEM, acme.id, world.user.id)
    await desk.users.update(SYSTEM, world.user.id, role=Role.STAFF)
    assert await org_of(desk, world.user) is None


async def test_staff_read_admins_change_and_requesters_know_nothing(desk, world):
    acme = await desk.organizations.create(world.admin.actor, name="Acme", notes="VIP")
    assert (await desk.organizations.get(world.staff.actor, acme.id)).notes == "VIP"
    organizations = desk.organizations
    for act in (
        organizations.create(world.staff.actor, name="Other"),
        organizations.update(world.staff.actor, acme.id, shares=True),
        organizations.delete(world.staff.actor, acme.id),
        organizations.add_member(world.staff.actor, acme.id, world.user.id),
        organizations.remove_member(world.staff.actor, acme.id, world.user.id),
        organizations.list(world.user.actor),
        organizations.get(world.user.actor, acme.id),
        organizations.members(world.user.actor, acme.id),
        organizations.of_person(world.user.actor, world.user.id),
    ):
        with pytest.raises(NotAllowed):
            await act


async def test_every_change_is_in_the_audit_log(desk, world):
    acme = await desk.organizations.create(SYSTEM, name="Acme", domains="acme.example")
    await desk.organizations.update(SYSTEM, acme.id, shares=True)
    await desk.organizations.add_member(SYSTEM, acme.id, world.user.id)
    await desk.organizations.remove_member(SYSTEM, acme.id, world.user.id)
    await desk.organizations.delete(SYSTEM, acme.id)
    entries = [e for e in (await desk.audit.list(SYSTEM)).rows if "organization" in e.action]
    assert [entry.action.partition(".")[2] for entry in reversed(entries)] == [
        *("created", "changed", "member_added", "member_removed", "deleted")
    ]
    assert entries[3].changes == {"shares": {"from": False, "to": True}}


async def test_deleting_keeps_accounts_and_tickets(desk, world):
    ticket = await world.ticket()
    acme = await desk.organizations.create(SYSTEM, name="Acme")
    await desk.organizations.add_member(SYSTEM, acme.id, world.user.id)
    await desk.organizations.delete(SYSTEM, acme.id)
    assert (await desk.tickets.get(world.user.actor, ticket.id)).id == ticket.id


@pytest.fixture
async def colleagues(desk, world):
    """``user`` and ``stranger`` in one organization that shares; ``other`` in none."""
    acme = await desk.organizations.create(SYSTEM, name="Acme", shares=True)
    for one in (world.user, world.stranger):
        await desk.organizations.add_member(SYSTEM, acme.id, one.id)
    return acme


async def found(desk, actor, **wanted) -> set[int]:
    page = await desk.tickets.list(actor, TicketFilter(**wanted), exact=True)
    return {row.number for row in page.rows}


async def test_members_see_each_others_tickets_and_do_nothing_to_them(desk, world, colleagues):
    ticket = await world.ticket(subject="Broken zebra")
    await desk.tickets.note(world.admin.actor, ticket.id, "secretword")
    await desk.tickets.reply(world.admin.actor, ticket.id, "publicword")
    actor = world.stranger.actor
    detail = await desk.tickets.detail(actor, ticket.id)
    assert "secretword" not in str(detail)
    assert "publicword" in str(detail)
    rights = detail.rights
    assert not any((rights.reply, rights.note, rights.work, rights.close, rights.reopen))
    for act in (
        desk.tickets.reply(actor, ticket.id, "no"),
        desk.tickets.close(actor, ticket.id),
        desk.tickets.edit(actor, ticket.id, subject="no"),
        desk.tickets.note(actor, ticket.id, "no"),
    ):
        with pytest.raises(NotAllowed):
            await act
    assert await found(desk, actor) == {ticket.number}
    assert await found(desk, actor, mine=True) == set()
    assert await found(desk, actor, text="zebra") == {ticket.number}
    assert await found(desk, actor, text="publicword") == {ticket.number}
    assert await found(desk, actor, text="secretword") == set()
    assert await found(desk, actor, text=ticket.id[:20].lower()) == {ticket.number}
    # Mistyped words are corrected by what the person can see.
    corrected = await desk.tickets.list(actor, TicketFilter(text="zebar"))
    assert [row.number for row in corrected.rows] == [ticket.number]


async def test_nothing_is_seen_once_it_is_not_shared_and_by_nobody_else(desk, world, colleagues):
    ticket = await world.ticket(subject="Broken zebra")
    other = await person(desk, "other@example.com")
    elsewhere = await desk.organizations.create(SYSTEM, name="Elsewhere", shares=True)
    await desk.organizations.add_member(SYSTEM, elsewhere.id, other.id)

    async def blind(actor: Actor) -> None:
        with pytest.raises(NotFound):
            await desk.tickets.get(actor, ticket.id)
        with pytest.raises(NotFound):
            await desk.files.all(actor, ticket.id)
        for text in ("", "zebra", "zebar", str(ticket.number), ticket.id[:20]):
            page = await desk.tickets.list(actor, TicketFilter(text=text))
            assert page.rows == []
        assert await desk.tickets.view_counts(actor, {"all": TicketFilter()}) == {"all": 0}

    await blind(other.actor)
    await desk.files.all(world.stranger.actor, ticket.id)
    await desk.organizations.update(SYSTEM, colleagues.id, shares=False)
    await blind(world.stranger.actor)
    await desk.organizations.update(SYSTEM, colleagues.id, shares=True)
    await desk.organizations.remove_member(SYSTEM, colleagues.id, world.stranger.id)
    await blind(world.stranger.actor)


async def test_tickets_of_staff_are_not_shared(desk, world, colleagues):
    draft = TicketDraft(subject="Internal matter", description="d")
    ticket = await desk.tickets.create(world.staff.actor, draft)
    with pytest.raises(NotFound):
        await desk.tickets.get(world.user.actor, ticket.id)


async def test_the_sql_says_what_access_says(desk, world, colleagues):
    """Every requester against every ticket: lists show what ``may_see`` allows."""
    other = await person(desk, "other@example.com")
    everybody = [world.user, world.stranger, other, world.staff, world.admin]
    tickets = [
        await desk.tickets.create(one.actor, TicketDraft(subject="s", description="d"))
        for one in everybody
    ]
    for one in everybody:

        def allowed(connection, one=one):
            viewer = load_viewer(connection, one.actor)
            return {
                ticket.number
                for ticket in tickets
                if access.may_see(viewer, rows.ownership(connection, ticket))
            }

        assert await found(desk, one.actor) == await desk.database.read(allowed), one.name


async def test_a_plugin_for_a_member_sees_what_the_member_sees(desk, world, colleagues):
    ticket = await world.ticket()
    for one, sees in ((world.stranger, True), (await person(desk, "o@example.com"), False)):
        actor = replace(world.plugin, person_id=one.id)
        if sees:
            assert (await desk.tickets.get(actor, ticket.id)).id == ticket.id
            with pytest.raises(NotAllowed):
                await desk.tickets.reply(actor, ticket.id, "no")
        else:
            with pytest.raises(NotFound):
                await desk.tickets.get(actor, ticket.id)


async def test_staff_filter_by_organization_and_requesters_cannot(desk, world, colleagues):
    ticket = await world.ticket()
    await desk.tickets.create(world.staff.actor, TicketDraft(subject="s", description="d"))
    for named in (colleagues.id, "Acme", "acme"):
        assert await found(desk, world.staff.actor, organization=named) == {ticket.number}
    for actor in (world.user.actor, world.stranger.actor):
        with pytest.raises(Invalid, match="only for staff"):
            await desk.tickets.require_known(actor, TicketFilter(organization="Acme"))
    with pytest.raises(Invalid, match="organization"):
        await desk.tickets.require_known(world.staff.actor, TicketFilter(organization="None"))


async def test_news_of_a_ticket_names_the_organization_that_shares_it(desk, world, colleagues):
    heard = []
    desk.news.listen(heard.append)
    ticket = await world.ticket()
    (news,) = [one for each in heard for one in each.tickets if one.ticket_id == ticket.id]
    assert (news.organization_id, news.public) == (colleagues.id, True)
    heard.clear()
    await desk.organizations.update(SYSTEM, colleagues.id, shares=False)
    assert heard[-1].changed_people == {world.user.id, world.stranger.id}
    await desk.tickets.reply(world.user.actor, ticket.id, "more")
    assert heard[-1].tickets[0].organization_id is None
    await desk.organizations.remove_member(SYSTEM, colleagues.id, world.user.id)
    assert heard[-1].changed_people == {world.user.id}

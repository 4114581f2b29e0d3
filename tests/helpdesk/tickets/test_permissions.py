"""Who may do what with a ticket: every action by every sort of actor, tried for real."""

from collections.abc import Awaitable, Callable

import pytest
import trio
import trio.testing

from helpdesk.actors import SYSTEM, Actor
from helpdesk.errors import HelpDeskError, NotAllowed, NotFound
from helpdesk.tickets.model import TicketDraft

ACTIONS: dict[str, Callable[..., Awaitable[object]]] = {
    "see": lambda world, actor, ticket: world.helpdesk.tickets.detail(actor, ticket),
    "reply": lambda world, actor, ticket: world.helpdesk.tickets.reply(actor, ticket, "x"),
    "note": lambda world, actor, ticket: world.helpdesk.tickets.note(actor, ticket, "x"),
    "assign": lambda world, actor, ticket: world.helpdesk.tickets.assign_user(
        actor, ticket, world.admin.id
    ),
    "edit": lambda world, actor, ticket: world.helpdesk.tickets.edit(actor, ticket, subject="x"),
    "status": lambda world, actor, ticket: world.helpdesk.tickets.set_status(
        actor, ticket, "In Progress"
    ),
    "resolve": lambda world, actor, ticket: world.helpdesk.tickets.resolve(actor, ticket),
    "close": lambda world, actor, ticket: world.helpdesk.tickets.close(actor, ticket),
    "field": lambda world, actor, ticket: world.helpdesk.tickets.set_custom_field(
        actor, ticket, "k", "v"
    ),
}
EVERYTHING = set(ACTIONS)
WORK = EVERYTHING - {"field"}

ALLOWED = {
    "system": EVERYTHING,
    "admin": WORK,
    "staff in scope": WORK,
    "staff elsewhere": {"see"},
    "submitter": {"see", "reply", "close"},
    "another user": set(),
    "plugin": {"see", "reply", "note", "field"},
}


def actors(world) -> dict[str, Actor]:
    return {
        "system": SYSTEM,
        "admin": world.admin.actor,
        "staff in scope": world.staff.actor,
        "staff elsewhere": world.outsider.actor,
        "submitter": world.user.actor,
        "another user": world.stranger.actor,
        "plugin": world.plugin,
    }


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("who", ALLOWED)
async def test_the_permission_matrix(world, who: str, action: str):
    ticket = await world.ticket(category="Hardware")
    before = await world.helpdesk.outbox.last_seq()
    attempt = ACTIONS[action](world, actors(world)[who], ticket.id)
    if action in ALLOWED[who]:
        await attempt
        return
    with pytest.raises(NotFound if who == "another user" and action != "field" else NotAllowed):
        await attempt
    assert await world.helpdesk.tickets.get(SYSTEM, ticket.id) == ticket
    assert await world.helpdesk.outbox.last_seq() == before


@pytest.mark.parametrize("who", ALLOWED)
async def test_reopening_is_for_the_submitter_and_for_staff_in_scope(world, who: str):
    ticket = await world.ticket(category="Hardware")
    await world.helpdesk.tickets.resolve(SYSTEM, ticket.id)
    attempt = world.helpdesk.tickets.reopen(actors(world)[who], ticket.id)
    if who in {"system", "admin", "staff in scope", "submitter"}:
        assert (await attempt).status == "New"
    else:
        with pytest.raises((NotAllowed, NotFound)):
            await attempt


@pytest.mark.parametrize("who", ALLOWED)
async def test_the_rights_shown_are_the_rights_enforced(world, who: str):
    if who == "another user":
        return
    actor = actors(world)[who]
    tickets = world.helpdesk.tickets
    for settle in (None, "Resolved", "Closed"):
        ticket = await world.ticket(category="Hardware")
        if settle:
            await tickets.set_status(SYSTEM, ticket.id, settle)
        rights = (await tickets.detail(actor, ticket.id)).rights
        # Each is tried on a ticket of its own.
        for shown, attempt in [
            (rights.reply, lambda t: tickets.reply(actor, t, "x")),
            (rights.note, lambda t: tickets.note(actor, t, "x")),
            (rights.work, lambda t: tickets.edit(actor, t, priority="High")),
            (rights.resolve, lambda t: tickets.resolve(actor, t)),
            (rights.close, lambda t: tickets.close(actor, t)),
            (rights.reopen, lambda t: tickets.reopen(actor, t)),
        ]:
            fresh = await world.ticket(category="Hardware")
            if settle:
                await tickets.set_status(SYSTEM, fresh.id, settle)
            assert shown == await succeeds(attempt(fresh.id))
        for name in ("New", "In Progress", "Resolved", "Closed"):
            fresh = await world.ticket(category="Hardware")
            if settle:
                await tickets.set_status(SYSTEM, fresh.id, settle)
            if name != fresh.status and name != settle:
                shown = name in rights.statuses
                assert shown == await succeeds(tickets.set_status(actor, fresh.id, name))


async def succeeds(attempt: Awaitable[object]) -> bool:
    try:
        await attempt
    except HelpDeskError:
        return False
    return True


async def test_a_note_is_never_shown_to_the_submitter(world):
    tickets = world.helpdesk.tickets
    ticket = await world.ticket()
    await tickets.reply(world.staff.actor, ticket.id, "public")
    await tickets.note(world.staff.actor, ticket.id, "internal")
    await tickets.note(world.plugin, ticket.id, "internal by a plugin")

    async def bodies(actor: Actor) -> list[str]:
        shown = [reply.body for reply in (await tickets.replies(actor, ticket.id)).rows]
        page = [reply.body for reply in (await tickets.detail(actor, ticket.id)).replies]
        assert shown == page
        return shown

    assert await bodies(world.user.actor) == ["public"]
    everything = ["public", "internal", "internal by a plugin"]
    for actor in (world.staff.actor, world.outsider.actor, world.admin.actor, SYSTEM):
        assert await bodies(actor) == everything


async def test_another_s_ticket_looks_like_one_that_does_not_exist(world):
    ticket = await world.ticket()
    missing = ticket.id[:-1] + ("0" if ticket.id[-1] != "0" else "1")
    for wanted in (ticket.id, missing):
        with pytest.raises(NotFound) as caught:
            await world.helpdesk.tickets.get(world.stranger.actor, wanted)
        assert str(caught.value) == f"there is no ticket {wanted!r}"


async def test_staff_work_on_what_is_assigned_to_them_or_their_groups_or_unowned(world):
    tickets, outsider = world.helpdesk.tickets, world.outsider.actor

    async def can_work(ticket_id: str) -> bool:
        return (await tickets.detail(outsider, ticket_id)).rights.work

    unowned = await world.ticket(category="Software")
    assert await can_work(unowned.id)
    owned = await world.ticket(category="Hardware")
    assert not await can_work(owned.id)
    await tickets.assign_user(SYSTEM, owned.id, world.outsider.id)
    assert await can_work(owned.id)
    await tickets.assign_group(SYSTEM, unowned.id, world.group)
    assert not await can_work(unowned.id)
    await world.helpdesk.groups.update(
        SYSTEM, world.group, member_ids=[world.staff.id, world.outsider.id]
    )
    assert await can_work(unowned.id)


async def test_only_staff_create_tickets_for_others(world):
    draft = TicketDraft("For her", "x", submitter_id=world.stranger.id)
    with pytest.raises(NotAllowed, match="create a ticket for another person"):
        await world.helpdesk.tickets.create(world.user.actor, draft)
    ticket = await world.helpdesk.tickets.create(world.staff.actor, draft)
    assert ticket.submitter.id == world.stranger.id
    assert (await world.last_payload())["actor"]["id"] == world.staff.id
    assert await world.helpdesk.tickets.get(world.stranger.actor, ticket.id) == ticket


@pytest.mark.parametrize("who", ["plugin", "system"])
async def test_who_is_not_a_person_cannot_be_a_submitter(world, who: str):
    with pytest.raises(NotAllowed):
        await world.helpdesk.tickets.create(actors(world)[who], TicketDraft("x", "y"))


async def test_somebody_disabled_meanwhile_can_do_nothing_more(world):
    ticket = await world.ticket()
    stale = world.user.actor
    await world.helpdesk.users.update(SYSTEM, world.user.id, disabled=True)
    for action in ("see", "reply", "close"):
        with pytest.raises(NotAllowed, match="does not exist or is disabled"):
            await ACTIONS[action](world, stale, ticket.id)


async def test_somebody_demoted_meanwhile_acts_with_the_role_they_have_now(world):
    ticket = await world.ticket()
    stale = world.staff.actor
    await world.helpdesk.users.update(SYSTEM, world.staff.id, role="user")
    with pytest.raises(NotFound):
        await world.helpdesk.tickets.note(stale, ticket.id, "x")


async def test_a_closed_ticket_takes_notes_but_no_public_replies(world):
    ticket = await world.ticket()
    await world.helpdesk.tickets.close(SYSTEM, ticket.id)
    for actor in (world.user.actor, world.staff.actor, world.admin.actor, world.plugin):
        with pytest.raises(NotAllowed, match="it is closed; reopen it, or open a new ticket"):
            await world.helpdesk.tickets.reply(actor, ticket.id, "x")
    for actor in (world.staff.actor, world.plugin):
        assert (await world.helpdesk.tickets.note(actor, ticket.id, "x")).is_internal


async def test_a_reply_that_waits_behind_a_close_is_refused(world):
    """The check and the change are one transaction: nothing slips in between."""
    ticket = await world.ticket()
    refused = []

    async def reply() -> None:
        with pytest.raises(NotAllowed):
            await world.helpdesk.tickets.reply(world.user.actor, ticket.id, "x")
        refused.append(True)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(world.helpdesk.tickets.close, SYSTEM, ticket.id)
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(reply)
    assert refused

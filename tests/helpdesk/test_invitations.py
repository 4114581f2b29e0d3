"""Links that set a password: once, in time, for an account in use, and made by admins alone."""

import pytest

from helpdesk.actors import SYSTEM
from helpdesk.errors import Conflict, Invalid, LoginFailed, NotAllowed, NotFound

PASSWORD = "a new password"


async def test_a_link_sets_the_password_once(world):
    desk = world.helpdesk
    made = await desk.invitations.create(world.admin.actor, world.user.id)
    assert (await desk.invitations.holder(made.token)).id == world.user.id
    session = await desk.sessions.start(world.user.id)
    assert (await desk.invitations.redeem(made.token, PASSWORD)).id == world.user.id
    assert (await desk.users.verify("user@example.com", PASSWORD)).id == world.user.id
    assert await desk.sessions.find(session.token) is None
    for act in (
        desk.invitations.holder(made.token),
        desk.invitations.redeem(made.token, "stolen later"),
    ):
        with pytest.raises(NotFound):
            await act
    assert (await desk.users.verify("user@example.com", PASSWORD)).id == world.user.id


async def test_a_newer_link_takes_the_place_of_an_older_one_and_time_ends_both(world):
    desk = world.helpdesk.invitations
    old = await desk.create(world.admin.actor, world.user.id)
    new = await desk.create(world.admin.actor, world.user.id)
    with pytest.raises(NotFound):
        await desk.redeem(old.token, PASSWORD)
    world.clock.turn(days=3, seconds=-1)
    assert (await desk.holder(new.token)).id == world.user.id
    world.clock.turn(seconds=1)
    with pytest.raises(NotFound):
        await desk.redeem(new.token, PASSWORD)


async def test_a_weak_password_is_refused_and_the_link_stays_good(world):
    desk = world.helpdesk.invitations
    made = await desk.create(world.admin.actor, world.user.id)
    with pytest.raises(Invalid):
        await desk.redeem(made.token, "x")
    await desk.redeem(made.token, PASSWORD)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "x" * 10_000])
async def test_a_made_up_link_is_nobody_s(world, token: str):
    await world.helpdesk.invitations.create(world.admin.actor, world.user.id)
    with pytest.raises(NotFound):
        await world.helpdesk.invitations.redeem(token, PASSWORD)


async def test_a_disabled_account_has_no_link(world):
    desk = world.helpdesk
    made = await desk.invitations.create(world.admin.actor, world.user.id)
    await desk.users.update(SYSTEM, world.user.id, disabled=True)
    with pytest.raises(NotFound):
        await desk.invitations.redeem(made.token, PASSWORD)
    with pytest.raises(Conflict):
        await desk.invitations.create(world.admin.actor, world.user.id)
    with pytest.raises(LoginFailed):
        await desk.users.verify("user@example.com", PASSWORD)


async def test_only_admins_make_links_and_the_audit_log_never_has_one(world):
    desk = world.helpdesk
    for person in (world.staff, world.user):
        with pytest.raises(NotAllowed):
            await desk.invitations.create(person.actor, world.user.id)
    made = await desk.invitations.create(world.admin.actor, world.user.id)
    await desk.invitations.redeem(made.token, PASSWORD)
    entries = (await desk.audit.list(SYSTEM)).rows
    assert [entry.action for entry in entries[:2]] == [
        *("user.password_set_by_link", "user.password_link_created")
    ]
    assert made.token not in str(entries)


async def test_a_password_that_is_set_otherwise_ends_a_link(world):
    made = await world.helpdesk.invitations.create(world.admin.actor, world.user.id)
    await world.helpdesk.users.set_password(world.admin.actor, world.user.id, PASSWORD)
    with pytest.raises(NotFound):
        await world.helpdesk.invitations.redeem(made.token, "another password")

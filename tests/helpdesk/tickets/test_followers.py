"""Followers and mentions: who is told, and who can never be told by them."""

import pytest

from helpdesk.actors import SYSTEM, Role
from helpdesk.errors import NotAllowed, NotFound
from helpdesk.tickets import followers
from helpdesk.tickets.model import TicketFilter


async def titles(world, person) -> list[str]:
    found = await world.helpdesk.notifications.list(person.actor)
    return [one.title for one in reversed(found) if "opened a ticket" not in one.title]


async def follow(world) -> list[str]:
    found = await world.helpdesk.followers.all(world.admin.actor, "1")
    return [person.name for person in found]


@pytest.fixture
async def assigned(world):
    await world.ticket(subject="Printer", category="Hardware")
    await world.helpdesk.tickets.assign_user(SYSTEM, "1", world.staff.id)


async def test_a_follower_is_told_of_everything_but_their_own_doing(world, assigned):
    await world.helpdesk.followers.follow(world.outsider.actor, "1")
    tickets = world.helpdesk.tickets
    await tickets.reply(world.user.actor, "1", "hello")
    await tickets.note(world.staff.actor, "1", "hm")
    await tickets.resolve(world.staff.actor, "1", "")
    await tickets.reopen(world.user.actor, "1")
    assert await titles(world, world.outsider) == [
        "User replied: #1 Printer",
        "Staff wrote an internal note: #1 Printer",
        "Staff resolved the ticket: #1 Printer",
        "User reopened the ticket: #1 Printer",
    ]
    await world.helpdesk.followers.unfollow(world.outsider.actor, "1")
    await tickets.reply(world.user.actor, "1", "again")
    assert len(await titles(world, world.outsider)) == 4


async def test_whoever_is_mentioned_is_told_so_once_and_follows(world, assigned):
    tickets = world.helpdesk.tickets
    await tickets.note(world.staff.actor, "1", "Ask @outsider, (@admin@example.com). @staff")
    assert await titles(world, world.outsider) == ["Staff mentioned you: #1 Printer"]
    assert await titles(world, world.admin) == ["Staff mentioned you: #1 Printer"]
    assert await follow(world) == ["Admin", "Outsider"]
    await tickets.note(world.admin.actor, "1", "@Staff look")
    assert (await titles(world, world.staff))[-1] == "Admin mentioned you: #1 Printer"


@pytest.mark.parametrize(
    "body",
    [
        "@user and @user@example.com",
        "@nobody @",
        "mail outsider@example.com to x@outsider",
        "@outsider@elsewhere.org",
        "path/@outsider",
        "@gone",
    ],
)
async def test_who_is_no_colleague_or_not_meant_is_not_told(world, assigned, body: str):
    gone = await world.helpdesk.users.create(
        SYSTEM, email="gone@example.com", name="Gone", role=Role.STAFF
    )
    await world.helpdesk.users.update(SYSTEM, gone.id, disabled=True)
    await world.helpdesk.tickets.note(world.staff.actor, "1", body)
    assert await follow(world) == []
    for person in (world.user, world.outsider):
        assert await titles(world, person) == []


async def test_two_colleagues_of_one_name_are_told_by_their_whole_address(world, assigned):
    await world.helpdesk.users.create(
        SYSTEM, email="outsider@example.org", name="Other", role=Role.STAFF
    )
    await world.helpdesk.tickets.note(world.staff.actor, "1", "@outsider")
    assert await follow(world) == []
    await world.helpdesk.tickets.note(world.staff.actor, "1", "@outsider@example.org")
    assert await follow(world) == ["Other"]


async def test_submitters_and_plugins_mention_nobody(world, assigned):
    await world.helpdesk.tickets.reply(world.user.actor, "1", "@outsider help!")
    await world.helpdesk.tickets.note(world.plugin, "1", "@outsider help!")
    assert await titles(world, world.outsider) == []


async def test_mentions_of_one_message_are_bounded(world, assigned, monkeypatch):
    monkeypatch.setattr(followers, "MOST_MENTIONED", 1)
    await world.helpdesk.tickets.note(world.staff.actor, "1", "@nobody @outsider")
    assert await follow(world) == []


async def test_who_was_made_a_user_is_told_nothing_more(world, assigned):
    await world.helpdesk.followers.follow(world.outsider.actor, "1")
    await world.helpdesk.users.update(SYSTEM, world.outsider.id, role=Role.USER)
    await world.helpdesk.tickets.note(world.staff.actor, "1", "secret")
    assert await titles(world, world.outsider) == []


async def test_submitters_neither_follow_nor_see_who_does(world, assigned):
    desk = world.helpdesk.followers
    await desk.follow(world.outsider.actor, "1")
    assert await desk.all(world.user.actor, "1") == ()
    with pytest.raises(NotAllowed):
        await desk.follow(world.user.actor, "1")
    for act in (desk.follow, desk.unfollow, desk.all):
        with pytest.raises(NotFound):
            await act(world.stranger.actor, "1")


async def test_what_one_follows_is_a_list_and_goes_on_behind_a_merge(world, assigned):
    await world.ticket(category="Hardware")
    await world.helpdesk.followers.follow(world.outsider.actor, "1")
    await world.helpdesk.followers.follow(world.outsider.actor, "1")
    wanted = TicketFilter(followed=True)
    found = await world.helpdesk.tickets.list(world.outsider.actor, wanted)
    assert [row.number for row in found.rows] == [1]
    assert (await world.helpdesk.tickets.list(world.staff.actor, wanted)).total == 0
    await world.helpdesk.merges.merge(world.staff.actor, "1", "2")
    found = await world.helpdesk.tickets.list(world.outsider.actor, wanted)
    assert sorted(row.number for row in found.rows) == [1, 2]

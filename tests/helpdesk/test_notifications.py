import pytest

from helpdesk import notifications
from helpdesk.actors import SYSTEM
from helpdesk.errors import Invalid, NotFound


async def test_admins_are_notified_and_nobody_else(world):
    notices = world.helpdesk.notifications
    count = await notices.notify_admins(
        title="Slack was disabled", body="6 of 10 failed", link="/admin/plugins"
    )
    assert count == 1
    (notice,) = await notices.list(world.admin.actor)
    assert (notice.title, notice.body, notice.link, notice.read_at) == (
        "Slack was disabled",
        "6 of 10 failed",
        "/admin/plugins",
        None,
    )
    assert await notices.list(world.staff.actor) == ()


async def test_a_disabled_admin_is_not_notified(world):
    await world.helpdesk.users.update(SYSTEM, world.staff.id, role="admin")
    await world.helpdesk.users.update(SYSTEM, world.admin.id, disabled=True)
    assert await world.helpdesk.notifications.notify_admins(title="x") == 1
    assert len(await world.helpdesk.notifications.list(world.staff.actor)) == 1


async def test_reading_is_one_s_own_and_keeps_its_first_time(world):
    notices = world.helpdesk.notifications
    for title in ("first", "second", "third"):
        await notices.notify(world.user.id, title=title)
    third, second, first = await notices.list(world.user.actor)
    assert [third.title, second.title, first.title] == ["third", "second", "first"]
    with pytest.raises(NotFound):
        await notices.mark_read(world.admin.actor, first.id)
    await notices.mark_read(world.user.actor, first.id)
    read_at = world.clock.now()
    world.clock.turn(hours=1)
    await notices.mark_read(world.user.actor, first.id)
    assert (await notices.list(world.user.actor))[2].read_at == read_at
    assert await notices.unread_count(world.user.actor) == 2
    unread = await notices.list(world.user.actor, unread_only=True, limit=1)
    assert [notice.title for notice in unread] == ["third"]
    assert await notices.mark_all_read(world.user.actor) == 2
    assert await notices.unread_count(world.user.actor) == 0


async def test_old_notices_give_way_to_new_ones(world, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(notifications, "KEPT_PER_PERSON", 3)
    for number in range(5):
        await world.helpdesk.notifications.notify(world.user.id, title=f"{number}")
    await world.helpdesk.notifications.notify(world.staff.id, title="other")
    kept = await world.helpdesk.notifications.list(world.user.actor)
    assert [notice.title for notice in kept] == ["4", "3", "2"]
    assert len(await world.helpdesk.notifications.list(world.staff.actor)) == 1


async def test_long_and_dirty_text_is_cut_and_cleaned_not_refused(world):
    await world.helpdesk.notifications.notify(
        world.user.id, title="a\x1b[31m\n" + "x" * 500, body="y\r\n" * 10_000
    )
    (notice,) = await world.helpdesk.notifications.list(world.user.actor)
    assert len(notice.title) == 200
    assert "\x1b" not in notice.title
    assert "\n" not in notice.title
    assert len(notice.body) == 4_000


@pytest.mark.parametrize("link", ["https://evil.example", "//evil.example", "/\\evil", "x"])
async def test_a_link_stays_on_this_site(world, link: str):
    with pytest.raises(Invalid, match="link: expected a path on this site"):
        await world.helpdesk.notifications.notify(world.user.id, title="x", link=link)


async def test_telling_nobody_is_an_error(world):
    with pytest.raises(NotFound):
        await world.helpdesk.notifications.notify("nobody", title="x")

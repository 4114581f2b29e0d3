"""One's own account and notifications, by the forms."""

import re
from typing import Any

import pytest


async def test_a_person_renames_themself(site: Any) -> None:
    browser, user = await site.as_("user"), site.people.user
    page = await browser.submit("/profile", "/profile", name="  Sam   Ortiz ")
    assert "Name changed." in page.words()
    assert (await site.desk.users.get(user.actor, user.id)).name == "Sam Ortiz"
    page = await browser.submit("/profile", "/profile", name=" ")
    assert page.status == 422
    assert 'id="name-problem"' in page.text


async def test_a_form_cannot_carry_more_than_it_shows(site: Any) -> None:
    browser, user = await site.as_("user"), site.people.user
    await browser.submit("/profile", "/profile", name="Sam", role="admin", email="x@example.com")
    after = await site.desk.users.get(user.actor, user.id)
    assert (after.role, after.email) == (user.role, user.email)


async def test_changing_the_password_keeps_this_session_and_ends_the_others(
    site: Any, password: str
) -> None:
    browser, other, user = await site.stranger(), await site.as_("user"), site.people.user
    await browser.log_in(user.email, password)
    before = browser.client.cookies[site.config.session_cookie]
    page = await browser.submit(
        "/profile",
        "/profile/password",
        current_password=password,
        password="the second password",
        password_again="the second password",
    )
    assert "Password changed." in page.words()
    assert browser.client.cookies[site.config.session_cookie] != before
    assert (await browser.get("/api/me")).status == 200
    assert (await other.get("/api/me")).status == 401
    stranger = await site.stranger()
    assert (await stranger.log_in(user.email, password)).status == 401
    assert (await stranger.log_in(user.email, "the second password")).status == 200


@pytest.mark.parametrize(
    ("current", "new", "again", "field"),
    [
        ("wrong", "a new password", "a new password", "current_password"),
        ("right", "a new password", "another one", "password_again"),
        ("right", "short", "short", "password"),
    ],
)
async def test_a_password_is_not_changed_by_mistake(
    site: Any, password: str, current: str, new: str, again: str, field: str
) -> None:
    browser, user = await site.as_("user"), site.people.user
    page = await browser.submit(
        "/profile",
        "/profile/password",
        current_password=password if current == "right" else "not my password",
        password=new,
        password_again=again,
    )
    assert page.status in {401, 422}
    assert f'id="{field}-problem"' in page.text
    for secret in (new, again, "not my password", password):
        assert f'"{secret}"' not in page.text
    assert (await (await site.stranger()).log_in(user.email, password)).status == 200


async def test_guessing_the_current_password_is_slowed(build_site: Any, password: str) -> None:
    site = await build_site(login_failures_per_account=3)
    browser = await site.as_("user")
    wrong = {
        "current_password": "wrong",
        "password": "a new password",
        "password_again": "a new password",
    }
    found = [
        (await browser.submit("/profile", "/profile/password", **wrong)).status for _ in range(4)
    ]
    assert found == [422, 422, 422, 429]
    page = await browser.submit(
        "/profile", "/profile/password", **wrong | {"current_password": password}
    )
    assert page.status == 429


async def test_an_api_key_is_shown_once_and_works_until_it_is_revoked(site: Any) -> None:
    browser = await site.as_("user")
    page = await browser.submit("/profile", "/profile/keys", key_name="My script")
    secret = re.search(r"ohd_sk_[\w-]{43}", page.text)[0]
    assert page.response.headers["Cache-Control"] == "no-store"
    again = await browser.get("/profile")
    assert secret not in again.text
    assert "My script" in again.words()
    client = await site.stranger()
    client.client.headers["Authorization"] = f"Bearer {secret}"
    assert (await client.get("/api/me")).status == 200
    action = re.search(r'action="(/profile/keys/[^"]+/revoke)"', again.text)[1]
    page = await browser.submit("/profile", action)
    assert "API key revoked." in page.words()
    assert (await client.get("/api/me")).status == 401
    page = await browser.submit("/profile", "/profile/keys", key_name=" ")
    assert page.status == 422
    assert 'id="key_name-problem"' in page.text


async def test_nobody_revokes_another_s_key(site: Any) -> None:
    browser, theirs = await site.as_("user"), await site.with_key("other")
    other = site.people.other
    (key,) = await site.desk.api_keys.list(other.actor, other.id)
    assert (await browser.submit("/profile", f"/profile/keys/{key.id}/revoke")).status == 404
    assert (await theirs.get("/api/me")).status == 200


async def test_logging_out_everywhere_ends_every_session(site: Any) -> None:
    one, two, other = await site.as_("user"), await site.as_("user"), await site.as_("other")
    page = await one.submit("/profile", "/profile/sessions/end")
    assert page.response.url.path == "/login"
    assert (await two.get("/api/me")).status == 401
    assert (await other.get("/api/me")).status == 200


async def test_notifications_are_listed_opened_and_read(site: Any) -> None:
    browser, user, notices = await site.as_("user"), site.people.user, site.desk.notifications
    assert "No notifications." in (await browser.get("/notifications")).words()
    ticket = await site.ticket()
    await notices.notify(user.id, title="First <b>", body="More", link=f"/tickets/{ticket.id}")
    await notices.notify(user.id, title="Second")
    page = await browser.get("/notifications")
    assert "First &lt;b&gt;" in page.text
    second, first = await notices.list(user.actor)
    page = await browser.submit("/notifications", f"/notifications/{first.id}/open")
    assert page.response.url.path == f"/tickets/{ticket.id}"
    assert await notices.unread_count(user.actor) == 1
    page = await browser.submit("/notifications", f"/notifications/{second.id}/open")
    assert page.response.url.path == "/notifications"
    await notices.notify(user.id, title="Third")
    await browser.submit("/notifications", "/notifications/read")
    assert await notices.unread_count(user.actor) == 0


async def test_another_s_notification_is_not_there(site: Any) -> None:
    browser, other = await site.as_("user"), site.people.other
    await site.desk.notifications.notify(site.people.user.id, title="Mine")
    await site.desk.notifications.notify(other.id, title="Secret matter")
    (notice,) = await site.desk.notifications.list(other.actor)
    assert "Secret matter" not in (await browser.get("/notifications")).text
    page = await browser.submit("/notifications", f"/notifications/{notice.id}/open")
    assert page.status == 404
    assert await site.desk.notifications.unread_count(other.actor) == 1

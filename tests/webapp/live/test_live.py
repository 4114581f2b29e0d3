"""``GET /events`` over real HTTP: who is told what, and when a stream ends."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import pytest
import trio
import trio.testing

from helpdesk.actors import Actor, Role
from helpdesk.tickets.edits import TicketChanges
from tests.webapp.ears import Ear, open_ear
from webapp.context import context_of
from webapp.live import hub
from webapp.pages import events


@asynccontextmanager
async def listening(browser: Any, path: str = "/events") -> AsyncIterator[Ear]:
    async with open_ear(browser, path) as ear:
        assert (await ear.next())[0] == "notifications"
        yield ear


async def test_staff_are_told_of_every_ticket_and_a_user_of_their_own(site: Any) -> None:
    async with (
        listening(await site.as_("staff")) as staff,
        listening(await site.as_("user")) as user,
    ):
        foreign = await site.ticket(by="other")
        own = await site.ticket(by="user")
        assert await user.told() == ("ticket", {"id": own.id})
        heard = {(await staff.told())[1]["id"], (await staff.told())[1]["id"]}
        assert heard == {foreign.id, own.id}


async def test_a_page_is_told_what_changed_before_it_opened_its_stream(site: Any) -> None:
    foreign, own = await site.ticket(by="other"), await site.ticket(by="user")
    async with (
        listening(await site.as_("staff"), "/events?age=60000") as staff,
        listening(await site.as_("user"), "/events?age=60000") as user,
        listening(await site.as_("staff")) as fresh,
    ):
        assert await staff.told() == ("ticket", {"id": foreign.id})
        assert await staff.told() == ("ticket", {"id": own.id})
        assert await user.told() == ("ticket", {"id": own.id})
        later = await site.ticket(by="user")
        assert await fresh.told() == ("ticket", {"id": later.id})


async def test_a_page_that_comes_very_late_is_told_to_look_at_everything(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        await site.ticket()
    # As if no more than these were kept.
    monkeypatch.setattr(hub, "NEWS_KEPT", 3)
    async with listening(await site.as_("user"), "/events?age=600000") as user:
        assert await user.told() == ("refresh", {})


@pytest.mark.parametrize("age", ["", "-1", "x", "1e9", "9" * 40, "\N{SUPERSCRIPT TWO}"])
async def test_an_age_that_is_none_is_as_good_as_none(site: Any, age: str) -> None:
    await site.ticket()
    path = f"/events?age={quote(age)}"
    async with listening(await site.as_("user"), path) as user:
        later = await site.ticket(by="user")
        assert await user.told() == ("ticket", {"id": later.id})


async def test_a_note_is_never_told_to_the_submitter(site: Any) -> None:
    ticket = await site.ticket(by="user")
    async with (
        listening(await site.as_("staff")) as staff,
        listening(await site.as_("user")) as user,
    ):
        await site.desk.tickets.note(site.people.admin.actor, ticket.id, "a secret")
        assert await staff.told() == ("ticket", {"id": ticket.id})
        other = await site.ticket(by="user")
        assert await user.told() == ("ticket", {"id": other.id})


async def test_every_kind_of_change_is_told(site: Any) -> None:
    ticket, tickets = await site.ticket(by="user"), site.desk.tickets
    admin, robot = (
        site.people.admin.actor,
        Actor.plugin("org.example.probe", "Probe", cause_depth=0),
    )
    async with listening(await site.as_("user")) as user:
        for change in (
            lambda: tickets.update(admin, ticket.id, TicketChanges(priority="High")),
            lambda: tickets.update(admin, ticket.id, TicketChanges(subject="Another")),
            lambda: tickets.assign_user(admin, ticket.id, admin.id),
            lambda: tickets.unassign(admin, ticket.id),
            lambda: tickets.reply(admin, ticket.id, "Hello"),
            lambda: tickets.set_custom_field(robot, ticket.id, "key", "value"),
            lambda: tickets.resolve(admin, ticket.id, "Done"),
            lambda: tickets.reopen(admin, ticket.id, "Not done"),
            lambda: tickets.close(admin, ticket.id),
        ):
            await change()
            assert await user.told() == ("ticket", {"id": ticket.id})


async def test_the_unread_count_follows_the_notifications(site: Any) -> None:
    person, notices = site.people.user, site.desk.notifications
    async with listening(await site.as_("user")) as user:
        await notices.notify(person.id, title="One")
        assert await user.next() == ("notifications", {"unread": 1})
        await notices.mark_all_read(person.actor)
        assert await user.next() == ("notifications", {"unread": 0})
        await notices.notify(site.people.staff.id, title="Not for the user")
        await notices.notify(person.id, title="Two")
        assert await user.next() == ("notifications", {"unread": 1})


@pytest.mark.parametrize("how", ["log out", "everywhere", "disable", "role", "password"])
async def test_a_stream_ends_with_its_session(site: Any, how: str) -> None:
    browser, person, admin = await site.as_("user"), site.people.user, site.people.admin.actor
    token = browser.client.cookies[site.config.session_cookie]
    async with listening(browser) as user:
        if how == "log out":
            await site.desk.sessions.log_out(token)
        elif how == "everywhere":
            await site.desk.sessions.revoke_all(person.actor, person.id)
        elif how == "disable":
            await site.desk.users.update(admin, person.id, disabled=True)
        elif how == "role":
            await site.desk.users.update(admin, person.id, role=Role.STAFF)
        else:
            await site.desk.users.set_password(admin, person.id, "a new long password")
        assert (await user.next())[0] == "end"


async def test_a_stream_by_api_key_ends_when_the_key_is_revoked(site: Any) -> None:
    browser, person = await site.with_key("user"), site.people.user
    async with listening(browser) as user:
        (key,) = await site.desk.api_keys.list(person.actor, person.id)
        await site.desk.api_keys.revoke(person.actor, key.id)
        assert (await user.next())[0] == "end"


async def test_another_session_s_end_does_not_end_this_one(site: Any) -> None:
    other = await site.desk.sessions.start(site.people.user.id)
    async with listening(await site.as_("user")) as user:
        await site.desk.sessions.log_out(other.token)
        ticket = await site.ticket(by="user")
        assert await user.told() == ("ticket", {"id": ticket.id})


async def test_nobody_gets_no_stream(site: Any) -> None:
    response = await (await site.stranger()).client.get("/events")
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/json"


async def test_one_person_has_so_many_streams_and_no_more(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "STREAMS_PER_PERSON", 2)
    browser, other = await site.as_("user"), await site.as_("staff")
    async with listening(browser), listening(browser):
        assert (await browser.client.get("/events")).status_code == 429
        async with listening(other):
            pass
    pages = context_of(site.app.extensions).live
    with trio.fail_after(60):
        while len(pages):
            await trio.testing.wait_all_tasks_blocked(0.01)
    async with listening(browser):
        assert len(pages) == 1


async def test_a_page_that_does_not_keep_up_is_told_to_look_at_everything(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "MOST_WAITING", 3)
    ids = [(await site.ticket()).id for _ in range(8)]
    async with listening(await site.as_("staff")) as staff:
        # In one transaction, so that they are all there before any is told.
        changes = TicketChanges(priority="High")
        await site.desk.tickets.update_many(site.people.admin.actor, ids, changes)
        assert await staff.told() == ("refresh", {})
        late = await site.ticket()
        assert await staff.told() == ("ticket", {"id": late.id})


async def test_a_quiet_stream_shows_that_it_lives(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    async with listening(await site.as_("user")) as user:
        while (line := await user.line()) != ":":
            assert line is not None


async def test_a_head_request_is_answered_at_once(site: Any) -> None:
    response = await (await site.as_("user")).client.head("/events")
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/event-stream")


async def test_a_stopping_server_does_not_wait_for_open_streams(
    build_site: Callable[..., Awaitable[Any]],
) -> None:
    site = await build_site()
    async with listening(await site.as_("user")) as user:
        context_of(site.app.extensions).live.close()
        assert (await user.next())[0] == "end"

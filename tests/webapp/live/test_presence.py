"""Who is at a ticket: what is kept, for how long, and who is told."""

from types import SimpleNamespace
from typing import Any

import trio

from helpdesk.actors import SYSTEM
from tests.webapp.ears import open_ear
from webapp.live.presence import EXPIRES_S, MOST_PEOPLE, MOST_TICKETS, Doing, Presence


def person(number: int) -> Any:
    return SimpleNamespace(id=str(number), name=f"Person {number}")


def doing(presence: Presence, ticket: str) -> list[tuple[str, str]]:
    return [(one.name, one.doing) for one in presence.at(ticket)]


async def test_somebody_is_there_until_they_leave_or_are_not_heard_of(autojump_clock: Any) -> None:
    told: list[str] = []
    presence = Presence(told.append)
    presence.note("a", person(1), Doing.VIEWING)
    presence.note("a", person(2), Doing.REPLYING)
    presence.note("a", person(1), Doing.REPLYING)
    assert doing(presence, "a") == [("Person 2", "replying"), ("Person 1", "replying")]
    presence.note("a", person(2), Doing.LEFT)
    assert doing(presence, "a") == [("Person 1", "replying")]
    await trio.sleep(EXPIRES_S + 1)
    assert doing(presence, "a") == []
    assert told == ["a"] * 4


async def test_what_is_kept_is_bounded(autojump_clock: Any) -> None:
    presence = Presence(lambda _ticket: None)
    for number in range(3 * MOST_PEOPLE):
        presence.note("a", person(number), Doing.VIEWING)
    assert len(presence.at("a")) == MOST_PEOPLE
    for number in range(MOST_TICKETS + 10):
        presence.note(str(number), person(1), Doing.VIEWING)
    assert len(presence) == MOST_TICKETS
    presence.note("5000", person(2), Doing.LEFT)
    assert len(presence) == MOST_TICKETS


PEOPLE = {"people": [{"name": "Staff", "doing": "replying"}]}
NOBODY: dict[str, Any] = {"people": []}


async def say(browser: Any, doing: str) -> int:
    answer = await browser.call("POST", "/tickets/1/presence", {"doing": doing})
    return int(answer.status_code)


async def test_colleagues_are_told_at_once_and_not_of_themselves(site: Any) -> None:
    ticket = await site.ticket()
    staff, admin = await site.as_("staff"), await site.as_("admin")
    assert await say(staff, "replying") == 200
    path = f"/events?ticket={ticket.id}"
    async with open_ear(admin, path) as ear, open_ear(staff, path) as own:
        assert (await ear.next())[0] == "notifications"
        assert await ear.next() == ("presence", PEOPLE)
        assert (await own.next())[0] == "notifications"
        assert await own.next() == ("presence", NOBODY)
        await say(staff, "left")
        while (event := await ear.next()) == ("presence", PEOPLE):
            pass
        assert event == ("presence", NOBODY)


async def test_submitters_are_never_told_nor_told_of(site: Any) -> None:
    """Neither users nor staff who asked for help themselves, nor pages of another ticket."""
    ticket = await site.ticket()
    own = await site.ticket(by="staff")
    staff, admin, user = [await site.as_(role) for role in ("staff", "admin", "user")]
    desk = site.desk.tickets
    for browser, path in (
        (user, f"/events?ticket={ticket.id}"),
        (staff, f"/events?ticket={own.id}"),
        (admin, "/events"),
        (admin, "/events?ticket=01JZZZZZZZZZZZZZZZZZZZZZZZ"),
    ):
        async with open_ear(browser, path) as ear:
            assert (await ear.next())[0] == "notifications"
            for number in (1, 2):
                await admin.call("POST", f"/tickets/{number}/presence", {"doing": "viewing"})
                await staff.call("POST", f"/tickets/{number}/presence", {"doing": "replying"})
            await desk.edit(SYSTEM, ticket.id, subject=f"For {path}"[:100])
            kind, _ = await ear.next()
            while kind == "notifications":
                kind, _ = await ear.next()
            assert kind == "ticket"
    assert await say(user, "replying") == 200
    async with open_ear(admin, f"/events?ticket={ticket.id}") as ear:
        assert (await ear.next())[0] == "notifications"
        assert await ear.next() == ("presence", PEOPLE)


async def test_what_is_no_ticket_of_ones_own_or_no_doing_is_refused(site: Any) -> None:
    await site.ticket()
    assert await say(await site.as_("other"), "viewing") == 404
    assert await say(await site.as_("staff"), "<b>") == 422

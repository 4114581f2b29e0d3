"""Calendar in a real help desk: reminders, series that change, rights, rooms, feeds, hours."""

import base64
import json
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trio

from helpdesk.actors import SYSTEM
from helpdesk.tickets.model import TicketDraft
from tests.guests.toolchains import ROOT
from tests.plugins.calendar_desk import ID, CalendarDesk, calendar_desk

pytestmark = pytest.mark.slow
JUNE = datetime.fromisoformat("2027-06-01T00:00")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[CalendarDesk]:
    async with calendar_desk(tmp_path) as opened:
        yield opened


def at(one: dict[str, Any]) -> str:
    return f"{one['start'][5:16]}"


async def job_at_its_time(desk: CalendarDesk, later: timedelta) -> None:
    """Let the server's scheduler think that so much time has passed; return once its job ended."""
    jobs, now = desk.opened.supervisor.jobs, datetime.now(UTC)
    await jobs.start_due(now)
    await jobs.start_due(now + later)
    with trio.fail_after(120):
        while True:
            (view,) = await jobs.all(ID)
            if view.outcome is not None and not view.running:
                break
            await trio.sleep(0.05)
    assert view.outcome == "ok", view.error


def forget_how_far_it_came(folder: Path) -> None:
    """Leave the plugin's tables as a run does that was cut off before it noted how far it came."""
    (path,) = folder.rglob("own.sqlite3")
    with closing(sqlite3.connect(path)) as own, own:
        own.execute("UPDATE cal_state SET value = value - 600 WHERE name = 'reminded'")


async def due_ticket(desk: CalendarDesk, when: datetime) -> int:
    """Write a ticket of Bo's that is due by an appointment of Ana's; return its number."""
    tickets = desk.opened.helpdesk.tickets
    ticket = await tickets.create(desk.people["Sam"].actor, TicketDraft("Printer", "x"))
    await tickets.assign_user(SYSTEM, ticket.id, desk.people["Bo"].id)
    number = ticket.number
    await desk.save("Ana", "Secret name", when, remind="0", ticket=str(number), is_due="1")
    return number


async def test_a_reminder_arrives_once_as_a_notice_also_after_a_restart(tmp_path: Path) -> None:
    # The plugin's clock is the real one: these come due now, give or take a minute.
    async with calendar_desk(tmp_path) as desk:
        now = datetime.now(UTC).replace(tzinfo=None, second=0, microsecond=0)
        soon, ago, first = now + timedelta(hours=3), now - timedelta(minutes=1), timedelta(days=3)
        await desk.save("Ana", "Single", now + timedelta(minutes=14), remind="15", place="Room 1")
        await desk.save("Ana", "Daily", ago - first, remind="0", repeat="daily")
        await desk.save("Ana", "Without", ago)
        await desk.save("Ana", "Later", soon, remind="15")
        number = await due_ticket(desk, ago)
        # One occurrence of each is moved: here to now, away from now there.
        await desk.save("Ana", "Moved", soon - first, remind="0", repeat="daily")
        await desk.save("Ana", "Away", ago - first, repeat="daily")
        for title, was, then in (("Moved", soon, ago), ("Away", ago, soon)):
            (one,) = await desk.found("Ana", was, was + timedelta(minutes=1), title)
            change = {"id": one["id"], "at": f"{was:%Y-%m-%dT%H:%M:%S}", "scope": "one"}
            answer = await desk.save("Ana", title, then, remind="0", **change)
            assert "redirect" in answer, answer
        # All others of the series get a reminder; the one that was moved stays where it is.
        await desk.save("Ana", "Away", ago - first, remind="0", repeat="daily", id=one["id"])
    forget_how_far_it_came(tmp_path)  # for the job may have run meanwhile
    async with calendar_desk(tmp_path) as desk:
        await job_at_its_time(desk, timedelta(minutes=1))
        told, to_bo = await desk.notices("Ana"), await desk.notices("Bo")
        titles = sorted(one.title.partition(": ")[2] for one in told)
        assert titles == ["Daily", "Moved", "Secret name", "Single"]
        (single,) = [one for one in told if one.title.endswith("Single")]
        assert single.title.startswith(f"{now + timedelta(minutes=14):%Y-%m-%d %H:%M}")
        assert str(single.body).startswith("Room 1")
        event = str(single.link).split("/")[3].partition("?")[0]
        assert 'value="Single"' in (await desk.ask("Ana", "show_event", id=event))["html"]
        # The assignee learns when the ticket is due, and nothing else of another's calendar.
        (due,) = [one for one in to_bo if one.link == f"/tickets/{number}"]
        assert due.title.endswith(f": #{number} Printer")
        await job_at_its_time(desk, timedelta(minutes=2))
        assert await desk.notices("Ana") == told
        assert await desk.notices("Bo") == to_bo
    forget_how_far_it_came(tmp_path)
    async with calendar_desk(tmp_path) as desk:
        await job_at_its_time(desk, timedelta(minutes=3))
        assert await desk.notices("Ana") == told
        assert await desk.notices("Bo") == to_bo


async def test_a_due_time_is_on_the_ticket_and_in_the_calendar(desk: CalendarDesk) -> None:
    now = datetime.now(UTC).replace(tzinfo=None, second=0, microsecond=0)
    number = await due_ticket(desk, now)
    await desk.save("Ana", "With it", now + timedelta(days=2), ticket=f"#{number}")
    mine = (await desk.ask("Ana", "on_ticket", ticket_id=number))["html"]
    assert "Secret name" in mine
    assert "With it" in mine
    # Others learn when the ticket is due, and nothing else of a calendar that is not theirs.
    shown = [
        (await desk.ask("Bo", "on_ticket", ticket_id=number))["html"],
        (await desk.ask("Bo", "page", view="day"))["html"],
        (await desk.ask("Bo", "page", view="agenda"))["html"],
        json.dumps(await desk.found("Bo", now, now + timedelta(days=3))),
    ]
    for each in shown:
        assert "Secret name" not in each
        assert "With it" not in each
    assert "Due" in shown[0]
    assert f'href="/tickets/{number}"' in shown[1]
    assert f"#{number} Printer" in shown[2]
    assert '"due": true' in shown[3]
    new = (await desk.ask("Ana", "new_event", ticket=str(number), due="1"))["html"]
    assert 'value="Printer"' in new
    assert 'name="is_due" value="1" checked' in new


async def test_one_those_that_follow_or_all_of_a_series_change(desk: CalendarDesk) -> None:
    monday = datetime.fromisoformat("2027-06-07T09:00")
    weekly = {"repeat": "weekly", "days": "MO", "ends": "count", "count": "8"}
    await desk.save("Ana", "S", monday, **weekly)
    last = JUNE + timedelta(days=200)

    async def series() -> list[str]:
        return [at(one) for one in await desk.found("Ana", JUNE, last) if one.get("title")]

    async def change(n: int, scope: str, title: str, by: timedelta, **fields: Any) -> None:
        found = await desk.found("Ana", JUNE, last)
        one = found[n]
        start = datetime.fromisoformat(one["start"].removesuffix("Z"))
        which = {"id": one["id"], "at": f"{start:%Y-%m-%dT%H:%M:%S}", "scope": scope}
        if "save" in fields:
            assert "redirect" in await desk.ask("Ana", fields["save"], **which)
            return
        answer = await desk.save("Ana", title, start + by, **{**which, **weekly, **fields})
        assert "redirect" in answer, answer

    days = ["06-07", "06-14", "06-21", "06-28", "07-05", "07-12", "07-19", "07-26"]
    expected = [f"{day}T09:00" for day in days]
    assert await series() == expected
    await change(1, "one", "S", timedelta(hours=2))
    expected[1] = "06-14T11:00"
    assert await series() == expected
    await change(6, "one", "S", timedelta(hours=1))
    expected[6] = "07-19T10:00"
    assert await series() == expected
    # A new title alone keeps what was changed by itself, on both sides, and the count of the whole.
    await change(3, "following", "T", timedelta())
    assert await series() == expected
    titles = [one["title"] for one in await desk.found("Ana", JUNE, last)]
    assert titles == ["S", "S", "S", "T", "T", "T", "S", "T"]
    # Another day and time: the rest is on Tuesdays, and the change is gone with its place.
    await change(4, "following", "U", timedelta(days=1, hours=1), count="5")
    expected[4:] = [f"{day}T10:00" for day in ("07-06", "07-13", "07-20", "07-27")]
    assert await series() == expected
    # All of the last part.
    await change(5, "all", "V", timedelta(hours=-2), count="4", days="TU")
    expected[4:] = [f"{day}T08:00" for day in ("07-06", "07-13", "07-20", "07-27")]
    assert await series() == expected
    await change(6, "following", "", timedelta(), save="delete_event")
    assert await series() == expected[:6]
    await change(5, "one", "", timedelta(), save="delete_event")
    assert await series() == expected[:5]
    await change(0, "all", "", timedelta(), save="delete_event")
    assert await series() == expected[3:5]


async def test_without_a_right_nothing_is_seen_by_id_or_by_feed(desk: CalendarDesk) -> None:
    when, last = JUNE + timedelta(hours=9), JUNE + timedelta(days=1)
    await desk.save("Ana", "Private", when)
    (one,) = await desk.found("Ana", JUNE, last)
    mine = one["calendar"]

    async def sees(name: str) -> tuple[bool, bool, bool, bool]:
        page = (await desk.ask(name, "page", date="2027-06-01"))["html"]
        by_id = json.dumps(await desk.ask(name, "show_event", id=one["id"]))
        exported = await desk.ask(name, "export", calendar=mine)
        made = (await desk.ask(name, "make_feed", do="make"))["html"]
        (token,) = re.findall(r"/calendar/feed/([a-z2-7]+\.ics)", made)
        fed = base64.b64decode((await desk.ask("", "feed", token=token))["data"]).decode()
        in_export = "_binary" in exported and b"Private" in base64.b64decode(exported["data"])
        return "Private" in page, "Private" in by_id, in_export, "SUMMARY:Private" in fed

    async def writes(name: str) -> bool:
        answer = await desk.save(name, "Private", when, id=one["id"], calendar=mine)
        return "redirect" in answer

    nothing, everything = (False,) * 4, (True,) * 4
    assert await sees("Ana") == everything
    for name in ("Bo", "Cy"):  # admins neither: it is somebody's own
        assert await sees(name) == nothing
        assert not await writes(name)
        await desk.ask(name, "delete_event", id=one["id"])
        await desk.ask(name, "share", calendar=mine, who="*", level="write")
    assert len(await desk.found("Ana", JUNE, last)) == 1
    assert (await desk.ask("Sam", "page"))["status"] == 403
    assert (await desk.ask("Sam", "show_event", id=one["id"]))["status"] == 403
    assert (await desk.ask("", "occurrences"))["status"] == 403

    members = [desk.people["Bo"].id]
    await desk.opened.helpdesk.groups.create(SYSTEM, name="Desk", member_ids=members)
    for who in ("u:bo@example.com", "g:Desk", "*"):
        for level in ("read", "write", "none"):
            await desk.ask("Ana", "share", calendar=mine, who=who, level=level)
            assert await sees("Bo") == (nothing if level == "none" else everything), (who, level)
            assert await writes("Bo") == (level == "write"), (who, level)
    wrong = await desk.ask("Ana", "share", calendar=mine, who="u:nobody@example.com", level="read")
    assert "Choose a person or a group" in wrong["html"]


async def test_a_room_shows_conflicts_and_no_more_than_their_time(desk: CalendarDesk) -> None:
    refused = await desk.ask("Ana", "save_calendar", name="Room 1", kind="resource", colour="4")
    assert "Only admins" in refused["html"]
    await desk.ask("Cy", "save_calendar", name="Room 1", kind="resource", colour="4")
    room = await desk.calendar("Ana", "Room 1")
    when = JUNE + timedelta(hours=9)
    weekly = {"repeat": "weekly", "days": "TU", "resources": room}
    assert "redirect" in await desk.save("Bo", "Interview", when, **weekly)
    later = when + timedelta(days=14, minutes=15)
    warned = (await desk.save("Ana", "Talk", later, resources=room))["html"]
    assert "Already booked at that time" in warned
    assert "Room 1: Tuesday, 15 June 2027 09:15, Busy" in warned
    assert "Interview" not in warned
    beside = await desk.save("Ana", "Beside", when + timedelta(days=14, minutes=30), resources=room)
    assert "redirect" in beside
    assert "redirect" in await desk.save("Ana", "Talk", later, resources=room, anyway="1")
    page = (await desk.ask("Ana", "page", view="day", date="2027-06-15", only=room))["html"]
    assert re.search(r"Talk</span>.{0,90}Conflict", page)
    assert "Busy" in page
    assert "Interview" not in page
    found = await desk.found("Bo", later, later + timedelta(minutes=1), "Interview")
    assert [one["conflict"] for one in found] == [True]
    # A series does not stand in its own way.
    (one, *_) = await desk.found("Bo", JUNE, JUNE + timedelta(days=5), "Interview")
    which = {"id": one["id"], "at": "2027-06-08T09:00:00", "scope": "following"}
    moved = await desk.save(
        "Bo", "Interview", when + timedelta(days=7, minutes=5), **which, **weekly
    )
    assert "Talk" not in moved.get("html", "")


async def test_a_feed_works_until_it_is_revoked(desk: CalendarDesk) -> None:
    icalendar = pytest.importorskip("icalendar")
    await desk.save(
        "Ana", "Fed", JUNE + timedelta(hours=9), repeat="daily", ends="until", until="2027-06-05"
    )

    async def make() -> str:
        made = (await desk.ask("Ana", "make_feed", do="make"))["html"]
        return re.findall(r"/calendar/feed/([a-z2-7]+\.ics)", made)[0]

    first = await make()
    answer = await desk.ask("", "feed", token=first)
    assert answer == await desk.ask("", "feed", token=first)
    (event,) = icalendar.Calendar.from_ical(base64.b64decode(answer["data"])).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Fed"
    second = await make()
    gone = {"error": "there is no such feed", "status": 404}
    assert await desk.ask("", "feed", token=first) == gone
    assert "data" in await desk.ask("", "feed", token=second)
    await desk.ask("Ana", "make_feed", do="revoke")
    for token in (second, "x" * 32 + ".ics", "", "'; --"):
        assert await desk.ask("", "feed", token=token) == gone
    await make()
    third = await make()
    # The account is closed: the job, which looks at accounts, takes the feed with it.
    await desk.opened.helpdesk.users.update(SYSTEM, desk.people["Ana"].id, disabled=True)
    await desk.job()
    assert await desk.ask("", "feed", token=third) == gone


async def test_others_ask_for_working_hours_and_holidays(desk: CalendarDesk) -> None:
    week = {
        f"{edge}{n}": clock
        for n in range(5)
        for edge, clock in (("from", "08:00"), ("to", "16:00"))
    }
    refused = await desk.ask("Ana", "save_hours", **week)
    assert "Only admins" in refused["html"]
    assert "redirect" in await desk.ask("Cy", "save_hours", **week)
    assert "redirect" in await desk.ask("Cy", "save_holiday", day="2027-06-08", name="Founding day")
    wrong = await desk.ask("Cy", "save_hours", **{**week, "to2": "07:00"})
    assert "Wednesday: enter two times" in wrong["html"]
    zone = (await desk.ask("Cy", "working_hours"))["zone"]
    monday = datetime(2027, 6, 7, 15, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    start = f"{monday:%Y-%m-%dT%H:%M:%SZ}"
    # An hour is left on Monday, Tuesday is off.
    (end,) = (await desk.ask("Cy", "working_time", start=start, minutes=90)).values()
    expected = datetime(2027, 6, 9, 8, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    assert end == f"{expected:%Y-%m-%dT%H:%M:%SZ}"
    assert await desk.ask("Cy", "working_time", start=start, end=end) == {"minutes": 90}
    page = (await desk.ask("Ana", "page", date="2027-06-01"))["html"]
    assert "Founding day" in page


async def test_no_permission_is_idle(desk: CalendarDesk) -> None:
    asked = {one.token for one in (await desk.opened.supervisor.overview.plugin(ID)).permissions}
    (tables,) = [one.removeprefix("db:read:") for one in asked if one.startswith("db:read")]
    routes = {one for one in asked if one.startswith("public_route")}
    assert asked - routes == {f"db:read:{tables}", "db:write", "config", "notice"}
    assert routes == {"public_route:/calendar/feed/:token"}
    source = "".join(path.read_text() for path in (ROOT / "plugins/calendar").glob("*.go"))
    for table in tables.split(","):
        assert re.search(rf"\b(FROM|JOIN) `?{table}\b", source), table
    for call in ("config_get", "send_notice"):
        assert f'goatkit.Call("{call}"' in source

"""Files of Calendar: what is imported and exported is what icalendar and dateutil read in them."""

import base64
import random
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dateutil.rrule import rrulestr

from tests.plugins.calendar_desk import CalendarDesk, calendar_desk

pytestmark = pytest.mark.slow
FROM, TO = datetime(2027, 6, 1, tzinfo=UTC), datetime(2028, 5, 1, tzinfo=UTC)
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
OUTLOOK = """\
BEGIN:VTIMEZONE
TZID:Eastern Standard Time
BEGIN:STANDARD
DTSTART:16010101T020000
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
RRULE:FREQ=YEARLY;BYDAY=1SU;BYMONTH=11
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYDAY=2SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
CLASS:PUBLIC
UID:outlook
SUMMARY;LANGUAGE=en-us:Review\\, weekly\\; all
DTSTART;TZID="Eastern Standard Time":20270607T100000
DTEND;TZID="Eastern Standard Time":20270607T110000
RRULE:FREQ=WEEKLY;UNTIL=20271214T150000Z;BYDAY=MO,TU
EXDATE;TZID="Eastern Standard Time":20270614T100000,20270615T100000
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
X-ALT-DESC;FMTTYPE=text/html:<html><body>x</body></html>
BEGIN:VALARM
TRIGGER:-PT15M
ACTION:DISPLAY
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:outlook
RECURRENCE-ID;TZID="Eastern Standard Time":20270621T100000
SUMMARY:Review\\, moved
DTSTART;TZID="W. Europe Standard Time":20270622T100000
DTEND;TZID="W. Europe Standard Time":20270622T110000
END:VEVENT
"""
APPLE = """\
BEGIN:VEVENT
UID:apple
SUMMARY:Holiday 🏖 äöü
DTSTART;VALUE=DATE:20270714
DTEND;VALUE=DATE:20270717
TRANSP:TRANSPARENT
LOCATION:Room 1\\nSecond line
RRULE:FREQ=YEARLY
END:VEVENT
BEGIN:VEVENT
UID:apple-cancelled
SUMMARY:Cancelled
STATUS:CANCELLED
DTSTART:20270715T090000Z
DURATION:PT1H
END:VEVENT
"""


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[CalendarDesk]:
    async with calendar_desk(tmp_path) as opened:
        yield opened


def file_of(text: str) -> str:
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n{text}END:VCALENDAR\n".replace("\n", "\r\n")


def random_events(chance: random.Random) -> str:
    """Return series with rules of kinds in which dateutil follows RFC 5545."""
    parts = []
    for number in range(60):
        zone = chance.choice(ZONES)
        start = datetime.fromisoformat(f"2026-01-01T09:{chance.randrange(60):02}") + timedelta(
            days=chance.randrange(500)
        )
        often = chance.choice(("YEARLY", "MONTHLY", "WEEKLY", "DAILY"))
        rule = f"FREQ={often};INTERVAL={chance.randint(1, 3)}"
        if often == "WEEKLY":
            # RFC 5545 wants a start that its rule finds; dateutil leaves out any other.
            rule += f";BYDAY={DAYS[start.weekday()]}"
        rule += chance.choice(("", f";COUNT={chance.randint(1, 200)}", ";UNTIL=20271115T120000Z"))
        out = "".join(
            f"EXDATE;TZID={zone}:{start + timedelta(days=chance.randrange(900)):%Y%m%dT%H%M%S}\n"
            for _ in range(chance.randrange(3))
        )
        parts.append(
            f"BEGIN:VEVENT\nUID:r{number}\nSUMMARY:r{number}\n"
            f"DTSTART;TZID={zone}:{start:%Y%m%dT%H%M%S}\nDURATION:PT{chance.randint(1, 300)}M\n"
            f"RRULE:{rule}\n{out}END:VEVENT\n"
        )
    return "".join(parts)


async def import_(desk: CalendarDesk, text: str) -> str:
    sent = {"filename": "a.ics", "data": base64.b64encode(text.encode()).decode()}
    mine = await desk.calendar("Ana")
    return str((await desk.ask("Ana", "import_file", calendar=mine, file=sent))["html"])


def instant(value: Any) -> datetime:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def occurrences(events: list[Any]) -> Counter[tuple[str, str, str]]:
    """Return the title, start and end of each occurrence, as icalendar and dateutil have them."""
    moved = {
        (str(one["UID"]), instant(one["RECURRENCE-ID"].dt))
        for one in events
        if "RECURRENCE-ID" in one
    }
    found: Counter[tuple[str, str, str]] = Counter()
    for one in events:
        if str(one.get("STATUS")) == "CANCELLED":
            continue
        start, length = one.start, one.end - one.start
        starts = [start]
        if "RRULE" in one:
            text = one["RRULE"].to_ical().decode()
            if not isinstance(start, datetime):
                naive = datetime.combine(start, datetime.min.time())
                last = TO.replace(tzinfo=None)
                starts = [
                    each.date() for each in rrulestr(text, dtstart=naive).between(naive, last, True)
                ]
            else:
                starts = list(rrulestr(text, dtstart=start).between(start, TO, True))
        dates = one.get("EXDATE", [])
        out = {
            instant(each.dt)
            for part in (dates if isinstance(dates, list) else [dates])
            for each in part.dts
        }
        for each in starts:
            at = instant(each)
            changed = (str(one["UID"]), at) in moved and "RECURRENCE-ID" not in one
            if at in out or changed:
                continue
            if isinstance(at, datetime):
                # An appointment ends on the wall, also where the clock changes meanwhile.
                end = (
                    (each.replace(tzinfo=None) + length).replace(tzinfo=each.tzinfo).astimezone(UTC)
                )
                if at < TO and end > FROM:
                    found[
                        str(one["SUMMARY"]), f"{at:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"
                    ] += 1
            elif at < TO.date() and at + length > FROM.date():
                found[str(one["SUMMARY"]), f"{at}", f"{at + length}"] += 1
    return found


async def held(desk: CalendarDesk) -> Counter[tuple[str, str, str]]:
    rows = await desk.found("Ana", FROM.replace(tzinfo=None), TO.replace(tzinfo=None))
    return Counter((one["title"], one["start"], one["end"]) for one in rows)


async def test_what_goes_in_and_out_is_what_icalendar_and_dateutil_read(desk: CalendarDesk) -> None:
    icalendar = pytest.importorskip("icalendar")
    text = file_of(random_events(random.Random(14)) + OUTLOOK + APPLE)
    shown = await import_(desk, text)
    assert "Not everything" not in shown
    assert "64 appointments imported" in shown
    ours = await held(desk)
    given = icalendar.Calendar.from_ical(text).walk("VEVENT")
    assert ours == occurrences(given)
    assert ours["Review, weekly; all", "2027-06-07T14:00:00Z", "2027-06-07T15:00:00Z"] == 1
    assert ours["Review, moved", "2027-06-22T08:00:00Z", "2027-06-22T09:00:00Z"] == 1
    mine = await desk.calendar("Ana")

    async def exported() -> bytes:
        answer = await desk.ask("Ana", "export", calendar=mine)
        return base64.b64decode(answer["data"])

    out = await exported()
    events = icalendar.Calendar.from_ical(out).walk("VEVENT")
    assert occurrences(events) == ours
    (apple,) = [one for one in events if str(one["SUMMARY"]).startswith("Holiday")]
    assert str(apple["LOCATION"]) == "Room 1\nSecond line"
    (outlook,) = [one for one in events if str(one["SUMMARY"]) == "Review, weekly; all"]
    (alarm,) = outlook.walk("VALARM")
    assert alarm["TRIGGER"].dt == timedelta(minutes=-15)
    # In again, nothing is twice.
    await import_(desk, out.decode())
    assert await held(desk) == ours
    assert sorted((await exported()).splitlines()) == sorted(out.splitlines())


FLOODS = {
    "second": ("RRULE:FREQ=SECONDLY\n", "FREQ=SECONDLY is not served"),
    "exdates": ("EXDATE:" + ",".join(["20270601T090000Z"] * 3_900) + "\n", "more than 1000"),
    "lines": ("EXDATE:20270601T090000Z\n" * 100_000, "more than 4000 lines"),
    # What finds nothing is looked for no longer than anything else; its start is there.
    "never": ("RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30\n", ""),
    "hourly": ("RRULE:FREQ=HOURLY;INTERVAL=1\n", ""),
    "length": ("DURATION:P99999999W\n", "DURATION"),
    "rule": ("RRULE:FREQ=DAILY;BYDAY=" + "MO," * 9_000 + "\n", "at most 1000 characters"),
}


NO_CALENDARS = {
    "": "Choose a file",
    "hello": "this is no iCalendar file",
    "\0\xff" * 1000: "this is no iCalendar file",
    "BEGIN:VCALENDAR\n" + "BEGIN:VEVENT\n" * 50_000: "0 appointments imported",
    file_of("BEGIN:VEVENT\nSUMMARY:x\nDTSTART:20270601T090000Z\nEND:VEVENT\n" * 30_000): (
        "events were left out; a file may have 2000"
    ),
    file_of("BEGIN:VEVENT\nUID:x\nEND:VEVENT\n"): "it has no DTSTART",
}


async def test_a_flood_costs_its_event_and_says_why(desk: CalendarDesk) -> None:
    day = datetime.fromisoformat("2027-06-01")
    for name, (line, problem) in FLOODS.items():
        text = file_of(
            f"BEGIN:VEVENT\nUID:bad\nSUMMARY:{name}\nDTSTART:20270601T090000Z\n{line}END:VEVENT\n"
            f"BEGIN:VEVENT\nUID:{name}\nSUMMARY:good\nDTSTART:20270601T090000Z\nEND:VEVENT\n"
        )
        assert problem in await import_(desk, text), name
        page = (await desk.ask("Ana", "page", date="2027-06-01"))["html"]
        assert (f">{name}<" in page) == (problem == ""), name
    assert len(await desk.found("Ana", day, day + timedelta(hours=9, minutes=1), "good")) == len(
        FLOODS
    )
    for text, problem in NO_CALENDARS.items():
        assert problem in await import_(desk, text)

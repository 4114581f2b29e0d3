"""The Calendar plugin's occurrences against dateutil, and files as common clients write them."""

import json
import random
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from dateutil.rrule import rrulestr

from tests.guests.toolchains import ROOT

PACKAGE = ROOT / "plugins" / "calendar" / "calendar.zip"
FROM, TO = datetime.fromisoformat("2027-06-01"), datetime.fromisoformat("2027-12-01")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
BERLIN = """BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
END:VTIMEZONE"""
CLIENTS = {
    # A rule that finds nothing, which some expanders look for until the year 9999.
    "never": """BEGIN:VEVENT
UID:N1
SUMMARY:never
DTSTART:20270601T000000Z
RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5
END:VEVENT""",
    # Google: UTC for single events, its zone for series, EXDATE in the zone.
    "Google": """BEGIN:VEVENT
DTSTART;TZID=Europe/Berlin:20271025T090000
DTEND;TZID=Europe/Berlin:20271025T093000
RRULE:FREQ=WEEKLY;WKST=MO;UNTIL=20271116T225959Z;BYDAY=MO
EXDATE;TZID=Europe/Berlin:20271101T090000
UID:1abc@google.com
SUMMARY:Google
END:VEVENT
BEGIN:VEVENT
DTSTART:20271109T150000Z
DTEND:20271109T160000Z
RECURRENCE-ID;TZID=Europe/Berlin:20271108T090000
UID:1abc@google.com
SUMMARY:Google
END:VEVENT""",
    # Outlook: Windows' name of the zone, folded lines.
    "Outlook": f"""{BERLIN}
BEGIN:VEVENT
UID:040000008200E00074C5B7101A82E008
SUMMARY;LANGUAGE=de:Out
 look
DTSTART;TZID="W. Europe Standard Time":20271029T100000
DTEND;TZID="W. Europe Standard Time":20271029T110000
RRULE:FREQ=MONTHLY;COUNT=2;BYDAY=-1FR
X-MICROSOFT-CDO-BUSYSTATUS:BUSY
END:VEVENT""",
    # Apple: DURATION, a day without a time, a birthday without a year.
    "Apple": """BEGIN:VEVENT
UID:B1
SUMMARY:Apple
DTSTART;VALUE=DATE:16040715
DURATION:P1D
RRULE:FREQ=YEARLY
END:VEVENT""",
    # Thunderbird: a prefix before the name of the zone, RDATE.
    "Thunderbird": """BEGIN:VEVENT
UID:T1
SUMMARY:Thunderbird
DTSTART;TZID=/mozilla.org/20050126_1/America/New_York:20270701T080000
DTEND;TZID=/mozilla.org/20050126_1/America/New_York:20270701T090000
RDATE;TZID=/mozilla.org/20050126_1/America/New_York:20271120T080000
END:VEVENT""",
}
BAD = {
    "second": "DTSTART:20270601T000000Z\nRRULE:FREQ=SECONDLY",
    "often": "DTSTART:20270601\nRRULE:FREQ=DAILY;BYSECOND=0,2;BYHOUR=1,3,5;BYMINUTE=1,2,3,4,5",
    "year": "DTSTART:99990101T000000Z",
    "zone": "DTSTART;TZID=Mars/Olympus:20270601T000000",
}


def calendar(parts: Iterable[str]) -> str:
    return "\r\n".join(("BEGIN:VCALENDAR", *parts, "END:VCALENDAR")).replace("\n", "\r\n")


def rule(chance: random.Random) -> str:
    """Return a rule of a kind in which dateutil follows RFC 5545."""
    often = chance.choice(("YEARLY", "MONTHLY", "WEEKLY", "DAILY"))
    parts = [f"FREQ={often}", f"INTERVAL={chance.randint(1, 3)}"]
    if chance.random() < 0.3:
        parts.append(f"BYMONTH={chance.randint(6, 8)},{chance.randint(9, 12)}")
    if chance.random() < 0.5:
        nth = chance.choice(("", "2", "-1")) if often in {"YEARLY", "MONTHLY"} else ""
        parts.append("BYDAY=" + ",".join(nth + day for day in chance.sample(DAYS, 2)))
    elif often == "MONTHLY":
        parts.append("BYMONTHDAY=1,31,-2")
    elif often == "YEARLY":
        parts.append(chance.choice(("BYWEEKNO=25,-8", "BYYEARDAY=180,-60")))
    if often == "MONTHLY" and chance.random() < 0.4:
        parts.append("BYSETPOS=-1")
    parts.append(f"WKST={chance.choice(DAYS)}")
    parts += chance.choice(([], [f"COUNT={chance.randint(1, 200)}"], ["UNTIL=20270915T120000Z"]))
    return ";".join(parts)


def expected(text: str, start: datetime) -> list[str]:
    # A rule in UTC is the same without a zone, which dateutil then wants for its end too.
    found = rrulestr(text.replace("0000Z", "0000"), dtstart=start).between(FROM, TO, inc=True)
    return [f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in found if each < TO]


def preview(text: str) -> dict[str, Any]:
    given = json.dumps(
        {"ics": text, "from": f"{FROM:%Y-%m-%d}T00:00:00Z", "to": f"{TO:%Y-%m-%d}T00:00:00Z"}
    )
    done = subprocess.run(
        [
            *(sys.executable, "-m", "cli.main", "plugin", "call", str(PACKAGE), "preview"),
            *("--args", given, "--user", "agent", "--grant", "requested", "--json"),
        ],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)["result"]
    return found


def by_title(occurrences: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    found = defaultdict(list)
    for each in occurrences:
        found[each["title"]].append(each["start"])
    return found


@pytest.mark.slow
def test_occurrences_are_those_of_dateutil_and_of_the_clients() -> None:
    chance = random.Random(5545)
    rules = {}
    for number in range(60):
        start = datetime.fromisoformat("2024-01-01T09:00") + timedelta(
            days=chance.randint(0, 1_000)
        )
        rules[f"r{number}"] = (rule(chance), start)
    parts = [
        f"BEGIN:VEVENT\nUID:{name}\nSUMMARY:{name}\nDTSTART:{start:%Y%m%dT%H%M%SZ}\n"
        f"RRULE:{text}\nEND:VEVENT"
        for name, (text, start) in rules.items()
    ]
    bad = [f"BEGIN:VEVENT\nUID:{n}\nSUMMARY:{n}\n{text}\nEND:VEVENT" for n, text in BAD.items()]
    found = preview(calendar([*parts, *CLIENTS.values(), *bad]))
    got = by_title(found["occurrences"])
    for name, (text, start) in rules.items():
        assert got[name] == expected(text, start), (text, start)
    assert got["Google"] == [
        *("2027-10-25T07:00:00Z", "2027-11-09T15:00:00Z"),
        "2027-11-15T08:00:00Z",
    ]
    assert got["Outlook"] == ["2027-10-29T08:00:00Z", "2027-11-26T09:00:00Z"]
    assert got["Apple"] == ["2027-07-15"]
    assert got["Thunderbird"] == ["2027-07-01T12:00:00Z", "2027-11-20T13:00:00Z"]
    assert got["never"] == ["2027-06-01T00:00:00Z"]
    assert not BAD.keys() & got.keys()
    problems = "\n".join(found["problems"])
    for said in (
        "FREQ=SECONDLY is not served",
        "30 times in a day",
        "the year 9999",
        "Mars/Olympus",
    ):
        assert said in problems

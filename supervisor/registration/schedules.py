"""Cron lines: minute, hour, day of month, month, weekday, in the server's time zone.

``cronsim`` reads them and finds the next time as Debian's cron does: a job in the hour that the
clock skips runs when the hour is over, and one in the hour that comes twice runs once, the first
time. Here its liberties are taken away (seconds, endless texts), and a line that never fires is
refused.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from cronsim import CronSim, CronSimError

from supervisor.manifest.errors import describe
from supervisor.registration.errors import ScheduleError

MAX_LENGTH = 200
_EXPECTED = 'five fields "minute hour day month weekday" such as "0 8 * * 1"'
_FIELDS = re.compile(r"[0-9A-Za-z*,/#-]+", re.ASCII)
_DIGITS = re.compile(r"[0-9]{5,}")
_WORDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)
_MOST_REPEATS = 120
"""Minutes that a clock is set back at most."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """A cron line that was checked."""

    text: str

    def next_run(self, after: datetime, zone: tzinfo) -> datetime | None:
        """Return the first time later than ``after`` (aware), in ``zone``; None for never again."""
        times = CronSim(self.text, after.astimezone(zone))
        # What stands at the same wall time in the hour that comes twice lies behind ``after``.
        for _, found in zip(range(_MOST_REPEATS), times, strict=False):
            if found.astimezone(UTC) > after:
                # By way of UTC, so that a time that the clock skips becomes one that it shows.
                return found.astimezone(UTC).astimezone(zone)
        return None


def parse_schedule(text: str) -> Schedule:
    """Return a checked schedule; raises ScheduleError, also for a line that never fires."""
    if len(text) > MAX_LENGTH:
        raise ScheduleError(describe(text), _EXPECTED)
    line = _WORDS.get(text.strip().lower(), text)
    fields = [re.sub(r"^\?$", "*", field) for field in line.split()]
    if (
        len(fields) != 5
        or not all(map(_FIELDS.fullmatch, fields))
        or any(map(_DIGITS.search, fields))
    ):
        raise ScheduleError(describe(text), _EXPECTED)
    schedule = Schedule(" ".join(fields))
    try:
        fires = schedule.next_run(_ANY_TIME, UTC) is not None
    except CronSimError as error:
        reason = str(error).lower().removeprefix("bad ")
        if reason != "day-of-month" or not _is_possible_day(fields):
            raise ScheduleError(f"{describe(text)} (its {reason} is wrong)", _EXPECTED) from None
        fires = False
    if not fires:
        raise ScheduleError(f"{describe(text)}, which never fires", "a line that fires one day")
    return schedule


def _is_possible_day(fields: list[str]) -> bool:
    """Tell whether the day is right by itself, so that only the months are too short for it."""
    try:
        CronSim(" ".join([*fields[:3], "*", fields[4]]), _ANY_TIME)
    except CronSimError:
        return False
    return True

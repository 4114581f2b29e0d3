"""The time of a statement, and arithmetic with dates as MySQL does it; all by the wall clock.

The zone is the process's own (``TZ``), set before the lockdown, so that SQLite's ``localtime`` and
Python agree.
"""

import calendar
import time
from collections.abc import Callable
from datetime import date, datetime, timedelta

from sandbox_child.query import weeks

_STEPS = {
    "MICROSECOND": timedelta(microseconds=1),
    "SECOND": timedelta(seconds=1),
    "MINUTE": timedelta(minutes=1),
    "HOUR": timedelta(hours=1),
    "DAY": timedelta(days=1),
    "WEEK": timedelta(weeks=1),
}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
UNITS = frozenset({*_STEPS, *_MONTHS})
"""What an interval may be measured in."""
_WHOLE_DAYS = {"DAY", "WEEK", *_MONTHS}
_DATE_LENGTH = len("2026-01-01")
_CLOCK_LENGTH = len("2026-01-01 00:00:00")


class Clock:
    """Tells the same time throughout one statement."""

    def __init__(self) -> None:
        self.set()

    def set(self) -> None:
        """Begin another statement."""
        self._epoch = time.time()
        self.now = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(self._epoch))

    @property
    def epoch(self) -> int:
        """Seconds since 1970."""
        return int(self._epoch)


def moment(value: object) -> tuple[datetime, bool] | None:
    """Read a date or a time; whether it has a time of day. None for anything else."""
    if not isinstance(value, str) or len(value) < _DATE_LENGTH:
        return None
    try:
        return datetime.fromisoformat(value).replace(tzinfo=None), len(value) > _DATE_LENGTH
    except ValueError:
        return None


def text(when: datetime, *, with_time: bool) -> str:
    """Write a time as it is stored."""
    if not with_time:
        return when.date().isoformat()
    written = when.isoformat(" ")
    return written if when.microsecond else written[:_CLOCK_LENGTH]


def date_add(value: object, amount: object, unit: str) -> str | None:
    """Return the date ``amount`` units later: of a date and whole days a date, else a time."""
    found = moment(value)
    if found is None or amount is None:
        return None
    when, with_time = found
    try:
        number = float(str(amount))
        if unit in _MONTHS:
            later = _months_later(when, round(number) * _MONTHS[unit])
        else:
            later = when + (number if unit == "SECOND" else round(number)) * _STEPS[unit]
    except (ValueError, OverflowError):
        return None
    return text(later, with_time=with_time or unit not in _WHOLE_DAYS)


def _months_later(when: datetime, months: int) -> datetime:
    year, month = divmod(when.year * 12 + when.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise ValueError(year)
    last = calendar.monthrange(year, month + 1)[1]
    return when.replace(year=year, month=month + 1, day=min(when.day, last))


def timestamp_diff(unit: str, start: object, end: object) -> int | None:
    """Return how many whole units lie between two times."""
    one, other = moment(start), moment(end)
    if one is None or other is None:
        return None
    if unit in _STEPS:
        between = other[0] - one[0]
        whole = abs(between) // _STEPS[unit]
        return whole if between >= timedelta(0) else -whole
    first, last = sorted((one[0], other[0]))
    months = 12 * (last.year - first.year) + last.month - first.month
    if _months_later(first, months) > last:
        months -= 1
    whole = months // _MONTHS[unit]
    return whole if other[0] >= one[0] else -whole


def date_diff(end: object, start: object) -> int | None:
    """Return the number of days between two dates; times of day do not count."""
    one, other = moment(end), moment(start)
    if one is None or other is None:
        return None
    return (one[0].date() - other[0].date()).days


def epoch(value: object) -> int | None:
    """Return the seconds since 1970 at a wall clock time."""
    found = moment(value)
    if found is None:
        return None
    try:
        return int(time.mktime((*found[0].timetuple()[:8], -1)))
    except (OverflowError, ValueError):
        return None


def from_epoch(seconds: object) -> str | None:
    """Return the wall clock time at so many seconds since 1970."""
    if not isinstance(seconds, int | float):
        return None
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))
    except (OverflowError, ValueError, OSError):
        return None


def week(value: object, mode: object, count: Callable[[date, int], int]) -> int | None:
    """Return the week of a date as one of the ways of counting has it."""
    found = moment(value)
    if found is None or not isinstance(mode, int):
        return None
    return count(found[0], mode)


_PLAIN = {
    "Y": "%Y", "y": "%y", "m": "%m", "d": "%d", "H": "%H", "i": "%M", "s": "%S", "S": "%S",
    "j": "%j", "w": "%w", "T": "%H:%M:%S", "p": "%p", "h": "%I", "I": "%I", "r": "%I:%M:%S %p",
    "f": "%f",
}  # fmt: skip
_WEEKS = {"U": 0, "u": 1, "V": 2, "v": 3}
_YEARS_OF_WEEKS = {"X": 2, "x": 3}
_SPOKEN = {"M": calendar.month_name, "b": calendar.month_abbr}
_DAYS = {"W": calendar.day_name, "a": calendar.day_abbr}


def date_format(value: object, pattern: object) -> str | None:
    """Write a time by one of MySQL's patterns."""
    found = moment(value)
    if found is None or not isinstance(pattern, str):
        return None
    when, rest = found[0], iter(pattern)
    return "".join(sign if sign != "%" else _field(when, next(rest, "%")) for sign in rest)


def _field(when: datetime, name: str) -> str:
    if name in _PLAIN:
        return when.strftime(_PLAIN[name])
    if name in _SPOKEN:
        return _SPOKEN[name][when.month]
    if name in _DAYS:
        return _DAYS[name][when.weekday()]
    if name in _WEEKS:
        return f"{weeks.week(when, _WEEKS[name]):02}"
    if name in _YEARS_OF_WEEKS:
        return f"{weeks.week_of(when, _YEARS_OF_WEEKS[name])[0]:04}"
    hour = when.hour % 12 or 12
    others = {
        "c": when.month, "e": when.day, "k": when.hour, "l": hour,
        "D": f"{when.day}{_ordinal(when.day)}",
    }  # fmt: skip
    return str(others.get(name, name))


def _ordinal(day: int) -> str:
    if day in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")

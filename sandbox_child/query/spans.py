"""MySQL's times of day, spans of time, and patterns to read dates by; some of PostgreSQL's. Pure.

A span is written ``HH:MM:SS``, may be negative and longer than a day.
"""

import calendar
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from sandbox_child.query.clock import date_format, moment, text

_MOST_SECONDS = 838 * 3600 + 59 * 60 + 59
"""Of a span, as in MySQL."""
_SPAN = re.compile(r"(-?)(\d{1,3}):(\d\d)(?::(\d\d)(?:\.\d+)?)?")
_OFFSET = re.compile(r"([+-])(\d{1,2}):(\d\d)")
_YEAR_ZERO_DAYS = 365
"""MySQL counts days from the year 0, Python from the year 1."""
_TOO_FAR = timedelta(hours=14)


def seconds_of(value: object) -> int | None:
    """Return the seconds of a span, or of a time's time of day."""
    if isinstance(value, str):
        if found := _SPAN.fullmatch(value.strip()):
            sign, hours, minutes, seconds = found.groups()
            whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds or 0)
            return -whole if sign else whole
        if (read := moment(value)) is not None:
            return read[0].hour * 3600 + read[0].minute * 60 + read[0].second
    return None


def span(seconds: object) -> str | None:
    """Write seconds as a span."""
    if not isinstance(seconds, int | float) or seconds != seconds:  # noqa: PLR0124 - NaN
        return None
    whole = int(max(-_MOST_SECONDS, min(seconds, _MOST_SECONDS)))
    minutes, rest = divmod(abs(whole), 60)
    return f"{'-' if whole < 0 else ''}{minutes // 60:02}:{minutes % 60:02}:{rest:02}"


def between(end: object, start: object) -> str | None:
    """Return the span between two times, or between two spans."""
    one, other = moment(end), moment(start)
    if one is not None and other is not None:
        return span((one[0] - other[0]).total_seconds())
    first, second = seconds_of(end), seconds_of(start)
    return None if first is None or second is None else span(first - second)


def day_of_year(year: object, number: object) -> str | None:
    """Return the ``number``-th day of a year."""
    if not isinstance(year, int) or not isinstance(number, int) or number < 1:
        return None
    try:
        return (date(year, 1, 1) + timedelta(days=number - 1)).isoformat()
    except (ValueError, OverflowError):
        return None


def to_days(value: object) -> int | None:
    """Return the number of days since the year 0."""
    found = moment(value)
    return None if found is None else found[0].toordinal() + _YEAR_ZERO_DAYS


def from_days(number: object) -> str | None:
    """Return the date so many days after the year 0."""
    if not isinstance(number, int):
        return None
    try:
        return date.fromordinal(number - _YEAR_ZERO_DAYS).isoformat()
    except (ValueError, OverflowError):
        return None


def shifted(value: object, old: object, new: object) -> str | None:
    """Return a wall clock time elsewhere, between offsets such as ``+02:00``; else NULL."""
    found, one, other = moment(value), _offset(old), _offset(new)
    if found is None or one is None or other is None:
        return None
    try:
        return text(found[0] - one + other, with_time=True)
    except OverflowError:
        return None


def _offset(value: object) -> timedelta | None:
    found = _OFFSET.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return timedelta(0) if value in ("UTC", "GMT") else None
    by = timedelta(hours=int(found[2]), minutes=int(found[3]))
    return None if by > _TOO_FAR else (-by if found[1] == "-" else by)


_DIGITS = {
    "Y": ("year", 4), "y": ("short year", 2), "m": ("month", 2), "c": ("month", 2),
    "d": ("day", 2), "e": ("day", 2), "H": ("hour", 2), "k": ("hour", 2), "h": ("hour", 2),
    "I": ("hour", 2), "l": ("hour", 2), "i": ("minute", 2), "s": ("second", 2), "S": ("second", 2),
    "f": ("micro", 6), "j": ("day of year", 3),
}  # fmt: skip
_NAMES: dict[str, tuple[str, Sequence[str]]] = {
    "M": ("month", tuple(calendar.month_name)), "b": ("month", tuple(calendar.month_abbr)),
    "W": ("weekday", tuple(calendar.day_name)), "a": ("weekday", tuple(calendar.day_abbr)),
    "p": ("afternoon", ("AM", "PM")), "#": ("ending", ("st", "nd", "rd", "th")), "%": ("", ("%",)),
}  # fmt: skip
_WHOLE = {"T": "%H:%i:%s", "r": "%h:%i:%s %p", "D": "%d%#"}
_OF_DAY = frozenset("HkhIlisSfpTr")


def read_by(value: object, pattern: object) -> str | None:
    """Read a date by one of MySQL's patterns; NULL for what does not fit."""
    if not isinstance(value, str) or not isinstance(pattern, str):
        return None
    for short, whole in _WHOLE.items():
        pattern = pattern.replace(f"%{short}", whole)
    read = _fields(value, pattern)
    if read is None:
        return None
    hour = read.get("hour", 0)
    if "afternoon" in read:
        hour = hour % 12 + 12 * read["afternoon"]
    year = read.get("year", read.get("short year", 0) + (1900 if read.get("short year", 0) > 69
                                                         else 2000))  # fmt: skip
    try:
        when = datetime(  # noqa: DTZ001 - by the wall clock, as everything here
            *(year, read.get("month", 1), read.get("day", 1), hour),
            *(read.get("minute", 0), read.get("second", 0), read.get("micro", 0)),
        )
        if "day of year" in read:
            when = when.replace(month=1, day=1) + timedelta(days=read["day of year"] - 1)
    except (ValueError, OverflowError):
        return None
    with_time = any(f"%{letter}" in pattern for letter in _OF_DAY)
    return text(when, with_time=with_time)


def _fields(value: str, pattern: str) -> dict[str, int] | None:
    read: dict[str, int] = {}
    at, signs = 0, iter(pattern)
    for sign in signs:
        if sign.isspace():
            while at < len(value) and value[at].isspace():
                at += 1
            continue
        if sign != "%":
            if value[at : at + 1] != sign:
                return None
            at += 1
            continue
        taken = _field(value[at:], next(signs, "%"), read)
        if taken is None:
            return None
        at += taken
    return read


def _field(rest: str, letter: str, read: dict[str, int]) -> int | None:
    """Read one field and return its length."""
    if letter in _DIGITS:
        name, most = _DIGITS[letter]
        digits = re.match(rf"\d{{1,{most}}}", rest, re.ASCII)
        if digits is None:
            return None
        read[name] = int(digits[0].ljust(most, "0") if name == "micro" else digits[0])
        return len(digits[0])
    if letter in _NAMES:
        name, words = _NAMES[letter]
        for place, word in enumerate(words):
            if word and rest.lower().startswith(word.lower()):
                read[name] = place
                return len(word)
    return None


_TRUNCATED = {
    "year": "%Y-01-01 00:00:00", "month": "%Y-%m-01 00:00:00", "day": "%Y-%m-%d 00:00:00",
    "hour": "%Y-%m-%d %H:00:00", "minute": "%Y-%m-%d %H:%i:00", "second": "%Y-%m-%d %H:%i:%s",
}  # fmt: skip


def cut(unit: object, value: object) -> str | None:
    """Return the beginning of the unit that a time lies in, as PostgreSQL's DATE_TRUNC does."""
    found = moment(value)
    if found is None or not isinstance(unit, str):
        return None
    when, name = found[0], unit.lower()
    if name == "week":
        when, name = when - timedelta(days=when.weekday()), "day"
    if name == "quarter":
        when, name = when.replace(day=1, month=(when.month - 1) // 3 * 3 + 1), "month"
    return date_format(text(when, with_time=True), _TRUNCATED.get(name))


_WORDS = {
    "YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH24": "%H", "HH12": "%h", "HH": "%h",
    "MI": "%i", "SS": "%s", "Month": "%M", "Mon": "%b", "Day": "%W", "Dy": "%a", "DDD": "%j",
    "IYYY": "%x", "IW": "%v", "AM": "%p", "PM": "%p",
}  # fmt: skip
_WORD = re.compile("|".join(sorted(_WORDS, key=len, reverse=True)) + '|"[^"]*"|%')


def written(value: object, pattern: object) -> str | None:
    """Write a time by one of PostgreSQL's patterns, as TO_CHAR does."""
    if not isinstance(pattern, str):
        return None
    return date_format(value, _WORD.sub(_as_mysql, pattern))


def _as_mysql(found: re.Match[str]) -> str:
    word = found[0]
    if word == "%":
        return "%%"
    return _WORDS.get(word) or word.strip('"').replace("%", "%%")

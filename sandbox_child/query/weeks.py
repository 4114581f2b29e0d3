"""The number of a week, by MySQL's eight ways of counting them. Pure."""

from datetime import date

_MONDAY_FIRST = 1
_FROM_ONE = 2
"""Days before the first week belong to the last of the year before, not to week 0."""
_FIRST_FULL = 4
"""The first week is one that begins in the year, not one that has most of its days there."""
_HALF = 4
_DAYS = 7


def week_of(day: date, mode: int) -> tuple[int, int]:
    """Return the year that the week belongs to, and its number."""
    rule = mode & 7
    if not rule & _MONDAY_FIRST:
        rule ^= _FIRST_FULL
    return _counted(day, rule)


def week(day: date, mode: int) -> int:
    """Return the number alone."""
    return week_of(day, mode)[1]


def year_and_week(day: date, mode: int) -> int:
    """Return both as one number, such as 202601; there is no week 0."""
    year, week = week_of(day, mode | _FROM_ONE)
    return year * 100 + week


def _counted(day: date, rule: int) -> tuple[int, int]:
    from_one = bool(rule & _FROM_ONE)
    start = _start(day.year, rule)
    if day.toordinal() < start:
        if not from_one:
            return day.year, 0
        year, start = day.year - 1, _start(day.year - 1, rule)
    else:
        year = day.year
        if from_one and day.toordinal() >= (following := _start(year + 1, rule)):
            year, start = year + 1, following
    return year, (day.toordinal() - start) // _DAYS + 1


def _start(year: int, rule: int) -> int:
    """Return the ordinal of the first day of the year's first week."""
    # Years 1 and 10000 have no neighbour in Python's calendar; counting goes on all the same.
    new_year = date(max(1, min(year, 9999)), 1, 1).toordinal() + (366 if year > 9999 else 0)
    # Sunday is 0 of ordinal % 7, Monday 1.
    weekday = (new_year - (1 if rule & _MONDAY_FIRST else 0)) % _DAYS
    if rule & _FIRST_FULL:
        return new_year + (-weekday) % _DAYS
    return new_year - weekday + (_DAYS if weekday >= _HALF else 0)

"""MySQL's functions of texts and numbers that SQLite does not have. Pure; NULL where MySQL has it.

What they make is bounded before it is made: a text by ``LONGEST`` characters.
"""

import hashlib
import math
import random
import uuid
from collections.abc import Callable

LONGEST = 1 << 20
"""Characters that any of these makes at most; NULL where it would be more."""

Number = int | float


def number(value: object) -> Number | None:
    """Read a number as MySQL does: of a text what it begins with; None for NULL."""
    if isinstance(value, int | float):
        return value
    if not isinstance(value, str):
        return None if value is None else 0
    try:
        read = float(value)
    except ValueError:
        return 0
    return int(read) if read.is_integer() else read


def _word(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def concat_ws(separator: object, *values: object) -> str | None:
    """Join all but NULL."""
    if separator is None:
        return None
    words = [_word(value) for value in values if value is not None]
    between = _word(separator)
    if sum(map(len, words)) + len(between) * len(words) > LONGEST:
        return None
    return between.join(words)


def field(wanted: object, *values: object) -> int:
    """Return the place of a value among others, from 1; 0 where it is not."""
    if wanted is None:
        return 0
    sought = _word(wanted).lower()
    places = (place for place, value in enumerate(values, 1) if value is not None
              and _word(value).lower() == sought)  # fmt: skip
    return next(places, 0)


def find_in_set(wanted: object, members: object) -> int | None:
    """Return the place of a word in a list with commas."""
    if wanted is None or members is None:
        return None
    return field(wanted, *_word(members).split(","))


def substring_index(text: object, separator: object, count: object) -> str | None:
    """Return what stands before the ``count``-th separator, from the end where negative."""
    if text is None or separator is None or count is None:
        return None
    between, many = _word(separator), int(number(count) or 0)
    if not between:
        return ""
    parts = _word(text).split(between)
    return between.join(parts[:many] if many >= 0 else parts[many:])


def pad(text: object, length: object, filling: object, *, left: bool) -> str | None:
    """Bring a text to a length."""
    if text is None or length is None or filling is None:
        return None
    word, wanted, fill = _word(text), int(number(length) or 0), _word(filling)
    missing = wanted - len(word)
    if wanted < 0 or wanted > LONGEST or (missing > 0 and not fill):
        return None
    if missing <= 0:
        return word[:wanted]
    more = (fill * (missing // len(fill) + 1))[:missing]
    return more + word if left else word + more


def repeat(text: object, count: object) -> str | None:
    """Return a text so many times."""
    if text is None or count is None:
        return None
    word, many = _word(text), max(0, int(number(count) or 0))
    return word * many if len(word) * many <= LONGEST else None


def right(text: object, length: object) -> str | None:
    """Return the end of a text."""
    if text is None or length is None:
        return None
    many = int(number(length) or 0)
    return _word(text)[-many:] if many > 0 else ""


def rounded(value: object, places: object = 0) -> Number | None:
    """Round half away from zero; a whole number where no places are asked for."""
    read, digits = number(value), number(places)
    if read is None or digits is None or not math.isfinite(read):
        return None
    kept = max(-30, min(int(digits), 30))
    if isinstance(read, int) and kept >= 0:
        return read
    scale = 10.0**kept
    whole = math.floor(abs(read) * scale + 0.5) / scale
    signed = math.copysign(whole, read)
    return int(signed) if kept <= 0 else signed


def truncated(value: object, places: object) -> Number | None:
    """Cut digits off."""
    read, digits = number(value), number(places)
    if read is None or digits is None or not math.isfinite(read):
        return None
    kept = max(-30, min(int(digits), 30))
    if isinstance(read, int) and kept >= 0:
        return read
    scale = 10.0**kept
    cut = math.trunc(read * scale) / scale
    return int(cut) if kept <= 0 else cut


def _whole(rule: Callable[[Number], int]) -> Callable[[object], int | None]:
    def apply(value: object) -> int | None:
        read = number(value)
        return None if read is None or not math.isfinite(read) else rule(read)

    return apply


def power(base: object, exponent: object) -> float | None:
    """Raise to a power; NULL where there is no such number."""
    one, other = number(base), number(exponent)
    if one is None or other is None:
        return None
    try:
        found = math.pow(one, other)
    except (ValueError, OverflowError):
        return None
    return found


def root(value: object) -> float | None:
    """Return the square root; NULL of what is negative."""
    read = number(value)
    return None if read is None or read < 0 else math.sqrt(read)


def exponential(value: object) -> float | None:
    """Return e to a power."""
    return power(math.e, value)


_EXACT = {2.0: math.log2, 10.0: math.log10}


def logarithm(*values: object) -> float | None:
    """Return the natural logarithm, or that of the second to the base of the first."""
    read = [number(value) for value in values]
    if any(value is None or value <= 0 for value in read):
        return None
    floats = [float(value or 0) for value in read]
    if len(floats) == 1:
        return math.log(floats[0])
    base, wanted = floats
    if base in _EXACT:
        return _EXACT[base](wanted)
    return None if base == 1 else math.log(wanted, base)


def grouped(value: object, places: object) -> str | None:
    """Write a number with commas between its thousands."""
    kept = max(0, min(int(number(places) or 0), 30))
    read = rounded(value, kept)
    return None if read is None else f"{read:,.{kept}f}"


def chosen(place: object, *values: object) -> str | None:
    """Return the value at a place, from 1."""
    at = number(place)
    if at is None or not 1 <= at <= len(values):
        return None
    found = values[int(at) - 1]
    return None if found is None else _word(found)


def located(sought: object, text: object, start: object) -> int | None:
    """Return where a text begins in another, from 1; it is looked for from ``start`` on."""
    if sought is None or text is None or start is None:
        return None
    at = int(number(start) or 0)
    return _word(text).find(_word(sought), at - 1) + 1 if at > 0 else 0


def compared(one: object, other: object) -> int | None:
    """Return -1, 0 or 1."""
    if one is None or other is None:
        return None
    first, second = _word(one).lower(), _word(other).lower()
    return (first > second) - (first < second)


def as_one(*values: object) -> str | None:
    """Return several values as one that tells them apart; NULL where one is NULL."""
    if any(value is None for value in values):
        return None
    return "".join(f"{len(word)}:{word}" for word in map(_word, values)).lower()


def ascii_of(value: object) -> int | None:
    """Return the number of the first byte."""
    return None if value is None else (_word(value).encode("utf-8", "replace")[:1] or b"\0")[0]


def digest(value: object) -> str | None:
    """Return the MD5, which plugins take for keys of their own, not for secrets."""
    if value is None:
        return None
    raw = value if isinstance(value, bytes) else _word(value).encode("utf-8", "replace")
    return hashlib.md5(raw, usedforsecurity=False).hexdigest()


RANDOM = frozenset({"gk_rand", "gk_uuid"})
"""Functions that yield another value at each call."""

FUNCTIONS: dict[str, tuple[int, Callable[..., str | int | float | None]]] = {
    "gk_as_one": (-1, as_one),
    "gk_ascii": (1, ascii_of),
    "gk_ceil": (1, _whole(math.ceil)),
    "gk_concat_ws": (-1, concat_ws),
    "gk_elt": (-1, chosen),
    "gk_exp": (1, exponential),
    "gk_field": (-1, field),
    "gk_find_in_set": (2, find_in_set),
    "gk_floor": (1, _whole(math.floor)),
    "gk_format": (2, grouped),
    "gk_ln": (1, logarithm),
    "gk_locate": (3, located),
    "gk_log": (-1, logarithm),
    "gk_md5": (1, digest),
    "gk_strcmp": (2, compared),
    "gk_uuid": (0, lambda: str(uuid.uuid4())),
    "gk_lpad": (3, lambda text, length, filling: pad(text, length, filling, left=True)),
    "gk_pow": (2, power),
    "gk_rand": (0, random.random),
    "gk_repeat": (2, repeat),
    "gk_reverse": (1, lambda text: None if text is None else _word(text)[::-1]),
    "gk_right": (2, right),
    "gk_round": (-1, rounded),
    "gk_rpad": (3, lambda text, length, filling: pad(text, length, filling, left=False)),
    "gk_sign": (1, _whole(lambda read: (read > 0) - (read < 0))),
    "gk_sqrt": (1, root),
    "gk_substring_index": (3, substring_index),
    "gk_truncate": (2, truncated),
}

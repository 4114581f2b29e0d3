"""Regular expressions, as Python reads them: close to MySQL's, and without regard to case.

A pattern can be made to take forever. What runs it is a process of the plugin's own, which is
killed when the time of its statement is up.
"""

import functools
import re

LONGEST = 1_000
"""Characters of a pattern."""
_CLASSES = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "lower": "a-z", "upper": "A-Z",
    "space": r"\s", "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9a-fA-F",
}  # fmt: skip
_CLASS = re.compile(r"\[:(\w+):\]")


@functools.lru_cache(50)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    if len(pattern) > LONGEST:
        return None
    named = _CLASS.sub(lambda found: _CLASSES.get(found[1], found[0]), pattern)
    try:
        return re.compile(named, re.IGNORECASE)
    except (re.error, RecursionError, OverflowError):
        return None


def _ready(text: object, pattern: object) -> tuple[re.Pattern[str], str] | None:
    if text is None or not isinstance(pattern, str):
        return None
    compiled = _compiled(pattern)
    return None if compiled is None else (compiled, str(text))


def matches(text: object, pattern: object) -> int | None:
    """Tell whether a pattern is found in a text; NULL for a pattern that is none."""
    ready = _ready(text, pattern)
    return None if ready is None else int(ready[0].search(ready[1]) is not None)


def found_in(text: object, pattern: object) -> str | None:
    """Return the first part of a text that fits."""
    ready = _ready(text, pattern)
    found = ready and ready[0].search(ready[1])
    return found[0] if found else None


def replaced(text: object, pattern: object, new: object) -> str | None:
    """Return a text with every part that fits replaced, by a text taken as it is."""
    ready = _ready(text, pattern)
    if ready is None or new is None:
        return None
    parts = ready[0].split(ready[1])[:: ready[0].groups + 1]
    return str(new).join(part or "" for part in parts)

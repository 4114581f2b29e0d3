"""Durations as Go writes them: ``300ms``, ``5m``, ``1h30m``, ``1.5h``."""

import re

from supervisor.manifest.errors import describe
from supervisor.registration.errors import DurationError
from supervisor.registration.reading import Part

MAX_CALL_S = 30.0
MAX_JOB_S = 300.0
_LONGEST = 50
_LEAST_S = 0.001
_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "μs": 1e-6,
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_STEP = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_EXPECTED = 'a duration such as "30s", "5m" or "1h30m"'


def parse_duration(text: str) -> float:
    """Return the seconds of a duration that is not negative; raises DurationError."""
    if text in {"0", "+0"}:
        return 0.0
    if len(text) > _LONGEST:
        raise DurationError(describe(text), _EXPECTED)
    seconds, end = 0.0, 1 if text.startswith("+") else 0
    start = end
    while step := _STEP.match(text, end):
        seconds += float(step[1]) * _UNITS[step[2]]
        end = step.end()
    if end == start or end != len(text):
        raise DurationError(describe(text), _EXPECTED)
    return seconds


def read_duration(part: Part, key: str, ceiling_s: float) -> float | None:
    """Return the seconds at ``key``, at most the ceiling; None where there is no time."""
    value = part.value(key)
    if value is None or value in ("", "0"):
        return None
    try:
        seconds = parse_duration(value) if isinstance(value, str) else -1.0
    except DurationError:
        seconds = -1.0
    if seconds < _LEAST_S:
        part.warn(key, _EXPECTED, "the default holds")
        return None
    if seconds > ceiling_s:
        part.warn(key, f"at most {ceiling_s:g} s", f"{ceiling_s:g} s is used")
    return min(seconds, ceiling_s)

"""Limits that an admin can set for one plugin: name, unit and bounds of each, and their effect.

The bounds are what keeps a number that was typed in a hurry from harming the server; validation,
command line, API, pages and the manual all read this one table. Must not know where overrides are
kept, or who asks for them. What is not in the table (the size of a module, what compiling it may
take) is met before a plugin is installed, and is the operator's alone.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from supervisor.errors import LimitsInvalid
from supervisor.limits import KIB, MIB, Limits
from supervisor.views import LimitView

_NUMBER = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_PAGE_BYTES = 64 * KIB
"""See the WebAssembly specification: memory comes in pages of this size."""


@dataclass(frozen=True, slots=True)
class Overridable:
    """One limit that an admin may set; numbers are in ``unit``."""

    name: str
    field: str
    """Of ``Limits``."""
    label: str
    unit: str
    """Empty for a plain count."""
    factor: int
    """How many of the field's own unit are one of these."""
    least: float
    most: float
    sentence: str
    """Description of the limit."""

    @property
    def is_whole(self) -> bool:
        """Whether a fraction makes no sense."""
        return not self.unit

    def of(self, limits: Limits) -> float:
        """Return the limit as it stands in ``limits``."""
        return plain(getattr(limits, self.field) / self.factor)

    def within(self, value: float) -> float:
        """Return a value that is kept, within the bounds of today."""
        return plain(min(max(value, self.least), self.most))

    def stored(self, value: float) -> float:
        """Return a value in the unit of the field, within the bounds."""
        within = self.within(value)
        return float(within) if self.field.endswith("_s") else round(within * self.factor)

    def problem(self, value: object) -> str | None:
        """Return what is wrong with a value, None where it is fine."""
        kind = "a whole number" if self.is_whole else "a number"
        expected = f"expected {kind} from {self.least:g} to {self.most:g} {self.unit}".rstrip()
        if isinstance(value, bool) or not isinstance(value, int | float):
            return f"{expected}, found {str(value)[:40]!r}"
        # Written so that it also holds for a float that is not a number.
        if not self.least <= value <= self.most or (self.is_whole and value != int(value)):
            return f"{expected}, found {str(value)[:40]}"
        return None


TABLE: Mapping[str, Overridable] = {
    one.name: one
    for one in (
        Overridable(
            "deadline_s", "deadline_s", "Deadline", "s", 1, 0.1, 60,
            "time for the start, one event or one panel, including host calls",
        ),
        Overridable(
            "memory_mib", "memory_bytes", "Memory", "MiB", MIB, 1, 1024, "linear memory"
        ),
        Overridable(
            "table_elements", "table_elements", "Table elements", "", 1, 10, 200_000,
            "elements of a function table",
        ),
        Overridable(
            "payload_mib", "payload_bytes", "Payload", "MiB", MIB, 0.25, 16,
            "one event, including the plugin's configuration",
        ),
        Overridable(
            "http_request_mib", "http_request_bytes", "HTTP request", "MiB", MIB,
            0.25, 16,
            "method, URL, headers and body of one request; also the payload of any other host "
            "call",
        ),
        Overridable(
            "http_response_mib", "http_response_bytes", "HTTP response", "MiB", MIB,
            0.25, 64,
            "one response body, before and after decompression",
        ),
        Overridable(
            "http_requests", "http_requests", "HTTP requests", "", 1, 0, 500,
            "requests per event, including those of events that it causes",
        ),
        Overridable(
            "host_calls", "host_calls", "Host calls", "", 1, 0, 2_000,
            "host calls per event, including requests and those of events that it causes; log "
            "lines don't count",
        ),
        Overridable(
            "log_lines", "log_lines", "Log lines", "", 1, 0, 1_000, "log lines per event"
        ),
        Overridable(
            "log_line_kib", "log_line_bytes", "Log line length", "KiB", KIB, 0.25, 64,
            "one log line",
        ),
        Overridable(
            "changes_per_minute", "changes_per_minute", "Changes per minute", "", 1, 1, 100_000,
            "replies, notes and custom fields within a minute; above that, the plugin is "
            "disabled",
        ),
        Overridable(
            "stored_per_minute_mib", "stored_per_minute_bytes", "Stored per minute", "MiB", MIB,
            1, 1024,
            "changes with their events, log lines and records of host calls within a minute; "
            "above that, the plugin is disabled",
        ),
    )
}  # fmt: skip
"""By name, in the order in which they are shown."""


@dataclass(slots=True)
class LimitsInForce:
    """The limits of every plugin: the operator's for all, with an admin's for one on top."""

    defaults: Limits

    def of(self, overrides: Mapping[str, float]) -> Limits:
        """Return what holds for a plugin with these overrides.

        One that another version of the help desk knew is passed over, and none leaves its bounds.
        """
        found: dict[str, Any] = {
            TABLE[name].field: TABLE[name].stored(value)
            for name, value in overrides.items()
            if name in TABLE
        }
        return replace(self.defaults, **found)


def check_overrides(
    plugin_id: str,
    changes: Mapping[str, object],
    before: Mapping[str, float],
    memory_min_pages: int = 0,
) -> dict[str, float]:
    """Return a plugin's overrides after ``changes``; None takes one away. Raises LimitsInvalid.

    ``memory_min_pages``: what the plugin's module begins with, in pages of WebAssembly.
    """
    problems: dict[str, str] = {}
    after: dict[str, float] = {name: value for name, value in before.items() if name in TABLE}
    for name, value in changes.items():
        known = TABLE.get(name)
        if known is None:
            problems[name] = f"there is no such limit; the limits are {', '.join(TABLE)}"
        elif value is None:
            after.pop(name, None)
        elif found := known.problem(value) or _too_small(known, value, memory_min_pages):
            problems[name] = found
        elif isinstance(value, int | float):
            after[name] = plain(value)
    if problems:
        raise LimitsInvalid(plugin_id, problems)
    return after


def limit_views(limits: LimitsInForce, overrides: Mapping[str, float]) -> tuple[LimitView, ...]:
    """Return what is shown of a plugin's limits."""
    return tuple(
        LimitView(
            one.name,
            one.label,
            one.unit,
            one.within(overrides[name]) if name in overrides else one.of(limits.defaults),
            one.of(limits.defaults),
            plain(one.least),
            plain(one.most),
            one.sentence,
            name in overrides,
        )
        for name, one in TABLE.items()
    )


def read_number(text: str) -> float:
    """Return a number as a person types it; raises ValueError with what was expected."""
    if not _NUMBER.fullmatch(text.strip()):
        raise ValueError(f"expected a number, found {text[:40]!r}")
    return plain(float(text))


def plain(value: float) -> float:
    """Return a whole number as one, so that it shows without a fraction."""
    return int(value) if value == int(value) else value


def _too_small(known: Overridable, value: object, memory_min_pages: int) -> str | None:
    needed = memory_min_pages * _PAGE_BYTES
    if known.field != "memory_bytes" or not isinstance(value, int | float):
        return None
    if known.stored(value) >= needed:
        return None
    return f"the module starts with {needed / MIB:g} MiB, found {value:g}"

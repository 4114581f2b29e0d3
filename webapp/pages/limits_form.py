"""Reads the form of a plugin's own limits, which is made from the limits that it shows.

Pure: fields in, numbers and problems out. An empty field goes back to the operator's limit. Which
numbers are allowed is the supervisor's to check; here text only becomes numbers.
"""

from collections.abc import Mapping, Sequence

from supervisor.plugins.limits import read_number
from supervisor.views import LimitView

PREFIX = "limit."


def read_limits(
    fields: Mapping[str, str], limits: Sequence[LimitView]
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return what to set by name and, by name, what cannot be read."""
    overrides: dict[str, float | None] = {}
    problems: dict[str, str] = {}
    for limit in limits:
        text = fields.get(PREFIX + limit.name, "").strip()
        try:
            overrides[limit.name] = read_number(text) if text else None
        except ValueError as error:
            problems[limit.name] = str(error)
    return overrides, problems

"""The two forms of a plugin that are generated: its configuration and its own limits.

Pure: fields in, values and problems out. A secret is never shown again: left empty it is kept,
and a box beside it clears it. A limit that is left empty goes back to the operator's. What a value
must be is the supervisor's to check; here text only becomes numbers and truth values.
"""

from collections.abc import Mapping, Sequence

from supervisor.plugins.limits import read_number
from supervisor.views import ConfigFieldView, LimitView

_CONFIG = "config."
_LIMIT = "limit."
CLEAR_PREFIX = "clear."
_LONGEST_NUMBER = 20


def read_config(
    fields: Mapping[str, str], schema: Sequence[ConfigFieldView]
) -> tuple[dict[str, object], dict[str, str]]:
    """Return the values to save and, by field name, what cannot be read.

    A value of None empties its field; a field that is left out keeps what it has.
    """
    values: dict[str, object] = {}
    problems: dict[str, str] = {}
    for field in schema:
        text = fields.get(_CONFIG + field.name, "")
        if field.type == "boolean":
            values[field.name] = bool(text)
        elif field.secret:
            _read_secret(values, field, text, cleared=CLEAR_PREFIX + field.name in fields)
        elif field.type == "integer":
            _read_number(values, problems, field, text.strip())
        else:
            values[field.name] = text or None
    return values, problems


def _read_secret(
    values: dict[str, object], field: ConfigFieldView, text: str, *, cleared: bool
) -> None:
    if text:
        values[field.name] = text
    elif cleared:
        values[field.name] = None


def _read_number(
    values: dict[str, object], problems: dict[str, str], field: ConfigFieldView, text: str
) -> None:
    digits = text[1:] if text[:1] in {"-", "+"} else text
    if not text:
        values[field.name] = None
    elif digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER:
        values[field.name] = int(text)
    else:
        problems[field.name] = f"expected a whole number, found {text[:40]!r}"


def read_limits(
    fields: Mapping[str, str], limits: Sequence[LimitView]
) -> tuple[dict[str, float | None], dict[str, str]]:
    """Return what to set by name and, by name, what cannot be read."""
    overrides: dict[str, float | None] = {}
    problems: dict[str, str] = {}
    for limit in limits:
        text = fields.get(_LIMIT + limit.name, "").strip()
        try:
            overrides[limit.name] = read_number(text) if text else None
        except ValueError as error:
            problems[limit.name] = str(error)
    return overrides, problems

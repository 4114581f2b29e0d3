"""Reads the configuration form of a plugin, which is generated from its ``config_schema``.

Pure: fields in, values and problems out. A secret is never shown again: left empty it is kept,
and a box beside it clears it. What a value must be is the supervisor's to check; here text only
becomes numbers and truth values.
"""

from collections.abc import Mapping, Sequence

from supervisor.views import ConfigFieldView

PREFIX = "config."
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
        text = fields.get(PREFIX + field.name, "")
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

"""Checks of a manifest's values that types alone cannot express: text, doubles, defaults.

Names and labels end up on pages, in terminals and in logs, so that control characters and those
that turn the direction of writing are refused here, before anything shows them.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from supervisor.manifest.errors import ManifestError, describe
from supervisor.manifest.model import ConfigField
from supervisor.manifest.shape import ConfigFieldShape, ManifestShape

MAX_SAFE_INTEGER = 2**53 - 1
"""Largest integer that every JSON reader keeps exactly (RFC 8259, section 6)."""

MAX_STRING_BYTES = 64 * 1024
"""Bytes of UTF-8 of one configured string."""

_FIELD_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}", re.ASCII)
_LINE_BREAKERS = frozenset(("Cc", "Zl", "Zp"))
_DIRECTION_MARKS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def check_texts(shape: ManifestShape) -> None:
    """Refuse blank lines, and characters that are not text, in what people will read."""
    for field in ("name", "author", "license", "homepage"):
        check_line(field, getattr(shape, field))
    check_line("description", shape.description, allowed="\n\t")
    check_line("version", shape.version)
    check_line("id", shape.id)
    if shape.ui_panel is not None:
        check_line("ui_panel.title", shape.ui_panel.title)


def check_line(field: str, text: str | None, allowed: str = "") -> None:
    """Refuse ``text`` where it is blank or holds a character that is not text."""
    if text is None:
        return
    if not text.strip():
        raise ManifestError(field, describe(text), "some text", "fill it in or leave it out")
    for char in text:
        if char in _DIRECTION_MARKS or (
            unicodedata.category(char) in _LINE_BREAKERS and char not in allowed
        ):
            found = f"a text with the character U+{ord(char):04X}"
            raise ManifestError(field, found, "text without control characters")


def check_homepage(homepage: str | None) -> None:
    """Refuse spaces in the address, which is shown as a link."""
    if homepage is not None and any(char.isspace() or char in '<>"\\' for char in homepage):
        raise ManifestError("homepage", describe(homepage), "an address without spaces or quotes")


def check_events(events: Sequence[str]) -> None:
    """Refuse an event that is named twice."""
    for index, event in enumerate(events):
        if event in events[:index]:
            raise ManifestError(f"events[{index}]", f"{describe(event)} again", "each event once")


def check_field_names(raw: Mapping[str, Any]) -> None:
    """Refuse odd names in ``config_schema``: they are part of every later message about a field."""
    fields = raw.get("config_schema")
    for name in fields if isinstance(fields, dict) else ():
        if not _FIELD_NAME.fullmatch(name):
            raise ManifestError(
                "config_schema",
                f"an object with the field name {describe(name)}",
                "names of 1 to 64 letters, digits, dots, hyphens and underscores",
            )


def check_field(name: str, shape: ConfigFieldShape, hosts: Sequence[str]) -> ConfigField:
    """Return one field of ``config_schema``, checked against its type and the declared hosts."""
    path = f"config_schema.{name}"
    check_line(f"{path}.label", shape.label)
    check_line(f"{path}.description", shape.description or None, allowed="\n\t")
    if shape.secret and shape.type != "string":
        raise ManifestError(f"{path}.secret", "true", f"false for the type {shape.type}")
    _check_bind(path, shape, hosts)
    _check_options(path, shape)
    _check_default(path, shape)
    return ConfigField(
        name=name,
        type=shape.type,
        label=shape.label or name,
        description=shape.description or "",
        required=shape.required,
        secret=shape.secret,
        bind=tuple(shape.bind),
        bind_in=tuple(dict.fromkeys(shape.bind_in)),
        options=tuple(shape.options),
        default=shape.default,
    )


def _check_bind(path: str, shape: ConfigFieldShape, hosts: Sequence[str]) -> None:
    if shape.bind and not shape.secret:
        raise ManifestError(
            f"{path}.bind", describe(list(shape.bind)), "no bind without secret: true"
        )
    if shape.bind_in != ["header"] and not shape.bind:
        raise ManifestError(f"{path}.bind_in", describe(list(shape.bind_in)), "none without bind")
    for index, host in enumerate(shape.bind):
        if host not in hosts:
            raise ManifestError(
                f"{path}.bind[{index}]",
                describe(host),
                "one of permissions.http.allowed_hosts",
            )


def _check_options(path: str, shape: ConfigFieldShape) -> None:
    field = f"{path}.options"
    found = describe(list(shape.options)) if shape.options else "missing or empty"
    if shape.type != "select":
        if shape.options:
            raise ManifestError(field, found, f"no options for the type {shape.type}")
        return
    if not shape.options:
        raise ManifestError(field, found, "an array with at least one option")
    for index, option in enumerate(shape.options):
        check_line(f"{field}[{index}]", option)
        if option in shape.options[:index]:
            raise ManifestError(f"{field}[{index}]", f"{describe(option)} again", "each once")


def _check_default(path: str, shape: ConfigFieldShape) -> None:
    if shape.default is None:
        return
    problem = value_problem(shape.type, tuple(shape.options), shape.default)
    if problem is not None:
        found = "a value that does not fit" if shape.secret else describe(shape.default)
        raise ManifestError(f"{path}.default", found, problem)


def value_problem(kind: str, options: Sequence[str], value: object) -> str | None:
    """Say what is expected where ``value`` does not fit a field, or return None."""
    if kind == "boolean":
        return None if isinstance(value, bool) else "true or false"
    if kind == "integer":
        return _integer_problem(value)
    if kind == "select":
        fits = isinstance(value, str) and value in options
        return None if fits else "one of its options: " + ", ".join(describe(o) for o in options)
    return _string_problem(value)


def _integer_problem(value: object) -> str | None:
    # In Python True is an int; in JSON it is not.
    if isinstance(value, bool) or not isinstance(value, int):
        return "a whole number"
    return None if abs(value) <= MAX_SAFE_INTEGER else "a number of at most 2^53 - 1"


def _string_problem(value: object) -> str | None:
    if not isinstance(value, str):
        return "a text"
    try:
        size = len(value.encode("utf-8"))
    except UnicodeEncodeError:
        return "a text of whole Unicode characters"
    if "\0" in value:
        return "a text without NUL characters"
    return None if size <= MAX_STRING_BYTES else f"a text of at most {MAX_STRING_BYTES:,} bytes"

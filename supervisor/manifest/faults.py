"""Turns what the type checker says of a value into the sentence that an author needs.

The checker gives a path; the value there is what was found, and the description of the type there
is what is expected. Only the path is read out of its message, and a test fails when an upgrade
words it again.
"""

import re
from typing import Any

import msgspec
from msgspec import inspect

from supervisor.manifest.errors import ManifestError, describe
from supervisor.manifest.shape import ConfigFieldShape, ManifestShape

_PATH = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]|(\[\.\.\.\])")
_MISSING = re.compile(r"missing required field `(\w+)`")

Path = tuple[str | int, ...]


def convert(raw: dict[str, Any]) -> ManifestShape:
    """Return ``raw`` as the typed shape, or raise ``ManifestError`` for the first fault."""
    try:
        return msgspec.convert(raw, ManifestShape)
    except msgspec.ValidationError as error:
        raise _translate(str(error), raw) from None


def _translate(message: str, raw: dict[str, Any]) -> ManifestError:
    path = _path(message, raw)
    missing = _MISSING.search(message)
    if missing:
        return ManifestError(dotted((*path, missing[1])), "missing", _expected((*path, missing[1])))
    return ManifestError(dotted(path), describe(_value(raw, path)), _expected(path))


def _path(message: str, raw: dict[str, Any]) -> Path:
    found = _PATH.search(message)
    path: Path = ()
    for name, index, any_key in _STEP.findall(found[1] if found else ""):
        if any_key:
            path = (*path, _first_bad_field(raw["config_schema"]))
        else:
            path = (*path, name or int(index))
    return path


def _first_bad_field(fields: dict[str, Any]) -> str:
    # The checker does not tell which key of an object it was in.
    for name, definition in fields.items():
        try:
            msgspec.convert(definition, ConfigFieldShape)
        except msgspec.ValidationError:
            return name
    raise AssertionError("a field was refused with the others and is fine alone")


def _value(raw: Any, path: Path) -> Any:
    for step in path:
        raw = raw[step]
    return raw


def _expected(path: Path) -> str:
    kind: inspect.Type = inspect.type_info(ManifestShape)
    words = "one JSON object"
    for step in path:
        kind = _step_into(kind, step)
        if isinstance(kind, inspect.UnionType):
            kind = next(t for t in kind.types if not isinstance(t, inspect.NoneType))
        if isinstance(kind, inspect.Metadata):
            words = str((kind.extra_json_schema or {}).get("description", words))
            kind = kind.type
        elif isinstance(kind, inspect.StructType):
            words = "an object"
    return words


def _step_into(kind: inspect.Type, step: str | int) -> inspect.Type:
    if isinstance(kind, inspect.StructType):
        return next(field.type for field in kind.fields if field.encode_name == step)
    if isinstance(kind, inspect.DictType):
        return kind.value_type
    if isinstance(kind, inspect.ListType):
        return kind.item_type
    raise AssertionError(f"{step!r} leads nowhere in {kind!r}")


def dotted(path: Path) -> str:
    """Return a path as authors write it: ``permissions.http.allowed_hosts[0]``."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}"
    return text.removeprefix(".")


def unknown_keys(raw: dict[str, Any]) -> dict[str, Any]:
    """Return, by path, every key that the shape does not have, at every level of it."""
    found: dict[str, Any] = {}
    _collect_unknown(raw, inspect.type_info(ManifestShape), (), found)
    return found


def _collect_unknown(raw: Any, kind: inspect.Type, path: Path, found: dict[str, Any]) -> None:
    kind = _plain(kind)
    if isinstance(kind, inspect.StructType) and isinstance(raw, dict):
        known = {field.encode_name: field.type for field in kind.fields}
        for key, value in raw.items():
            if key in known:
                _collect_unknown(value, known[key], (*path, key), found)
            else:
                found[dotted((*path, key))] = value
    elif isinstance(kind, inspect.DictType) and isinstance(raw, dict):
        for key, value in raw.items():
            _collect_unknown(value, kind.value_type, (*path, key), found)


def _plain(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        kind = next(t for t in kind.types if not isinstance(t, inspect.NoneType))
    return kind.type if isinstance(kind, inspect.Metadata) else kind

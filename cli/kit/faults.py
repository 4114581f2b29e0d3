"""Says what is wrong in a document, where, and what is expected, from what the type checker says.

Only the path is read out of the checker's message; the words are the types' own descriptions.
"""

import difflib
import re
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from cli.trial.document import Document
from cli.trial.errors import FileWrong
from supervisor.manifest.errors import describe

_PATH = re.compile(r" - at `\$(.*)`$")
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"unknown field `(.*?)`")
_MISSING = re.compile(r"missing required field `(.*?)`")
_WORDS = {
    inspect.StrType: "a text",
    inspect.IntType: "a whole number",
    inspect.FloatType: "a number",
    inspect.BoolType: "true or false",
    inspect.ListType: "an array",
    inspect.DictType: "an object",
    inspect.StructType: "an object",
}

T = TypeVar("T")
Path = tuple[str | int, ...]


def read_as(document: Document, shape: type[T]) -> T:
    """Return a document as ``shape``; raises FileWrong with the line, the fault and the fix."""
    try:
        return msgspec.convert(document.plain, shape)
    except msgspec.ValidationError as exc:
        raise _translate(str(exc), document, inspect.type_info(shape)) from None


def _translate(message: str, document: Document, kind: inspect.Type) -> FileWrong:
    path = _path(message)
    here = _walk(kind, path)
    where = _dotted(path)
    if unknown := _UNKNOWN.search(message):
        return document.wrong((*path, unknown[1]), _unknown(unknown[1], where, here))
    if missing := _MISSING.search(message):
        wanted = _expected(_walk(kind, (*path, missing[1])))
        inside = f" in {where}" if where else ""
        return document.wrong(path, f"the key {missing[1]!r} is missing{inside}; expected {wanted}")
    found = describe(_value(document.plain, path))
    return document.wrong(path, f"{where or 'the file'} is {found}; expected {_expected(here)}")


def _unknown(key: str, where: str, kind: inspect.Type) -> str:
    names = [f.encode_name for f in _struct(kind).fields]
    near = difflib.get_close_matches(key, names, 1)
    meant = f"; did you mean {near[0]!r}?" if near else ""
    inside = f" in {where}" if where else ""
    return f"unknown key {key!r}{inside}; expected one of {', '.join(names)}{meant}"


def _path(message: str) -> Path:
    found = _PATH.search(message)
    steps = _STEP.findall((found[1] if found else "").replace("[...]", ""))
    return tuple(name or int(index) for name, index in steps)


def _walk(kind: inspect.Type, path: Path) -> inspect.Type:
    for step in path:
        inner = _without_none(kind)
        inner = inner.type if isinstance(inner, inspect.Metadata) else inner
        inner = _without_none(inner)
        if isinstance(inner, inspect.ListType):
            kind = inner.item_type
        elif isinstance(inner, inspect.DictType):
            kind = inner.value_type
        else:
            kind = next((f.type for f in _struct(inner).fields if f.encode_name == step), inner)
    return kind


def _struct(kind: inspect.Type) -> inspect.StructType:
    kind = _without_none(kind)
    if isinstance(kind, inspect.Metadata):
        kind = _without_none(kind.type)
    if isinstance(kind, inspect.UnionType):
        kind = next(t for t in kind.types if isinstance(t, inspect.StructType))
    assert isinstance(kind, inspect.StructType)  # noqa: S101 - only structs have named fields
    return kind


def _without_none(kind: inspect.Type) -> inspect.Type:
    if isinstance(kind, inspect.UnionType):
        rest = [t for t in kind.types if not isinstance(t, inspect.NoneType)]
        return rest[0] if len(rest) == 1 else kind
    return kind


def _expected(kind: inspect.Type) -> str:
    kind = _without_none(kind)
    if isinstance(kind, inspect.Metadata):
        words = (kind.extra_json_schema or {}).get("description")
        return str(words) if words else _expected(kind.type)
    if isinstance(kind, inspect.LiteralType):
        return "one of " + ", ".join(str(value) for value in kind.values)
    if isinstance(kind, inspect.UnionType):
        return " or ".join(_expected(t) for t in kind.types)
    return _limits(kind) or _WORDS.get(type(kind), "something else")


def _limits(kind: inspect.Type) -> str:
    if not isinstance(kind, inspect.IntType | inspect.FloatType):
        return ""
    word = _WORDS[type(kind)]
    if kind.gt is not None:
        return f"{word} greater than {kind.gt}"
    return f"{word} of at least {kind.ge}" if kind.ge is not None else word


def _value(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _dotted(path: Path) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")

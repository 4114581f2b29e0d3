"""YAML from strangers: the plain part of it, as values that JSON has.

ruamel.yaml scans and parses; values are made from its events here, so that aliases, tags and merge
keys never come to life, and a version stays the text that was written: ``1.10`` is no number.
"""

import re
from collections.abc import Iterator
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from sandbox_child.packages.caps import Caps
from sandbox_child.packages.errors import PackageError, quoted

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})", re.ASCII)
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_TEXTS = frozenset({"name", "version", "min_host_version", "description", "author", "license"})
"""Keys whose values are texts, also where they look like numbers or words."""


class _Yaml(YAML):
    """Looks for no plug-ins in the file system: the child that reads can open nothing."""

    def official_plug_ins(self) -> list[str]:
        """Return none."""
        return []


_End = (MappingEndEvent, SequenceEndEvent)


def read_yaml(text: str, entry: str, caps: Caps) -> Any:
    """Return the one document in ``text``; raises PackageError."""
    return _Builder(text, entry, caps).document()


class _Builder:
    def __init__(self, text: str, entry: str, caps: Caps) -> None:
        self._entry = entry
        self._caps = caps
        self._events = self._checked(text)

    def document(self) -> Any:
        first = next(self._events, None)
        if first is None:
            return None
        value = self._value(first, "", 1)
        if next(self._events, None) is not None:
            raise self._wrong("holds more than one document")
        return value

    def _checked(self, text: str) -> Iterator[Any]:
        try:
            for count, event in enumerate(_Yaml(typ="safe", pure=True).parse(text)):
                if count > self._caps.manifest_values:
                    raise self._wrong(f"holds more than {self._caps.manifest_values:,} values")
                if isinstance(event, AliasEvent):
                    raise self._wrong("uses an alias (*name); aliases are not allowed")
                if getattr(event, "tag", None) is not None:
                    raise self._wrong(
                        f"uses the tag {quoted(str(event.tag))}; tags are not allowed"
                    )
                if isinstance(event, (*_End, ScalarEvent, MappingStartEvent, SequenceStartEvent)):
                    yield event
                elif isinstance(event, DocumentStartEvent) and event.version:
                    raise self._wrong("has a %YAML directive; leave it out")
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            where = f" in line {mark.line + 1}" if mark else ""
            raise self._wrong(f"is not YAML: {_plain(error.problem)}{where}") from None
        except (YAMLError, ValueError, RecursionError) as error:
            raise self._wrong(f"is not YAML: {_plain(error)}") from None

    def _value(self, event: Any, key: str, depth: int) -> Any:
        if isinstance(event, ScalarEvent):
            return _scalar(event, key)
        if depth > self._caps.manifest_depth:
            raise self._wrong(f"is nested deeper than {self._caps.manifest_depth} levels")
        if isinstance(event, SequenceStartEvent):
            return self._sequence(depth)
        return self._mapping(depth)

    def _sequence(self, depth: int) -> list[Any]:
        items = []
        while not isinstance(event := next(self._events), SequenceEndEvent):
            items.append(self._value(event, "", depth + 1))
        return items

    def _mapping(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise self._wrong("has a key that is not plain text")
            key = str(event.value)
            if key in values:
                raise self._wrong(f"has the key {quoted(key)} twice")
            values[key] = self._value(next(self._events), key, depth + 1)
        return values

    def _wrong(self, problem: str) -> PackageError:
        return PackageError(problem, self._entry)


def _scalar(event: ScalarEvent, key: str) -> Any:
    text = str(event.value)
    if event.style is not None or (key in _TEXTS and text not in {"", "~", "null"}):
        return text
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    return int(text) if _INTEGER.fullmatch(text) else text


def _plain(problem: object) -> str:
    line = str(problem or "it cannot be read").splitlines()[0][:100]
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in line)

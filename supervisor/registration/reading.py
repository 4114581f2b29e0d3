"""Reads typed values out of one JSON object, and forgives: what is wrong costs as little as it can.

Keys are compared without case, as Go does, and ``null`` is the same as absent. ``need_…`` raises
``Broken``, which costs the part that asked (see ``Part.each``); the others warn and give a default.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from supervisor.manifest.errors import ManifestError, describe
from supervisor.manifest.rules import check_line
from supervisor.registration.errors import RegistrationRefused
from supervisor.registration.notes import Notes

T = TypeVar("T")

MAX_ID = 100
MAX_LINE = 200
MAX_TEXT = 2_000
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*", re.ASCII)


class Broken(Exception):
    """A part cannot be used; its reader says what is lost."""

    def __init__(self, path: str, found: str, expected: str) -> None:
        self.path = path
        self.found = found
        self.expected = expected
        super().__init__(f"{path} is {found}; expected {expected}")


class Part:
    """One JSON object of the registration, at ``path``."""

    def __init__(self, raw: Mapping[str, Any], path: str, notes: Notes) -> None:
        """Raises RegistrationRefused where two keys differ by case alone."""
        self.path = path
        self.notes = notes
        self._values: dict[str, Any] = {}
        for key, value in raw.items():
            folded = key.casefold()
            if folded in self._values:
                found = f"an object with the key {describe(key)} twice, in other letter case"
                raise RegistrationRefused(path, found, "each key once")
            self._values[folded] = value

    def at(self, key: str) -> str:
        """Return the path of a key."""
        return f"{self.path}.{key}" if self.path else key

    def has(self, key: str) -> bool:
        """Tell whether a key has a value."""
        return self._values.get(key) is not None

    def value(self, key: str) -> Any:
        """Return what stands at ``key``, None where nothing does."""
        return self._values.get(key)

    def warn(self, key: str, expected: str, lost: str, found: str | None = None) -> None:
        """Keep a warning about the value at ``key``."""
        self.notes.warn(self.at(key), found or describe(self.value(key)), expected, lost)

    def broken(self, key: str, expected: str) -> Broken:
        """Return the error for a value that this part cannot do without."""
        return Broken(
            self.at(key), describe(self.value(key)) if self.has(key) else "missing", expected
        )

    def need_line(self, key: str, most: int = MAX_LINE) -> str:
        """Return a text on one line of 1 to ``most`` characters; raises Broken."""
        if not self.has(key):
            raise self.broken(key, f"a text of 1 to {most} characters")
        return _checked(self.at(key), self.value(key), most)

    def need_id(self, key: str = "id") -> str:
        """Return a name fit for addresses and logs; raises Broken."""
        value = self.need_line(key, MAX_ID)
        if not _ID.fullmatch(value):
            raise self.broken(
                key, "a name of letters, digits, dots, colons, hyphens and underscores"
            )
        return value

    def need_word(self, key: str, words: tuple[str, ...], default: str | None = None) -> str:
        """Return one of ``words``, in any letter case; raises Broken."""
        value = self.value(key)
        if value is None or value == "":
            if default is not None:
                return default
        elif isinstance(value, str) and value.isascii():
            for word in words:
                if word.lower() == value.lower():
                    return word
        raise self.broken(key, listed(words))

    def word(self, key: str, words: tuple[str, ...], default: str) -> str:
        """Return one of ``words``, else ``default`` with a warning."""
        try:
            return self.need_word(key, words, default)
        except Broken:
            self.warn(key, listed(words), f"{default or 'nothing'} is used")
            return default

    def text(self, key: str, most: int = MAX_LINE, *, lines: bool = False) -> str:
        """Return a text of at most ``most`` characters, empty where there is none."""
        value = self.value(key)
        if value is None or value == "":
            return ""
        try:
            checked = _checked(self.at(key), value, most, "\n\t" if lines else "")
        except Broken as broken:
            self.notes.warn(broken.path, broken.found, broken.expected, "it is left empty")
            return ""
        return checked

    def number(self, key: str, low: int, high: int) -> int | None:
        """Return a whole number from ``low`` to ``high``, None where there is none."""
        value = self.value(key)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            self.warn(key, f"a whole number from {low} to {high}", "it is ignored")
            return None
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true or false."""
        value = self.value(key)
        if value is None or isinstance(value, bool):
            return default if value is None else value
        self.warn(key, "true or false", f"{str(default).lower()} is used")
        return default

    def lines(self, key: str, most: int, longest: int = MAX_LINE) -> tuple[str, ...]:
        """Return the texts of an array, each once."""
        found: dict[str, None] = {}
        for place, item in self.items(key, most):
            try:
                found[_checked(place, item, longest)] = None
            except Broken as broken:
                self.notes.warn(broken.path, broken.found, broken.expected, "it is ignored")
        return tuple(found)

    def items(self, key: str, most: int) -> Iterator[tuple[str, Any]]:
        """Yield path and value of the first ``most`` items of an array; absent is empty."""
        value = self.value(key)
        if value is None:
            return
        if not isinstance(value, list):
            self.warn(key, "an array", f"{key} is ignored")
            return
        if len(value) > most:
            self.warn(key, f"an array of at most {most} items", "the others are ignored")
        yield from ((f"{self.at(key)}[{index}]", item) for index, item in enumerate(value[:most]))

    def each(self, key: str, most: int, what: str, read: Callable[["Part"], T]) -> tuple[T, ...]:
        """Return what ``read`` makes of each object in an array; a broken one is left out."""
        taken = []
        for path, item in self.items(key, most):
            try:
                taken.append(read(Part(_object(path, item), path, self.notes)))
            except Broken as broken:
                lost = f"the {what} is ignored"
                self.notes.warn(broken.path, broken.found, broken.expected, lost)
        return tuple(taken)

    def part(self, key: str) -> "Part | None":
        """Return the object at ``key``, None where there is none."""
        value = self.value(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.warn(key, "an object", f"{key} is ignored")
            return None
        return Part(value, self.at(key), self.notes)


def listed(words: tuple[str, ...]) -> str:
    """Return ``words`` as "one of a, b, c"."""
    return "one of " + ", ".join(words)


def _checked(path: str, value: Any, most: int, allowed: str = "") -> str:
    """Return a text of 1 to ``most`` characters without control characters; raises Broken."""
    if not isinstance(value, str) or not value.strip() or len(value) > most:
        raise Broken(path, describe(value), f"a text of 1 to {most} characters")
    try:
        check_line(path, value, allowed)
    except ManifestError as error:
        raise Broken(path, error.found, error.expected) from None
    return value


def _object(path: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Broken(path, describe(value), "an object")
    return value

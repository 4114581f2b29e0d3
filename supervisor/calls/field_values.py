"""Custom fields of a plugin: names, values, changes and searches. Pure.

A field lies on a ticket as text, under the plugin's name and the field's own (``stats_score``). A
value that is no text lies there as JSON; a text that would be read as another value is put in
quotes, so that what is read is what was written. A field that is declared as text is always text.
"""

import json
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any, Final, TypeGuard

from supervisor.registration import FieldWish
from supervisor.registration.grants import FunctionRefused

_TEXTS = frozenset({"text", "textarea", "string", "select", "dropdown", "date", "datetime", "url"})
_NUMBERS = frozenset({"number", "integer", "int", "decimal", "float", "currency", "percent"})
_FLAGS = frozenset({"boolean", "bool", "checkbox"})
_LISTS = frozenset({"multi_select", "multiselect", "tags", "list"})
_LARGEST = 1e300
_LIKE_CHARACTERS = 1_000
"""Of a value that ``like`` looks at."""
_MOST_FILTERS, _MOST_IN = 20, 1_000
OPERATORS: Final = ("eq", "neq", "gt", "lt", "gte", "lte", "like", "in", "between")


_COMPARISONS: Final = {
    "gt": operator.gt,
    "lt": operator.lt,
    "gte": operator.ge,
    "lte": operator.le,
}


@dataclass(frozen=True, slots=True)
class FieldNames:
    """The fields of one plugin."""

    plugin: str
    """Its name, which has no underscore."""
    declared: Mapping[str, str]
    """Name to type, as it declares them."""

    @classmethod
    def of(cls, plugin: str, wishes: Sequence[FieldWish]) -> "FieldNames":
        """Return those of a plugin that declares ``wishes``."""
        return cls(plugin, {wish.name: wish.field_type.lower() for wish in wishes})

    def key(self, name: object) -> str:
        """Return the key of a field on a ticket; raises FunctionRefused for what is no name."""
        plain = isinstance(name, str) and name.isascii() and name.replace("_", "a").isalnum()
        if not isinstance(name, str) or not plain:
            raise FunctionRefused("a field's name: expected letters, digits and underscores")
        key = f"{self.plugin}_{name}"
        if len(key) > 64:
            raise FunctionRefused(f"the field {name[:40]!r}: with the plugin's name it is too long")
        return key

    def own(self, fields: Mapping[str, str]) -> dict[str, Any]:
        """Return the values of a ticket's fields that are the plugin's, by their short names."""
        start = f"{self.plugin}_"
        return {
            key.removeprefix(start): self.read(key.removeprefix(start), text)
            for key, text in fields.items()
            if key.startswith(start)
        }

    def read(self, name: str, text: str) -> Any:
        """Return the value that lies on a ticket as ``text``."""
        if self.declared.get(name) in _TEXTS:
            return text
        try:
            return json.loads(text, parse_constant=_refuse)
        except (ValueError, RecursionError):
            return text

    def write(self, name: str, value: Any) -> str:
        """Return a value as text; raises FunctionRefused where the field takes no such value."""
        kind = self.declared.get(name, "")
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        wrong = value is not None and (
            (kind in _TEXTS and not isinstance(value, str))
            or (kind in _NUMBERS and not is_number)
            or (kind in _FLAGS and not isinstance(value, bool))
            or (kind in _LISTS and not isinstance(value, list))
        )
        if wrong:
            raise FunctionRefused(f"the field {name[:40]!r}: expected a value of type {kind}")
        if value is None:
            return ""
        if isinstance(value, str) and (kind in _TEXTS or self.read(name, value) == value):
            return value
        return json.dumps(value, ensure_ascii=False)

    def changed(self, values: Mapping[str, Any], fields: Mapping[str, str]) -> dict[str, str]:
        """Return the texts that ``values`` make of ``fields``; raises FunctionRefused."""
        made: dict[str, str] = {}
        for name, value in values.items():
            key = self.key(name)
            is_change = isinstance(value, dict) and isinstance(value.get("op"), str)
            found = self.read(name, fields.get(key, ""))
            made[key] = self.write(name, _changed(name, value, found) if is_change else value)
        return made


def _changed(name: str, change: Mapping[str, Any], found: Any) -> Any:
    """Return what an operation makes of a field's value; raises FunctionRefused."""
    op, value = change["op"], change.get("value")
    shown = f"the field {name[:40]!r}"
    if op == "increment":
        return _incremented(shown, change, found)
    if op in {"append", "remove"}:
        items = found if isinstance(found, list) else []
        if op == "remove":
            return [item for item in items if item != value]
        return items if value in items else [*items, value]
    if op == "cas":
        expected = change.get("expect")
        if (None if found == "" else found) != (None if expected == "" else expected):
            raise FunctionRefused(f"{shown} has another value than the one that was expected")
        return value
    if op == "toggle":
        return found is not True
    raise FunctionRefused(f"{shown}: expected increment, append, remove, cas or toggle as op")


def _incremented(shown: str, change: Mapping[str, Any], found: Any) -> float:
    start, step = found if _is_number(found) else 0, change.get("value", 1)
    if not _is_number(step):
        raise FunctionRefused(f"{shown}: expected a number as value")
    made: float = start + step
    floor, ceiling = change.get("floor"), change.get("ceiling")
    lowest = floor if _is_number(floor) else -math.inf
    highest = ceiling if _is_number(ceiling) else math.inf
    # Written so that it also holds for what is no number, or larger than any that is finite.
    if not max(lowest, -_LARGEST) <= made <= min(highest, _LARGEST):
        raise FunctionRefused(f"{shown} would pass its bound")
    return made


@dataclass(frozen=True, slots=True)
class FieldFilter:
    """One condition of a search."""

    name: str
    operator: str
    value: Any
    value2: Any

    def fits(self, found: Any) -> bool:
        """Tell whether a value fits; one of another kind fits nothing but ``neq``."""
        if self.operator in {"eq", "neq"}:
            return (found == self.value) is (self.operator == "eq")
        if self.operator == "in":
            return found in self.value
        if self.operator == "like":
            return isinstance(found, str) and _like(
                found[:_LIKE_CHARACTERS].lower(), self.value.lower()
            )
        low, high = self.value, self.value2
        if self.operator == "between":
            both = _comparable(found, low) and _comparable(found, high)
            return both and bool(low <= found <= high)
        compare = _COMPARISONS[self.operator]
        return _comparable(found, low) and bool(compare(found, low))


def read_filters(given: Sequence[Any], names: FieldNames) -> Sequence[FieldFilter]:
    """Return the conditions of a search; raises FunctionRefused."""
    if not given or len(given) > _MOST_FILTERS:
        raise FunctionRefused(f"filters: expected 1 to {_MOST_FILTERS}")
    return [_read(each, names) for each in given]


def _read(given: Any, names: FieldNames) -> FieldFilter:
    if not isinstance(given, dict):
        raise FunctionRefused("filters: expected objects with field, operator and value")
    name, how = given.get("field"), given.get("operator") or "eq"
    names.key(name)
    if how not in OPERATORS:
        raise FunctionRefused(f"operator: expected one of {', '.join(OPERATORS)}")
    value = given.get("value")
    if how == "in" and (not isinstance(value, list) or len(value) > _MOST_IN):
        raise FunctionRefused(f"value: expected a list of at most {_MOST_IN:,} with in")
    if how == "like" and (not isinstance(value, str) or len(value) > 200):
        raise FunctionRefused("value: expected a text of at most 200 characters with like")
    return FieldFilter(str(name), how, value, given.get("value2"))


def _like(text: str, pattern: str) -> bool:
    """Match ``%`` and ``_`` as SQL does, in time that grows with text times pattern."""
    matched = [True] + [False] * len(text)
    for sign in pattern:
        if sign == "%":
            matched = list(accumulate(matched, operator.or_))
        else:
            shifted = [
                matched[i - 1] and (sign == "_" or text[i - 1] == sign)
                for i in range(1, len(matched))
            ]
            matched = [False, *shifted]
    return matched[-1]


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _comparable(one: Any, other: Any) -> bool:
    both_texts = isinstance(one, str) and isinstance(other, str)
    return both_texts or (_is_number(one) and _is_number(other))


def _refuse(constant: str) -> Any:
    raise ValueError(constant)

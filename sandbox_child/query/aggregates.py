"""MySQL's functions over many rows that SQLite does not have, or not with their options."""

import math
from typing import Any

from sandbox_child.query.texts import number

LONGEST = 1 << 20
"""Characters of a GROUP_CONCAT; what goes beyond is cut off, as MySQL does."""
MOST_VALUES = 100_000
"""That a GROUP_CONCAT puts in order."""


class GroupConcat:
    """``gk_group_concat(value, separator, distinct, key, descending, key, descending ...)``."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, tuple[tuple[Any, bool], ...]]] = []
        self._seen: set[str] | None = None
        self._separator = ","
        self._room = 4 * LONGEST

    def step(self, value: object, separator: object, distinct: int, *keys: Any) -> None:
        """Take a row."""
        if value is None or len(self._rows) >= MOST_VALUES or self._room <= 0:
            return
        word = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        self._separator = str(separator)
        if distinct:
            self._seen = set() if self._seen is None else self._seen
            if word.lower() in self._seen:
                return
            self._seen.add(word.lower())
        self._room -= len(word)
        self._rows.append((word, tuple(zip(keys[::2], map(bool, keys[1::2]), strict=True))))

    def finalize(self) -> str | None:
        """Return the words in order, joined."""
        if not self._rows:
            return None
        count = len(self._rows[0][1])
        for place in reversed(range(count)):
            self._rows.sort(
                key=lambda row, place=place: _rank(row[1][place][0]),  # type: ignore[misc]
                reverse=self._rows[0][1][place][1],
            )
        return self._separator.join(word for word, _ in self._rows)[:LONGEST]


def _rank(value: Any) -> tuple[int, Any]:
    """Order values of several types as SQLite does: NULL, numbers, texts."""
    if value is None:
        return 0, 0
    if isinstance(value, int | float):
        return 1, value
    return 2, value.lower() if isinstance(value, str) else str(value)


class _Spread:
    """Mean and sum of squares, one value after another (Welford)."""

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0

    def step(self, value: object) -> None:
        """Take a row."""
        read = number(value)
        if read is None or not math.isfinite(read):
            return
        self._count += 1
        off = read - self._mean
        self._mean += off / self._count
        self._squares += off * (read - self._mean)

    def _variance(self, less: int) -> float | None:
        return self._squares / (self._count - less) if self._count > less else None


class VariancePop(_Spread):
    """Of all rows."""

    def finalize(self) -> float | None:
        """Return it."""
        return self._variance(0)


class VarianceSamp(_Spread):
    """Of a sample."""

    def finalize(self) -> float | None:
        """Return it."""
        return self._variance(1)


class DeviationPop(_Spread):
    """Its root."""

    def finalize(self) -> float | None:
        """Return it."""
        found = self._variance(0)
        return None if found is None else math.sqrt(found)


class DeviationSamp(_Spread):
    """Its root."""

    def finalize(self) -> float | None:
        """Return it."""
        found = self._variance(1)
        return None if found is None else math.sqrt(found)


AGGREGATES: dict[str, tuple[int, type]] = {
    "gk_group_concat": (-1, GroupConcat),
    "gk_stddev_pop": (1, DeviationPop),
    "gk_stddev_samp": (1, DeviationSamp),
    "gk_var_pop": (1, VariancePop),
    "gk_var_samp": (1, VarianceSamp),
}
"""Name, number of arguments (-1: any), and the class."""

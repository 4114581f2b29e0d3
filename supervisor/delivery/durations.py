"""Durations in buckets: what a delivery is put into, and what can be said of many of them.

Pure. The buckets stand so close that a quantile is right to within an eighth: ten to a decade from
a microsecond to 100 seconds, and the bounds that monitors are shown among them, so that those can
be counted exactly. Buckets are kept as counts in a list, or sparsely as index to count.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import sqrt

SHOWN_S = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds that monitors are shown; what is slower falls into one more."""
_A_DECADE = 10
_DECADES = range(-6 * _A_DECADE, 2 * _A_DECADE + 1)
BOUNDS_S = tuple(sorted({*SHOWN_S, *(float(f"{10 ** (n / _A_DECADE):.3g}") for n in _DECADES)}))
"""Upper bounds of the buckets; what is slower falls into one more."""
_SHOWN_ENDS = tuple(BOUNDS_S.index(bound) + 1 for bound in SHOWN_S)


def shown(buckets: Sequence[int]) -> tuple[int, ...]:
    """Return the counts between the bounds that monitors are shown, and what is slower."""
    starts, ends = (0, *_SHOWN_ENDS), (*_SHOWN_ENDS, len(buckets))
    return tuple(sum(buckets[a:b]) for a, b in zip(starts, ends, strict=True))


def difference(now: Sequence[int], before: Sequence[int]) -> dict[int, int]:
    """Return what has come to which bucket."""
    return {i: n - b for i, (n, b) in enumerate(zip(now, before, strict=True)) if n != b}


def merged(parts: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """Return the sum of sparse buckets."""
    total: dict[int, int] = {}
    for part in parts:
        for index, count in part.items():
            total[index] = total.get(index, 0) + count
    return total


def quantiles_ms(buckets: Mapping[int, int], *wanted: float) -> tuple[float | None, ...]:
    """Return durations in milliseconds that so large a share does not exceed; None where none is.

    At most 12.5% from the true one, between a microsecond and 100 seconds.
    """
    total = sum(buckets.values())
    if not total:
        return (None,) * len(wanted)
    found = []
    for share in wanted:
        rest = share * total
        for index in sorted(buckets):
            rest -= buckets[index]
            if rest <= 0:
                break
        found.append(round(_middle_s(index) * 1000, 4))
    return tuple(found)


def _middle_s(index: int) -> float:
    """Return the duration that stands for a bucket: as far, in proportion, from either bound."""
    if index == 0:
        return BOUNDS_S[0]
    if index == len(BOUNDS_S):
        return BOUNDS_S[-1]
    return sqrt(BOUNDS_S[index - 1] * BOUNDS_S[index])

"""A row of the table: a figure, its peers' figures, what is to be reached, and whether it is."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

OURS = "ours"
"""What the row's own figure is called among the contenders."""


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of all do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


@dataclass(frozen=True, slots=True)
class Sample:
    """One figure as it came out round by round."""

    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """Return the middle of the rounds."""
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """Return half the distance between the quartiles, as a fraction of the median."""
        if len(self.values) < 2 or not self.median:
            return 0.0
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return (high - low) / 2 / abs(self.median)

    def over(self, other: "Sample") -> float:
        """Return the median of the ratios to ``other``, each taken within one round."""
        return statistics.median(a / b for a, b in zip(self.values, other.values, strict=True))


@dataclass(frozen=True, slots=True)
class Limit:
    """What is to be reached: a bound on the figure itself, or on its ratio to a peer."""

    bound: float
    of: str | None = None
    """Name of the peer; None: the figure itself, in the row's unit."""
    at_least: bool = False

    def holds(self, value: float) -> bool:
        """Tell whether ``value``, the figure or the ratio, keeps the bound."""
        return value >= self.bound if self.at_least else value <= self.bound

    def text(self, unit: str) -> str:
        """Return it in words."""
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.bound:g} {unit if self.of is None else f'x {self.of}'}"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    unit: str
    ours: Sample | None
    """None where this machine does not let it be measured; ``note`` says why."""
    peers: Mapping[str, Sample] = field(default_factory=dict)
    limits: Sequence[Limit] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    """Peers without a figure on this machine, and why."""
    note: str = ""

    @classmethod
    def of(
        cls,
        name: str,
        unit: str,
        samples: Mapping[str, Sample],
        *,
        limits: Sequence[Limit] = (),
        missing: Mapping[str, str] | None = None,
        note: str = "",
    ) -> "Row":
        """Make a row of what ``harness.interleave`` returned; ``ours`` is the figure itself."""
        peers = {peer: sample for peer, sample in samples.items() if peer != OURS}
        return cls(name, unit, samples[OURS], peers, limits, missing or {}, note)

    @classmethod
    def empty(cls, name: str, unit: str, why: str) -> "Row":
        """Make a row that could not be measured."""
        return cls(name, unit, None, note=why)

    def ratios(self) -> dict[str, float]:
        """Return this row's figure over each peer's."""
        if self.ours is None:
            return {}
        return {peer: self.ours.over(sample) for peer, sample in self.peers.items()}

    def verdicts(self) -> list[tuple[Limit, bool | None]]:
        """Return each limit with whether it holds; None where the peer has no figure."""
        return [(limit, self._holds(limit)) for limit in self.limits]

    def met(self) -> bool | None:
        """Tell whether every limit that could be judged holds; None where there was none."""
        known = [holds for _, holds in self.verdicts() if holds is not None]
        return all(known) if known else None

    def _holds(self, limit: Limit) -> bool | None:
        if limit.of is None:
            return None if self.ours is None else limit.holds(self.ours.median)
        ratio = self.ratios().get(limit.of)
        return None if ratio is None else limit.holds(ratio)

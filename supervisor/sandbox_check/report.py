"""Report of a sandbox check."""

import enum
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from supervisor.views import ControlView


class Result(enum.StrEnum):
    """Result of one attack."""

    STOPPED = "stopped"
    OPEN = "open"
    HARMLESS = "harmless"
    """It succeeds, and is allowed: the detail says why."""
    SKIPPED = "skipped"
    """It proves nothing here, mostly as it fails without a lockdown too: the detail says why."""


@dataclass(frozen=True, slots=True)
class AttackResult:
    """One attack."""

    name: str
    family: str
    result: Result
    by: str
    """The control that stopped it, as far as can be told; empty where none did."""
    control: str
    """Whether the same attack worked without the lockdown: ``succeeded`` or ``failed``."""
    detail: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Everything that was tried."""

    attacks: tuple[AttackResult, ...]
    controls: tuple[ControlView, ...]
    """The steps of the lockdown, as a locked child reported them."""
    seconds: float

    def count(self, result: Result) -> int:
        """Return how many attacks ended this way."""
        return sum(attack.result is result for attack in self.attacks)

    @property
    def holds(self) -> bool:
        """Whether nothing is open, and something was proven at all."""
        return not self.count(Result.OPEN) and self.count(Result.STOPPED) > 0

    def as_json(self) -> dict[str, Any]:
        """Return it in the form that ``--json`` prints."""
        return {
            "attacks": _rows(self.attacks),
            "controls": _rows(self.controls),
            **{result.value: self.count(result) for result in Result},
            "seconds": round(self.seconds, 2),
        }


def _rows(items: Sequence[AttackResult | ControlView]) -> list[dict[str, Any]]:
    return [asdict(item) for item in items]

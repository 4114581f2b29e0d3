"""Conditions on tickets in SQL, and the one of them that an index may lead the query by.

SQLite guesses which condition leaves the fewest rows; with several it often guesses wrong, and then
reads many whole tickets, descriptions and all. So it is told: a condition that names one person or
group leads, else one that stands alone, else none, and the list is read from an index that holds
all that lists filter by (``storage.list_step``). A plus in front of a column keeps its index out of
the choice (https://www.sqlite.org/optoverview.html). Must not know what the conditions mean.
"""

import enum
from typing import Any


class Lead(enum.IntEnum):
    """Selectivity of a condition: how few tickets it usually leaves."""

    NEVER = 0
    ALONE = 1
    """Many tickets, in the order of an index, as long as nothing else is asked."""
    PERSON = 2
    """The tickets of one person or group."""
    FEW = 3
    """Known to be few: they have been counted."""


class Where:
    """Conditions joined by *and*, with their values."""

    def __init__(self, prefix: str = "v") -> None:
        self._prefix = prefix
        self._conditions: list[tuple[Lead, str]] = []
        self.values: dict[str, Any] = {}

    def add(self, condition: str, *values: Any, lead: Lead = Lead.NEVER) -> None:
        """Add a condition; ``{t}`` stands for the ticket, each ``?`` for one of ``values``."""
        for value in values:
            name = f"{self._prefix}{len(self.values)}"
            self.values[name] = value
            condition = condition.replace("?", f":{name}", 1)
        self._conditions.append((lead, f"({condition})"))

    @property
    def is_empty(self) -> bool:
        """Tell whether every ticket matches."""
        return not self._conditions

    @property
    def is_led(self) -> bool:
        """Tell whether a condition leaves so few tickets that sorting them costs nothing."""
        return any(lead >= Lead.PERSON for lead, _ in self._conditions)

    def sql(self, *, alone: bool = True) -> str:
        """Write the conditions; ``alone``: whether one that stands alone may lead."""
        leader = self._leader(alone=alone)
        written = (
            condition.replace("{t}", "t" if number == leader else "+t")
            for number, (_, condition) in enumerate(self._conditions)
        )
        return " AND ".join(written) or "1"

    def _leader(self, *, alone: bool) -> int | None:
        leads = [lead for lead, _ in self._conditions]
        best = max(leads, default=Lead.NEVER)
        if best >= Lead.PERSON or (best is Lead.ALONE and alone and len(leads) == 1):
            return leads.index(best)
        return None

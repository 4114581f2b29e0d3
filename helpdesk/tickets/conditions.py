"""Conditions of a list's query, and which of them an index may serve.

SQLite guesses which condition leaves the fewest rows; with several it often guesses wrong, and then
reads many whole tickets, descriptions and all. So it is told: a condition that names one person or
group leads, else one that stands alone, else none, and the list is read from an index that holds
all that lists filter by (``storage.list_step``). A plus in front of a column keeps its index out of
the choice (https://www.sqlite.org/optoverview.html). Must not know what the conditions mean.
"""

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

SHORT = 30_000
"""Numbers that a list may have to be made whole: that takes about 5 ms."""
_ALWAYS = "1"
_SEEKS = 4_000
"""Tickets that a stream asks about, divided among the long lists that it asks."""
_SEEK_COST = 90
"""Numbers that are listed in the time that one ticket is asked for."""


class Lead(enum.IntEnum):
    """Selectivity of a condition: how few tickets it usually leaves."""

    NEVER = 0
    ALONE = 1
    """Many tickets, in the order of an index, as long as nothing else is asked."""
    PERSON = 2
    """The tickets of one person or group."""
    FEW = 3
    """Known to be few: they have been counted."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Tickets by their numbers, as a search finds them; both forms have the same values."""

    select: str
    """A query for the numbers, in a column ``number``."""
    seek: str | None
    """The same asked of one ticket ``{t}``, which reads no list; None where that costs more."""
    size: int
    """How many rows the query has, or so many that it does not matter."""
    is_counted: bool = False
    """Whether the whole query is counted, however long it is."""


@dataclass(frozen=True, slots=True)
class _Condition:
    lead: Lead
    text: str
    seek: str | None = None
    """The same without a long list, if it has one."""
    select: str | None = None
    """A query for the numbers of the tickets that it leaves, where that is a long list."""
    size: int = 0
    """Of its list of numbers."""


class Where:
    """Conditions joined by *and*, with their values."""

    def __init__(self, prefix: str = "v") -> None:
        self._prefix = prefix
        self._conditions: list[_Condition] = []
        self.values: dict[str, Any] = {}

    def add(self, condition: str, *values: Any, lead: Lead = Lead.NEVER) -> None:
        """Add a condition; ``{t}`` stands for the ticket, each ``?`` for one of ``values``."""
        (text,) = self._named([condition], values)
        self._conditions.append(_Condition(lead, f"({text})"))

    def add_numbers(
        self, numbers: Numbers, *values: Any, unwanted: bool = False, lead: Lead = Lead.NEVER
    ) -> None:
        """Add that a ticket is among ``numbers``, or that it is not; ``?`` as for ``add``."""
        select, seek = self._named([numbers.select, numbers.seek or ""], values)
        negation = "NOT " if unwanted else ""
        text = f"({{t}}.number {negation}IN ({select}))"
        if numbers.size <= SHORT or not seek:
            self._conditions.append(_Condition(lead, text, size=numbers.size))
            return
        leading = None if unwanted or numbers.is_counted else select
        sought = f"({negation}({seek}))"
        self._conditions.append(_Condition(lead, text, sought, leading, numbers.size))

    def _named(self, texts: Iterable[str], values: Sequence[Any]) -> list[str]:
        found = list(texts)
        for value in values:
            name = f"{self._prefix}{len(self.values)}"
            self.values[name] = value
            found = [text.replace("?", f":{name}", 1) for text in found]
        return found

    @property
    def is_empty(self) -> bool:
        """Tell whether every ticket matches."""
        return not self._conditions

    @property
    def is_led(self) -> bool:
        """Tell whether a condition leaves so few tickets that sorting them costs nothing."""
        return any(condition.lead >= Lead.PERSON for condition in self._conditions)

    @property
    def is_long(self) -> bool:
        """Tell whether a list of numbers is long: ``sql`` has another form for it."""
        return any(condition.seek for condition in self._conditions)

    @property
    def is_narrow(self) -> bool:
        """Tell whether a short list stands beside the long ones."""
        return any(one.size and not one.seek for one in self._conditions)

    def sql(self, *, alone: bool = True, seeking: bool = False) -> str:
        """Write the conditions; ``alone``: whether one that stands alone may lead.

        ``seeking``: makes no long list of numbers, for where few tickets are looked at.
        """
        return self._written(self._leader(alone=alone), seeking=seeking)

    @property
    def seeks_few(self) -> bool:
        """Tell whether so few tickets are left that asking each costs less than the long lists."""
        few = [one.size for one in self._conditions if one.lead is Lead.FEW]
        long = sum(one.size for one in self._conditions if one.seek)
        if few:
            return min(few) * _SEEK_COST < long
        return any(one.lead is Lead.PERSON for one in self._conditions)

    @property
    def streams(self) -> bool:
        """Tell whether tickets are best found one by one, along a long list of numbers."""
        long = any(one.select for one in self._conditions)
        return long and not self.is_led and not self.is_narrow

    def stream(self, most: int) -> str:
        """Write a query that counts tickets that fit, along the shortest of the long lists.

        It has one row: how many fit, ``most + 1`` at most, and whether the list was read to its
        end. It looks at no more tickets than can be asked in some 20 ms.
        """
        place = min((one.size, at) for at, one in enumerate(self._conditions) if one.select)[1]
        rest = self._written(None, seeking=True, but=place)
        listed = f"SELECT DISTINCT number FROM ({self._conditions[place].select})"  # noqa: S608
        joined = "AS s CROSS JOIN tickets AS t ON t.number = s.number"
        asked = sum(1 for one in self._conditions if one.seek) - 1
        looked_at = _SEEKS if rest != _ALWAYS else most + 1
        # Each ticket is asked for several words, until one does not fit.
        looked_at //= max(1, asked * (1 + asked // 4))
        fitting = (
            f"SELECT 1 FROM ({listed} LIMIT {looked_at}) {joined}"  # noqa: S608
            f" WHERE {rest} LIMIT {most + 1}"
        )
        return (
            f"SELECT (SELECT count(*) FROM ({fitting})) AS found,"  # noqa: S608
            f" (SELECT count(*) FROM ({listed} LIMIT {looked_at + 1})) <= {looked_at} AS is_whole"
        )

    def _written(self, leader: int | None, *, seeking: bool, but: int | None = None) -> str:
        written = [
            (
                one.size if seeking and one.seek else 0,
                ((one.seek if seeking else None) or one.text).replace(
                    "{t}", "t" if place == leader else "+t"
                ),
            )
            for place, one in enumerate(self._conditions)
            if place != but
        ]
        # What costs most is asked last.
        written.sort(key=lambda one: one[0])
        return " AND ".join(text for _, text in written) or _ALWAYS

    def _leader(self, *, alone: bool) -> int | None:
        leads = [condition.lead for condition in self._conditions]
        best = max(leads, default=Lead.NEVER)
        if best >= Lead.PERSON or (best is Lead.ALONE and alone and len(leads) == 1):
            return leads.index(best)
        return None

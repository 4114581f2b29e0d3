"""Puts figures into the few characters that a table has for them, in one language.

Owns no markup. The functions of the module are those of English.
"""

from webapp.rendering.catalogues import ENGLISH, Wording, wording

UNKNOWN = "\N{EN DASH}"
"""Stands where nothing was measured."""
_UNITS = ("{n} s", "{n} min", "{n} h", "{n} d")
_SECONDS = (1, 60, 3_600, 86_400)


class Figures:
    """Figures as the readers of one language write them."""

    def __init__(self, words_of: Wording) -> None:
        self._words = words_of

    def _put(self, text: str, value: float, digits: int = 0) -> str:
        return self._words.text(text).replace("{n}", self._words.count(value, digits))

    def span(self, seconds: float | None) -> str:
        """Show a length of time with its two greatest units, such as ``2 h 5 min``."""
        if seconds is None:
            return UNKNOWN
        whole = int(seconds)
        if whole < 60:
            return self._put(_UNITS[0], whole)
        place = next(at for at in (3, 2, 1) if whole >= _SECONDS[at])
        large = _SECONDS[place]
        rest = whole % large // _SECONDS[place - 1]
        said = self._put(_UNITS[place], whole // large)
        return f"{said} {self._put(_UNITS[place - 1], rest)}" if rest else said

    def milliseconds(self, value: float | None) -> str:
        """Show a duration with three digits that mean something: ``1.25 ms``, ``2.1 s``."""
        if value is None:
            return UNKNOWN
        if value >= 1_000:
            return self._put("{n} s", value / 1_000, 1)
        return self._put("{n} ms", value, 0 if value >= 100 else 1 if value >= 10 else 2)

    def percent(self, value: float | None) -> str:
        """Show a share of one processor."""
        if value is None:
            return UNKNOWN
        return self._put("{n} %", value, 0 if value >= 10 or value == 0 else 1)

    def rate(self, value: float) -> str:
        """Show a number of events per minute."""
        return self._words.count(value, 0 if value >= 10 or value == 0 else 1)

    def count(self, value: int | None) -> str:
        """Show a whole number."""
        return UNKNOWN if value is None else self._words.count(value)

    def size(self, value: int | None) -> str:
        """Show a number of bytes with a unit."""
        if value is None:
            return self._words.text("unknown")
        amount = float(value)
        for unit in ("{n} bytes", "{n} KiB", "{n} MiB"):
            if amount < 1024:
                return self._put(unit, amount, 0 if amount == int(amount) else 1)
            amount /= 1024
        return self._put("{n} GiB", amount, 1)


_ENGLISH = Figures(wording(ENGLISH))
span, milliseconds, percent = _ENGLISH.span, _ENGLISH.milliseconds, _ENGLISH.percent
rate, count, size = _ENGLISH.rate, _ENGLISH.count, _ENGLISH.size


def counted(value: int, one: str, several: str = "") -> str:
    """Show a number with its noun, such as ``1 error`` or ``2 errors``."""
    return f"{value:,} {one if value == 1 else several or one + 's'}"

"""Puts figures into the few characters that a table has for them. Pure; owns no markup."""

UNKNOWN = "\N{EN DASH}"
"""Stands where nothing was measured."""


def span(seconds: float | None) -> str:
    """Show a length of time with its two greatest units, such as ``2 h 5 min``."""
    if seconds is None:
        return UNKNOWN
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    place = next(i for i, (size, _) in enumerate(units) if whole >= size)
    (large, large_name), (small, small_name) = units[place : place + 2]
    rest = whole % large // small
    return f"{whole // large} {large_name}" + (f" {rest} {small_name}" if rest else "")


def milliseconds(value: float | None) -> str:
    """Show a duration with three digits that mean something, such as ``1.25 ms`` or ``2.1 s``."""
    if value is None:
        return UNKNOWN
    if value >= 1_000:
        return f"{value / 1_000:.1f} s"
    if value >= 100:
        return f"{value:.0f} ms"
    return f"{value:.1f} ms" if value >= 10 else f"{value:.2f} ms"


def percent(value: float | None) -> str:
    """Show a share of one processor."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f} %" if value >= 10 or value == 0 else f"{value:.1f} %"


def rate(value: float) -> str:
    """Show a number of events per minute."""
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:.1f}"


def count(value: int | None) -> str:
    """Show a whole number."""
    return UNKNOWN if value is None else f"{value:,}"


def counted(value: int, one: str, several: str = "") -> str:
    """Show a number with its noun, such as ``1 error`` or ``2 errors``."""
    return f"{value:,} {one if value == 1 else several or one + 's'}"


def size(value: int | None) -> str:
    """Show a number of bytes with a unit."""
    if value is None:
        return "unknown"
    amount = float(value)
    for unit in ("bytes", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if amount == int(amount) else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"

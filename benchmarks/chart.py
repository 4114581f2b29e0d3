"""Draws lines over two logarithmic axes as an SVG picture, which needs nothing else to be shown.

Each line is named at its end, in its own colour, so that there is no legend to look up. It knows
nothing of what is measured.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 720, 400
_LEFT, _RIGHT, _TOP, _BOTTOM = 74, 168, 44, 54
_COLOURS = ("#2563eb", "#c2410c", "#15803d", "#7e22ce", "#475569")
_APART = 15
"""Pixels that the names at the ends of two lines are apart at least."""
_SHARE = 0.12
"""Of a power of ten: room above and below the lines."""

Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """What is to be drawn; every coordinate is above zero."""

    title: str
    across: str
    """Name of the horizontal axis, with its unit."""
    up: str
    lines: Mapping[str, Points]

    def svg(self) -> str:
        """Return the picture."""
        x = _Axis.over(at for points in self.lines.values() for at, _ in points)
        y = _Axis.over((at for points in self.lines.values() for _, at in points), room=_SHARE)
        parts = [*self._frame(), *_grid(x, y), *_lines(self.lines, x, y)]
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
            f'font-family="system-ui, sans-serif" font-size="12" role="img" '
            f'aria-label="{escape(self.title)}">\n' + "\n".join(parts) + "\n</svg>\n"
        )

    def _frame(self) -> list[str]:
        middle = (_LEFT + _WIDTH - _RIGHT) / 2
        return [
            f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
            _text(_LEFT, 22, self.title, size=15, weight=600),
            _text(middle, _HEIGHT - 12, self.across, anchor="middle", fill="#475569"),
            _text(_LEFT, _TOP - 6, self.up, fill="#475569"),
        ]


@dataclass(frozen=True, slots=True)
class _Axis:
    low: float
    high: float
    """Both as logarithms to the base of ten."""

    @classmethod
    def over(cls, values: Iterable[float], room: float = 0.0) -> "_Axis":
        logs = [math.log10(value) for value in values]
        low, high = min(logs) - room, max(logs) + room
        return cls(low, high if high > low else low + 1)

    def share(self, value: float) -> float:
        """Return where a value lies, from 0 to 1."""
        return (math.log10(value) - self.low) / (self.high - self.low)

    def ticks(self) -> list[float]:
        """Return 1, 2 and 5 times the powers of ten in between; only the powers where many fit."""
        steps = (1, 2, 5) if self.high - self.low < 2.5 else (1,)
        powers = range(math.floor(self.low), math.ceil(self.high) + 1)
        values = [step * 10.0**power for power in powers for step in steps]
        near = 1e-9
        return [v for v in values if self.low - near <= math.log10(v) <= self.high + near]


def _across(x: _Axis, value: float) -> float:
    return round(_LEFT + x.share(value) * (_WIDTH - _LEFT - _RIGHT), 1)


def _up(y: _Axis, value: float) -> float:
    return round(_HEIGHT - _BOTTOM - y.share(value) * (_HEIGHT - _TOP - _BOTTOM), 1)


def _grid(x: _Axis, y: _Axis) -> list[str]:
    parts = []
    right, floor = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    for value in y.ticks():
        at = _up(y, value)
        parts.append(f'<path d="M{_LEFT} {at}H{right}" stroke="#e2e8f0"/>')
        parts.append(_text(_LEFT - 8, at + 4, _short(value), anchor="end", fill="#475569"))
    for value in x.ticks():
        at = _across(x, value)
        parts.append(f'<path d="M{at} {_TOP}V{floor}" stroke="#e2e8f0"/>')
        parts.append(_text(at, floor + 18, _short(value), anchor="middle", fill="#475569"))
    return parts


def _lines(lines: Mapping[str, Points], x: _Axis, y: _Axis) -> list[str]:
    parts = []
    ends = sorted((_up(y, points[-1][1]), name) for name, points in lines.items())
    beside: dict[str, float] = {}
    lowest = -math.inf
    for at, name in ends:
        beside[name] = lowest = max(at, lowest + _APART)
    for (name, points), colour in zip(lines.items(), _COLOURS, strict=False):
        places = [(_across(x, at), _up(y, value)) for at, value in points]
        path = "L".join(f"{at} {height}" for at, height in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{at}" cy="{up}" r="3" fill="{colour}"/>' for at, up in places]
        end = f"{name}, {_short(points[-1][1])}"
        parts.append(_text(_WIDTH - _RIGHT + 8, beside[name] + 4, end, fill=colour))
    return parts


def _text(
    at: float,
    height: float,
    text: str,
    *,
    anchor: str = "start",
    fill: str = "#0f172a",
    size: int = 12,
    weight: int = 400,
) -> str:
    return (
        f'<text x="{at}" y="{height}" text-anchor="{anchor}" fill="{fill}" '
        f'font-size="{size}" font-weight="{weight}">{escape(text)}</text>'
    )


def _short(value: float) -> str:
    """Return a number in three digits: 1,000 as 1k."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"

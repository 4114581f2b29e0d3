"""Draws what a plugin did over time as the paths of an SVG: geometry and nothing else.

A drawing is stretched to the width that it is shown at, so it holds no text: labels are the
page's. Every chart comes with a sentence that says the same, for those who do not see it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from supervisor.views import HistoryPoint, PluginHistory
from webapp.rendering.catalogues import N_
from webapp.rendering.formatting import count, counted, milliseconds, percent, size

SPARK_HEIGHT = 20
HEIGHT = 100
"""Units of a chart's drawing from bottom to top; its width has ``STEP`` for each point."""
STEP = 4

Number = Callable[[HistoryPoint], float | int | None]


@dataclass(frozen=True, slots=True)
class Spark:
    """Deliveries a minute in the last hour, as two bars upon each other."""

    width: int
    height: int
    good: str
    bad: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Series:
    """One figure of a chart."""

    name: str
    kind: str
    """Class of the drawing: how it is coloured."""
    path: str
    latest: str


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing with its labels."""

    title: str
    width: int
    series: tuple[Series, ...]
    is_bars: bool
    top: str
    """Value of the upper edge; the lower edge is zero."""
    sentence: str


@dataclass(frozen=True, slots=True)
class _Figure:
    name: str
    kind: str
    of: Number


def spark(history: PluginHistory) -> Spark:
    """Draw the sparkline of a plugin."""
    points = history.points
    most = max((point.deliveries for point in points), default=0)
    scale = SPARK_HEIGHT / max(most, 4)
    good, bad = [], []
    for place, point in enumerate(points):
        failed, all_of_it = point.errors * scale, point.deliveries * scale
        if point.errors:
            bad.append(_stroke(place, 0, max(1.5, failed)))
        if point.deliveries > point.errors:
            good.append(_stroke(place, failed, max(failed + 1.5, all_of_it)))
    total, errors = (
        sum(point.deliveries for point in points),
        sum(point.errors for point in points),
    )
    said = (
        f"{counted(total, 'delivery', 'deliveries')} in the last hour, {counted(errors, 'error')}"
    )
    return Spark(2 * len(points), SPARK_HEIGHT, "".join(good), "".join(bad), said)


def _stroke(place: int, low: float, high: float) -> str:
    return f"M{2 * place + 1} {_short(SPARK_HEIGHT - low)}V{_short(SPARK_HEIGHT - high)}"


_TIMES = (
    _Figure("p50", "first", lambda point: point.p50_ms),
    _Figure("p95", "second", lambda point: point.p95_ms),
)
_CPU = (_Figure("mean", "first", lambda point: point.cpu_percent),)
_MEMORY = (
    _Figure("process", "first", lambda point: point.uss_bytes),
    _Figure("guest", "second", lambda point: point.guest_memory_bytes),
)
_WAITING = (_Figure("max", "first", lambda point: point.waiting),)


def charts(history: PluginHistory) -> tuple[Chart, ...]:
    """Draw everything that is known of a plugin's last hour or day."""
    points = history.points
    step = "per minute" if history.step_s == 60 else f"per {history.step_s // 60} minutes"
    return (
        _bars(points, f"Deliveries {step}"),
        _lines(points, N_("Delivery time"), _TIMES, milliseconds),
        _lines(points, "CPU", _CPU, percent),
        _lines(points, N_("Memory"), _MEMORY, lambda value: size(_whole(value))),
        _lines(points, N_("Events waiting"), _WAITING, lambda value: count(_whole(value))),
    )


def _whole(value: float | None) -> int | None:
    return None if value is None else int(value)


def _bars(points: Sequence[HistoryPoint], title: str) -> Chart:
    most = max((point.deliveries for point in points), default=0)
    scale = HEIGHT / max(most, 1)
    good = "".join(
        _bar(place, point.errors * scale, point.deliveries * scale)
        for place, point in enumerate(points)
    )
    bad = "".join(_bar(place, 0, point.errors * scale) for place, point in enumerate(points))
    done = sum(point.deliveries for point in points)
    failed = sum(point.errors for point in points)
    return Chart(
        title,
        STEP * len(points),
        (
            Series("ok", "first", good, count(done - failed)),
            Series("errors", "bad", bad, count(failed)),
        ),
        is_bars=True,
        top=count(most),
        sentence=f"{title}: {done:,} in total, {counted(failed, 'error')}, peak {most:,}",
    )


def _bar(place: int, low: float, high: float) -> str:
    if high <= low:
        return ""
    left, top, bottom = STEP * place, _short(HEIGHT - high), _short(HEIGHT - low)
    return f"M{left} {bottom}V{top}H{left + STEP - 1}V{bottom}z"


def _lines(
    points: Sequence[HistoryPoint],
    title: str,
    figures: Sequence[_Figure],
    say: Callable[[float | None], str],
) -> Chart:
    most = max(
        (value for figure in figures for value in _values(points, figure.of) if value is not None),
        default=None,
    )
    series = tuple(
        Series(
            figure.name,
            figure.kind,
            _line(_values(points, figure.of), HEIGHT / (most or 1)),
            say(_latest(_values(points, figure.of))),
        )
        for figure in figures
    )
    latest = ", ".join(f"{one.name} {one.latest}" for one in series)
    told = f"now {latest}; peak {say(most)}" if most is not None else "no data yet"
    return Chart(title, STEP * len(points), series, False, say(most), f"{title}: {told}")


def _values(points: Iterable[HistoryPoint], of: Number) -> list[float | int | None]:
    return [of(point) for point in points]


def _latest(values: Sequence[float | int | None]) -> float | int | None:
    return next((value for value in reversed(values) if value is not None), None)


def _line(values: Sequence[float | int | None], scale: float) -> str:
    """Return a line with a gap wherever nothing was measured; a lone point is a short dash."""
    parts, drawn = [], False
    for place, value in enumerate(values):
        if value is None:
            drawn = False
            continue
        x, y = STEP * place, _short(HEIGHT - value * scale)
        parts.append(f"L{x} {y}" if drawn else f"M{x} {y}h2")
        drawn = True
    return "".join(parts)


def _short(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")

"""History of one plugin, minute by minute: pure, fed with the time and with figures.

A ``Step`` (``store.history``) is one minute. A :class:`Meter` holds the last hour of them in memory
and adds to the one that runs now; what is older is in the database. Minutes are those of the wall
clock: one that comes again, as the clock was set back, is gone on with.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache

from supervisor.delivery.durations import difference, merged, quantiles_ms
from supervisor.delivery.tally import Tally
from supervisor.store.history import DAY, HOUR, MINUTE_S, Step, Use, most
from supervisor.text import timestamp
from supervisor.views import HistoryPoint

_RATE_S = 300.0
_RATE_EVERY_S = 5.0


class Meter:
    """One plugin's figures. Times are monotonic seconds, minutes those of the wall clock."""

    def __init__(
        self,
        tally: Tally,
        minute: int,
        now: float,
        known: Mapping[int, Step] | None = None,
        errors: Mapping[int, int] | None = None,
    ) -> None:
        """``known`` and ``errors``: steps of the last hour and errors by minute of the last day.

        They are what the last run of the server has left.
        """
        self.steps: dict[int, Step] = dict(known or {})
        self._day_errors: dict[int, int] = dict(errors or {})
        self._tally = tally
        self.minute = minute
        """The one that ran at the last look."""
        self._at = self._used_at = now
        self._deliveries = 0
        self._errors = 0
        self._buckets = [0] * len(tally.buckets)
        self._rate: deque[tuple[float, int]] = deque([(now, 0)])
        self._before = self._hour_before()
        self._points: dict[int, HistoryPoint] = {}
        """Of minutes that are over."""

    def look(self, minute: int, now: float, use: Use | None) -> None:
        """Take up what has happened since the last look.

        ``use`` is None where nothing runs, or nobody asked what it uses. Where another minute
        begins, what has happened belongs to the one before.
        """
        self._take_up()
        if use is not None:
            self._step().use(use, now - self._used_at)
            self._used_at = now
        self._at = now
        self._follow_rate(now)
        if minute == self.minute:
            return
        # Over now, but not when it was shown; the one that begins may be one that was over before.
        for each in (self.minute, minute):
            self._points.pop(each, None)
        self.minute = minute
        self.steps = {m: s for m, s in self.steps.items() if minute - HOUR < m <= minute}
        self._day_errors = {m: n for m, n in self._day_errors.items() if minute - DAY < m <= minute}
        self._points = {m: p for m, p in self._points.items() if m in self.steps}
        self._before = self._hour_before()

    def forget(self) -> None:
        """The plugin is gone, and what it did; one of the same id that comes starts again."""
        self._take_up()
        self.steps, self._day_errors, self._before, self._points = {}, {}, {}, {}
        self._rate = deque([(self._at, self._deliveries)])

    def hour(self) -> tuple[HistoryPoint, ...]:
        """Return a point for each minute of the last hour; those that are over are kept made."""
        return tuple(self._point(m) for m in range(self.minute - HOUR + 1, self.minute + 1))

    def _point(self, minute: int) -> HistoryPoint:
        step = self.steps.get(minute)
        if step is None:
            return _nothing(minute)
        if minute == self.minute:
            return _point(minute, (step,))
        if (point := self._points.get(minute)) is None:
            point = self._points[minute] = _point(minute, (step,))
        return point

    def events_a_minute(self) -> float:
        """Return deliveries a minute over the last five minutes; the first minute counts as one."""
        began, before = self._rate[0]
        return (self._deliveries - before) * 60 / max(60.0, self._at - began)

    def errors_of_the_day(self) -> int:
        """Return the errors of the last 24 hours."""
        return sum(self._day_errors.values())

    def hour_quantiles_ms(self, *wanted: float) -> tuple[float | None, ...]:
        """Return quantiles of the deliveries of the last hour."""
        step = self.steps.get(self.minute)
        return quantiles_ms(merged((self._before, step.buckets)) if step else self._before, *wanted)

    def _take_up(self) -> None:
        tally = self._tally
        if tally.errors != self._errors:
            new = tally.errors - self._errors
            self._step().errors += new
            self._day_errors[self.minute] = self._day_errors.get(self.minute, 0) + new
            self._errors = tally.errors
        if (deliveries := tally.deliveries) != self._deliveries:
            step, buckets = self._step(), list(tally.buckets)
            step.deliveries += deliveries - self._deliveries
            step.buckets = merged((step.buckets, difference(buckets, self._buckets)))
            self._deliveries, self._buckets = deliveries, buckets

    def _step(self) -> Step:
        return self.steps.setdefault(self.minute, Step())

    def _follow_rate(self, now: float) -> None:
        if now - self._rate[-1][0] >= _RATE_EVERY_S:
            self._rate.append((now, self._deliveries))
        while len(self._rate) > 1 and self._rate[1][0] <= now - _RATE_S:
            self._rate.popleft()

    def _hour_before(self) -> dict[int, int]:
        return merged(s.buckets for m, s in self.steps.items() if m != self.minute)


def points(
    steps: Mapping[int, Step], last: int, *, count: int, step_minutes: int
) -> tuple[HistoryPoint, ...]:
    """Return ``count`` points of so many minutes each, the last of which holds the minute ``last``.

    Points begin at multiples of their length.
    """
    end = last // step_minutes
    grouped: dict[int, list[Step]] = {}
    for minute, step in steps.items():
        grouped.setdefault(minute // step_minutes, []).append(step)
    return tuple(
        _point(number * step_minutes, grouped.get(number, ()))
        for number in range(end - count + 1, end + 1)
    )


@lru_cache(maxsize=4 * HOUR)
def _nothing(minute: int) -> HistoryPoint:
    return _point(minute, ())


def _point(minute: int, steps: Sequence[Step]) -> HistoryPoint:
    p50, p95 = quantiles_ms(merged(step.buckets for step in steps), 0.5, 0.95)
    measured = sum(step.cpu_s for step in steps)
    return HistoryPoint(
        at=timestamp(minute * MINUTE_S * 1000),
        deliveries=sum(step.deliveries for step in steps),
        errors=sum(step.errors for step in steps),
        p50_ms=p50,
        p95_ms=p95,
        waiting=most(*(step.waiting for step in steps)),
        cpu_percent=sum(step.cpu for step in steps) / measured if measured else None,
        uss_bytes=most(*(step.uss for step in steps)),
        guest_memory_bytes=most(*(step.guest for step in steps)),
    )

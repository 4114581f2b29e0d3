"""Places for work, which go round fairly between those who wait.

It is start-time fair queueing: whoever has had the least of the server's time comes next, so that
one who asks for a hundred things waits for themselves, and one who asks for the first comes at
once. A place is held until it is given back, at most ``hold_s``: by then the work waits for
something else (a plugin, a peer), and whoever is next need not wait for that.

A gate can yield to another: while somebody has a place there, one place is given each ``TICK_S``
instead of as soon as there is one. Must not know what the work is.
"""

from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio

TICK_S = 0.04
LEAST_S = 0.001
"""What a place costs at least, in seconds of the server's time."""
_MOST_REMEMBERED = 1_000


class Crowded(Exception):
    """Too many of the same key wait already."""


@dataclass(eq=False, slots=True)
class Place:
    """The right to work now."""

    key: str
    began: float


@dataclass(eq=False, slots=True)
class Waiter:
    """Somebody in line, and what is called with their place when it is their turn."""

    key: str
    call: Callable[[Place], None]
    place: Place | None = None


class Gate:
    """So many places in all and for each key; ``run`` must run as long as it is used."""

    def __init__(
        self,
        *,
        most: int | None,
        most_each: int,
        hold_s: float,
        waiting_each: int,
        yields_to: "Gate | None" = None,
        clock: Callable[[], float] = trio.current_time,
    ) -> None:
        self._most = most
        self._most_each = most_each
        self._hold_s = hold_s
        self._waiting_each = waiting_each
        self._superior = yields_to
        self._clock = clock
        self._held: OrderedDict[Place, None] = OrderedDict()
        self._held_by: Counter[str] = Counter()
        self._lines: dict[str, deque[Waiter]] = {}
        self._finish: dict[str, float] = {}
        self._virtual = 0.0
        self._active = trio.Event()
        self._when_calm: list[Callable[[], None]] = []
        if yields_to is not None:
            yields_to.tell_when_calm(self._advance)

    def tell_when_calm(self, call: Callable[[], None]) -> None:
        """Call this each time that the last place is given back."""
        self._when_calm.append(call)

    @property
    def at_work(self) -> int:
        """How many places are held."""
        return len(self._held)

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return sum(len(line) for line in self._lines.values())

    @asynccontextmanager
    async def place(self, key: str) -> AsyncIterator[Callable[[], None]]:
        """Wait for a place and hold it; yields what gives it back before the end.

        Raises ``Crowded`` where too many with this key wait already.
        """
        place = await self.enter(key)
        try:
            yield lambda: self.leave(place)
        finally:
            self.leave(place)

    async def turn(self, key: str) -> None:
        """Wait for a place and give it back in the next round of the event loop."""
        async with self.place(key):
            await trio.lowlevel.checkpoint()

    async def run(self) -> None:
        """Take back places that are held too long, and see that nobody waits forever."""
        while True:
            await self._active.wait()
            while self._held or self._lines:
                await trio.sleep(TICK_S)
                self._expire()
                self._advance(although_busy=True)
            self._active = trio.Event()

    def enter_at_once(self, key: str) -> Place | None:
        """Take a place where one is free and nobody waits; ``leave`` gives it back."""
        if self._lines or not self._is_free() or not self._has_room(key) or self._must_yield():
            return None
        return self._begin(key)

    async def enter(self, key: str) -> Place:
        """Wait for a place, which ``leave`` gives back. Raises ``Crowded``."""
        await trio.lowlevel.checkpoint()
        if (place := self.enter_at_once(key)) is not None:
            return place
        called = trio.Event()
        waiter = self.ask(key, lambda _place: called.set())
        try:
            await called.wait()
        except BaseException:
            self.withdraw(waiter)
            raise
        assert waiter.place is not None  # noqa: S101 - whoever calls gives one
        return waiter.place

    def ask(self, key: str, call: Callable[[Place], None]) -> Waiter:
        """Get in line; ``call`` gets the place, perhaps before this returns. Raises ``Crowded``."""
        if len(self._lines.get(key, ())) >= self._waiting_each:
            raise Crowded
        waiter = Waiter(key, call)
        self._lines.setdefault(key, deque()).append(waiter)
        self._active.set()
        self._advance()
        return waiter

    def withdraw(self, waiter: Waiter) -> None:
        """Give up what was asked for: the place, or the one in line."""
        if waiter.place is not None:
            self.leave(waiter.place)
            return
        line = self._lines[waiter.key]
        line.remove(waiter)
        if not line:
            del self._lines[waiter.key]

    def _advance(self, *, although_busy: bool = False) -> None:
        """Give the free places to those who have had the least."""
        while self._lines and self._is_free() and (although_busy or not self._must_yield()):
            waiting = [key for key in self._lines if self._has_room(key)]
            if not waiting:
                return
            key = min(waiting, key=self._start_of)
            waiter = self._lines[key].popleft()
            if not self._lines[key]:
                del self._lines[key]
            waiter.place = place = self._begin(key)
            waiter.call(place)
            if although_busy and self._must_yield():
                return

    def _begin(self, key: str) -> Place:
        place = Place(key, self._clock())
        self._virtual = max(self._virtual, self._start_of(key))
        self._finish[key] = self._start_of(key) + LEAST_S
        self._held[place] = None
        self._held_by[key] += 1
        self._active.set()
        if len(self._finish) > _MOST_REMEMBERED:
            # Of those who have had little, nothing need be known.
            most = sorted(self._finish.items(), key=lambda item: -item[1])
            self._finish = dict(most[: _MOST_REMEMBERED // 2])
        return place

    def leave(self, place: Place) -> None:
        """Give a place back; once is enough, and more does no harm."""
        if place not in self._held:
            return
        del self._held[place]
        self._held_by[place.key] -= 1
        if not self._held_by[place.key]:
            del self._held_by[place.key]
        more = self._clock() - place.began - LEAST_S
        if more > 0:
            self._finish[place.key] = self._start_of(place.key) + more
        self._advance()
        if not self._held:
            for call in self._when_calm:
                call()

    def _expire(self) -> None:
        begun_before = self._clock() - self._hold_s
        while self._held:
            oldest = next(iter(self._held))
            if oldest.began > begun_before:
                return
            self.leave(oldest)

    def _start_of(self, key: str) -> float:
        return max(self._virtual, self._finish.get(key, 0.0))

    def _is_free(self) -> bool:
        return self._most is None or len(self._held) < self._most

    def _has_room(self, key: str) -> bool:
        return self._held_by[key] < self._most_each

    def _must_yield(self) -> bool:
        return self._superior is not None and self._superior.at_work > 0

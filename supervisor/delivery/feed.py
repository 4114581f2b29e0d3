"""One plugin's place in the outbox: what comes next, what must come again, what is claimed.

``claimed`` is made durable before an event is sent, ``settled`` behind its result: every event up
to it has one. After a crash of the supervisor the events between the two are delivered again,
marked as redeliveries: one at a time, each named on disk before it is sent, and its result durable
before the next. So a second crash meanwhile shows which event was running then; that one is not
tried a third time.

An event that was taken stays *open* until it has its result, wherever it is meanwhile: waiting for
its claim, in a pipe, or in a child that has just died. What is open when a child ends comes again.
"""

# How it works, and why
#
# Four positions in the outbox say everything; events between them are in one state each:
#
#     ... settled ......... claimed ......... cursor ......... newest
#      done | open, may have been sent | looked at, not sent | not looked at
#
# ``settled``  Every event up to here has a result. On disk, written by the journal together with
#              the results themselves: a result and the knowledge of it cannot be separated by a
#              crash.
# ``claimed``  No event beyond here can have been sent. On disk before anything is sent (``claim``),
#              and so always at or ahead of the truth. It is written once per batch, not per event:
#              one commit covers all events that ``take`` returns.
# ``cursor``   How far this process has looked. Only in memory: looking again is harmless.
#
# ``_open`` holds what was taken and has no result, in the order of the outbox (dicts keep it). The
# first key is therefore the oldest event without a result, and ``done`` can tell in O(1) up to
# where everything is settled. ``_again`` is the part of ``_open`` that waits to be sent (again);
# the rest of it is with a child.
#
# Why at least once, and not exactly once: a guest may have called a host on the Internet before the
# crash, and nobody can know. So what was in flight is repeated, marked as a redelivery, and the
# guest gets ids by which it can tell.
#
# Why one at a time after a crash: if an event brings the server down (a bug of ours that a plugin
# triggers), then a batch that is repeated as a batch brings it down again, forever, and nobody
# learns which event it was. Sent alone, with its number on disk first (``mark_redelivered``), the
# culprit is known at the second crash: it is the one named. ``recover`` hands it out to be recorded
# as lost. Before each of them the journal is flushed, so that the one before is not blamed.
#
# Why ``_recorded``: switching a plugin off records what waits as dropped without moving ``settled``
# event by event. Such events lie behind ``settled``, have a result, and must not come again.

from collections import deque
from collections.abc import Mapping, Sequence

import trio

from supervisor.delivery.journal import Journal, surely
from supervisor.delivery.work import Delivery, is_for
from supervisor.ports import Outbox, OutboxEvent
from supervisor.store.plugins import PluginRow
from supervisor.store.running import RunningStore

_PAGE = 256
_LOOKED_THROUGH = 16
_MOST_BYTES = 4 << 20
_SKIPPED_BEFORE_NOTE = 1_000


class Feed:
    """Position of one plugin in the outbox. Used by one task at a time."""

    def __init__(
        self, row: PluginRow, outbox: Outbox, store: RunningStore, journal: Journal
    ) -> None:
        self._plugin_id = row.id
        self._subscribed = row.subscriptions
        self._outbox = outbox
        self._store = store
        self._journal = journal
        self._settled = row.settled_seq
        self._claimed = row.claimed_seq
        self._claimed_at_crash = row.claimed_seq
        self._redelivered_seq = row.redelivered_seq
        self._cursor = max(row.claimed_seq, row.settled_seq)
        self._noted = self._cursor
        self._open: dict[int, Delivery] = {}
        self._again: deque[Delivery] = deque()
        self._moved = trio.Event()
        self._recorded: frozenset[int] = frozenset()
        """Behind ``settled``, and with a result all the same: dropped before their turn came."""

    async def recover(self) -> Delivery | None:
        """Queue what was in flight at a crash; return the event that must not be tried again."""
        seq = self._settled
        self._recorded = await self._store.recorded_behind(self._plugin_id, self._settled)
        while seq < self._claimed:
            page = await self._outbox.read_after(seq, _PAGE)
            if not page:
                break
            seq = page[-1].seq
            for event in page:
                if event.seq > self._claimed:
                    break
                if self._wants(event):
                    self._open[event.seq] = Delivery(event, redelivered=True)
        self.requeue()
        if self._again and self._again[0].event.seq == self._redelivered_seq:
            return self._again.popleft()
        return None

    async def take(self, room: int) -> list[Delivery]:
        """Return at most ``room`` deliveries that come next, claimed; empty where none waits."""
        if self.is_recovering():
            return [] if self._one_is_out() else [await self._take_again()]
        taken = self._next_again(room) or await self._next_new(room)
        if taken and taken[-1].event.seq > self._claimed:
            seq = self._cursor
            await surely(lambda: self._store.claim(self._plugin_id, seq))
            self._claimed = self._noted = seq
        return taken

    @property
    def subscribed(self) -> Mapping[str, int]:
        """The events that the plugin receives, each with the position after which they start."""
        return self._subscribed

    def subscribe(self, subscribed: Mapping[str, int]) -> None:
        """Follow other subscriptions from the next event on; what a child has may finish."""
        self._subscribed = subscribed
        unwanted = [each for each in self._again if not self._wants(each.event)]
        for delivery in unwanted:
            self._again.remove(delivery)
            del self._open[delivery.event.seq]
        self._move()

    def done(self, seq: int) -> int:
        """Note that an event has its result; return the position up to which every one has."""
        self._open.pop(seq, None)
        self._move()
        for first_open in self._open:
            return first_open - 1
        return self._cursor

    def requeue(self) -> None:
        """Let everything that is open come again, in its order: the child that had it is gone."""
        self._again = deque(self._open.values())
        self._move()

    async def wait(self) -> None:
        """Return once something may be there to take."""
        while self.is_recovering() and self._one_is_out():
            await self._moved.wait()
        if not self._again:
            await self._outbox.wait_beyond(self._cursor)

    async def unfinished(self) -> int:
        """Return how many events have no result yet, or have not even been looked at."""
        return len(self._open) + max(0, await self._outbox.last_seq() - self._cursor)

    async def oldest(self) -> OutboxEvent | None:
        """Return the oldest event that has no result yet, None where there is none.

        One that was not even looked at is searched for among the next few only.
        """
        for delivery in self._open.values():
            return delivery.event
        for event in await self._outbox.read_after(self._cursor, _LOOKED_THROUGH):
            if self._wants(event):
                return event
        return None

    def is_recovering(self) -> bool:
        """Tell whether something is open that was in flight at the crash."""
        return next(iter(self._open), self._claimed_at_crash + 1) <= self._claimed_at_crash

    def _one_is_out(self) -> bool:
        return len(self._again) < len(self._open)

    async def _take_again(self) -> Delivery:
        delivery = self._again.popleft()
        await self._journal.flush()
        seq = delivery.event.seq
        await surely(lambda: self._store.mark_redelivered(self._plugin_id, seq))
        return delivery

    def _move(self) -> None:
        self._moved.set()
        self._moved = trio.Event()

    def _next_again(self, room: int) -> list[Delivery]:
        return [self._again.popleft() for _ in range(min(room, len(self._again)))]

    async def _next_new(self, room: int) -> list[Delivery]:
        while page := await self._outbox.read_after(self._cursor, _PAGE):
            taken = self._choose(page, room)
            if taken:
                return taken
            if self._cursor - self._noted >= _SKIPPED_BEFORE_NOTE and not self._open:
                # Remembered without hurry: nothing up to here concerns the plugin.
                self._journal.settled(self._plugin_id, self._cursor)
                self._noted = self._cursor
        return []

    def _choose(self, page: Sequence[OutboxEvent], room: int) -> list[Delivery]:
        """Open the first events of ``page`` that the plugin wants, as many as there is room for."""
        taken: list[Delivery] = []
        size = 0
        for event in page:
            if self._wants(event):
                size += len(event.body)
                if len(taken) == room or (taken and size > _MOST_BYTES):
                    break
                delivery = Delivery(event)
                taken.append(delivery)
                self._open[event.seq] = delivery
            self._cursor = event.seq
        return taken

    def _wants(self, event: OutboxEvent) -> bool:
        return event.seq not in self._recorded and is_for(event, self._plugin_id, self._subscribed)

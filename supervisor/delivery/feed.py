"""One plugin's place in the outbox: what comes next, what must come again, what is claimed.

``claimed`` is made durable before an event is sent, ``settled`` after its result is known. After a
crash of the supervisor the events between the two are delivered again, marked as redeliveries. A
child works on one event at a time, so only the first of them can have been running; if that very
event was running at the last crash as well, it is not tried a third time.
"""

from collections import deque
from collections.abc import Iterable, Sequence

import trio

from supervisor.delivery.journal import Journal
from supervisor.delivery.work import Delivery, is_for
from supervisor.ports import Database, Outbox, OutboxEvent
from supervisor.store.plugins import PluginRow, claim, mark_redelivered

_PAGE = 256
_MOST_BYTES = 4 << 20
_SKIPPED_BEFORE_NOTE = 1_000


class Feed:
    """Where one plugin stands. Used by one task at a time."""

    def __init__(
        self, row: PluginRow, outbox: Outbox, database: Database, journal: Journal
    ) -> None:
        self._plugin_id = row.id
        self._subscribed = frozenset(row.manifest.events)
        self._outbox = outbox
        self._database = database
        self._journal = journal
        self._settled = row.settled_seq
        self._claimed = row.claimed_seq
        self._redelivered_seq = row.redelivered_seq
        self._cursor = row.claimed_seq
        self._noted = row.claimed_seq
        self._again: deque[Delivery] = deque()
        self._mark_first = False

    async def recover(self) -> Delivery | None:
        """Queue what was in flight at a crash; return the event that must not be tried again."""
        seq = self._settled
        while seq < self._claimed:
            page = await self._outbox.read_after(seq, _PAGE)
            if not page:
                break
            seq = page[-1].seq
            self._again.extend(
                Delivery(event, redelivered=True)
                for event in page
                if event.seq <= self._claimed and self._wants(event)
            )
        if not self._again:
            return None
        if self._again[0].event.seq == self._redelivered_seq:
            return self._again.popleft()
        self._mark_first = True
        return None

    async def take(self, room: int) -> list[Delivery]:
        """Return at most ``room`` deliveries that come next, claimed; empty where none waits."""
        if self._again:
            return await self._take_again(room)
        while True:
            page = await self._outbox.read_after(self._cursor, room)
            if not page:
                return []
            page = _fitting(page)
            self._cursor = page[-1].seq
            wanted = [Delivery(event) for event in page if self._wants(event)]
            if wanted:
                await self._claim(self._cursor)
                return wanted
            if self._cursor - self._noted >= _SKIPPED_BEFORE_NOTE:
                self._note_skipped()

    def put_back(self, deliveries: Iterable[Delivery], *, redelivered: bool) -> None:
        """Queue deliveries that a child has left, in their order, before everything else."""
        again = list(deliveries)
        if redelivered:
            for delivery in again:
                delivery.redelivered = True
        self._again.extendleft(reversed(again))

    async def wait(self) -> None:
        """Return once something may be there to take."""
        if not self._again:
            await self._outbox.wait_beyond(self._cursor)

    async def waiting(self) -> int:
        """Return how many events, subscribed or not, lie behind the last one taken."""
        return len(self._again) + max(0, await self._outbox.last_seq() - self._cursor)

    async def _claim(self, seq: int) -> None:
        await self._database.write(lambda db: claim(db, self._plugin_id, seq))
        self._noted = seq

    def _wants(self, event: OutboxEvent) -> bool:
        return is_for(event, self._plugin_id, self._subscribed)

    def _note_skipped(self) -> None:
        """Remember, without hurry, that nothing up to here concerns the plugin."""
        self._journal.settled(self._plugin_id, self._cursor)
        self._noted = self._cursor

    async def _take_again(self, room: int) -> list[Delivery]:
        taken = [self._again.popleft() for _ in range(min(room, len(self._again)))]
        if self._mark_first:
            self._mark_first = False
            seq = taken[0].event.seq
            with trio.CancelScope(shield=True):
                await self._database.write(lambda db: mark_redelivered(db, self._plugin_id, seq))
        return taken


def _fitting(page: Sequence[OutboxEvent]) -> Sequence[OutboxEvent]:
    """Return the first events, at least one, whose bodies together are not too large to hold."""
    total = 0
    for position, event in enumerate(page):
        total += len(event.body)
        if total > _MOST_BYTES and position:
            return page[:position]
    return page

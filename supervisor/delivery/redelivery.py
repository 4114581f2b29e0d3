"""Redeliveries of one plugin: one at a time, alternating with waiting events.

It leaves the plugin's place in the outbox alone (``feed``). Each entry is marked on disk before it
is sent and removed with its result, so that after a kill of the server it is known which one was in
flight: that one is tried once more, and no third time. Used by one task at a time.
"""

from collections import deque
from collections.abc import Iterable, Sequence

from supervisor.delivery.journal import surely
from supervisor.delivery.work import Delivery
from supervisor.ports import Outbox, OutboxEvent
from supervisor.store.redeliveries import Entry
from supervisor.store.running import RunningStore


class RedeliveryQueue:
    """See the module."""

    def __init__(self, plugin_id: str, outbox: Outbox, store: RunningStore) -> None:
        self._plugin_id = plugin_id
        self._outbox = outbox
        self._store = store
        self._waiting: deque[Entry] = deque()
        self._out: Entry | None = None

    @property
    def count(self) -> int:
        """Number without a result."""
        return len(self._waiting) + (self._out is not None)

    async def recover(self) -> Sequence[Delivery]:
        """Take up what waits; return what must not be tried again."""
        # A disk that is full for a moment must not keep the plugin from running.
        waiting, lost = await surely(lambda: self._store.take_up(self._plugin_id))
        known = {entry.number for entry in self._waiting}
        self._waiting.extendleft(e for e in reversed(waiting) if e.number not in known)
        return [_delivery(entry, entry) for entry in lost]

    def add(self, entries: Iterable[Entry]) -> None:
        """Let more wait; they are on disk already."""
        known = {entry.number for entry in self._waiting}
        if self._out is not None:
            known.add(self._out.number)
        self._waiting.extend(entry for entry in entries if entry.number not in known)

    async def take(self) -> Delivery | None:
        """Return the next one, None while another is out or where none waits.

        It says about itself where its event has been deleted.
        """
        if self._out is not None or not self._waiting:
            return None
        # Out before anything is awaited: a child that ends meanwhile does not lose it.
        entry = self._out = self._waiting.popleft()
        event = await self._outbox.read_one(entry.seq)
        await surely(lambda: self._store.send_out(entry.number))
        return _delivery(event or entry, entry)

    def done(self) -> None:
        """The one that is out has its result."""
        self._out = None

    def requeue(self) -> None:
        """The child that had it is gone: it comes again."""
        if self._out is not None:
            self._waiting.appendleft(self._out)
            self._out = None


def _delivery(event: OutboxEvent, entry: Entry) -> Delivery:
    return Delivery(event, redelivered=True, entry=entry.number, is_kept=event is not entry)

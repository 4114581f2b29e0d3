"""Live updates: one hub that listens to the help desk's news, and a seat for each open page.

Owns who is told what: staff of every ticket, others of changes to their own that are not notes, and
to those that their organization shares;
everybody of their own notifications. A mailbox holds ids and nothing else, at most so many; when
more wait, they give way to one *look at everything again*. A page that follows something else than
tickets takes a seat without a mailbox, and so counts and ends like the others. It must not know of
HTTP.
"""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import trio

from helpdesk.accounts import User
from helpdesk.actors import Role
from helpdesk.change_feed import Listener, News, TicketNews
from supervisor.views import PublishedEvent
from webapp.errors import TooManyStreams

MOST_WAITING = 256
"""Ticket ids in one mailbox."""
STREAMS_PER_PERSON = 20
"""Open pages of one person, over all their browsers."""
STREAMS_IN_ALL = 2_000
PUBLISHED_KEPT = 32
"""Events of plugins in one mailbox; older ones give way."""
NEWS_KEPT = 512
"""Changes that a page which opens its stream a little later can still be notified of."""


class ChangeFeed(Protocol):
    """Where the news come from: ``helpdesk.change_feed.Newsroom``."""

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` behind every commit with news."""
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Contents of a mailbox."""

    ticket_ids: tuple[str, ...] = ()
    notices: bool = False
    """The person's notifications changed."""
    refresh: bool = False
    """More changed than was kept: look at everything again."""
    presence: bool = False
    """Somebody came to the ticket that the page shows, or left, or does something else there."""
    published: tuple[PublishedEvent, ...] = ()
    """Events of the plugins that the page shows."""


class Slot:
    """The right of one open page to a stream, for as long as its session lasts."""

    def __init__(self, person: User, credential: bytes) -> None:
        self.person = person
        self.credential = credential
        """``tokens.digest`` of the session token or API key that opened it."""
        self._end = trio.Event()

    @property
    def ended(self) -> bool:
        """Whether nothing more may be told."""
        return self._end.is_set()

    def end(self) -> None:
        """Let whoever waits know that nothing more will come."""
        self._end.set()

    async def wait_ended(self) -> None:
        """Return once the end has come."""
        await self._end.wait()


class Subscription(Slot):
    """Changes that one open page has not received yet."""

    def __init__(
        self,
        person: User,
        credential: bytes,
        shown: str = "",
        plugins: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(person, credential)
        self.organization_id: str | None = None
        """The person's, where its members share tickets; a change of it ends the seat."""
        self.plugins = plugins
        """Ids of the plugins that the page shows in frames."""
        self._published: deque[PublishedEvent] = deque(maxlen=PUBLISHED_KEPT)
        self.shown = shown
        """The id of a ticket of which the page is told who else is at it; empty for none."""
        self._tickets: dict[str, None] = {}
        self._presence = bool(shown)
        self._notices = False
        self._refresh = False
        self._changed = trio.Event()

    def may_know(self, ticket: TicketNews) -> bool:
        """Tell whether this page may be notified of the change."""
        if self.person.role is not Role.USER:
            return True
        shared = (
            ticket.organization_id is not None and ticket.organization_id == self.organization_id
        )
        return ticket.public and (ticket.submitter_id == self.person.id or shared)

    def put_published(self, event: PublishedEvent) -> None:
        """Leave word of a plugin's event where the page shows that plugin, to whom it is for."""
        if event.plugin_id not in self.plugins:
            return
        if self.person.role is Role.USER and event.person != self.person.id:
            return
        self._published.append(event)
        self._changed.set()

    def put_ticket(self, ticket_id: str) -> None:
        """Leave word that a ticket changed."""
        if len(self._tickets) >= MOST_WAITING:
            self.put_refresh()
        elif not self._refresh:
            self._tickets[ticket_id] = None
        self._changed.set()

    def put_refresh(self) -> None:
        """Leave word that anything may have changed."""
        self._tickets.clear()
        self._refresh = True
        self._changed.set()

    def put_notices(self) -> None:
        """Leave word that the person's notifications changed."""
        self._notices = True
        self._changed.set()

    def put_presence(self) -> None:
        """Leave word that somebody else is at the ticket that the page shows, or no longer is."""
        self._presence = True
        self._changed.set()

    def end(self) -> None:
        """Let whoever waits know that nothing more will come."""
        super().end()
        self._changed.set()

    async def wait_changed(self) -> None:
        """Return once something waits, or the end has come."""
        await self._changed.wait()

    def take(self) -> Batch:
        """Empty the mailbox."""
        parcel = Batch(
            tuple(self._tickets),
            self._notices,
            self._refresh,
            self._presence,
            tuple(self._published),
        )
        self._tickets.clear()
        self._published.clear()
        self._notices = self._refresh = self._presence = False
        if not self.ended:
            self._changed = trio.Event()
        return parcel


class Hub:
    """All open pages."""

    def __init__(self, newsroom: ChangeFeed) -> None:
        self._by_person: defaultdict[str, set[Slot]] = defaultdict(set)
        self._count = 0
        self._closed = False
        self._recent: deque[tuple[float, TicketNews]] = deque(maxlen=NEWS_KEPT)
        newsroom.listen(self._tell)

    def __len__(self) -> int:
        return self._count

    def require_room(self, person: User) -> None:
        """Raise ``TooManyStreams`` where one more page would be one too many."""
        if not self._has_room(person):
            raise TooManyStreams

    def enter(self, seat: Slot) -> None:
        """Serve a page from now on; its seat ends at once when the hub has closed or is full."""
        if self._closed or not self._has_room(seat.person):
            seat.end()
        self._by_person[seat.person.id].add(seat)
        self._count += 1

    def catch_up(self, mailbox: Subscription, age_s: float) -> None:
        """Leave word of what changed in the last ``age_s`` seconds: since its page was asked for.

        A plugin answers a new ticket within milliseconds, before the ticket's page has opened its
        stream.
        """
        since = trio.current_time() - age_s
        if len(self._recent) == NEWS_KEPT and self._recent[0][0] >= since:
            mailbox.put_refresh()
            return
        for at, ticket in self._recent:
            if at >= since and mailbox.may_know(ticket):
                mailbox.put_ticket(ticket.ticket_id)

    def leave(self, seat: Slot) -> None:
        """Forget a page that has gone."""
        mine = self._by_person[seat.person.id]
        mine.remove(seat)
        self._count -= 1
        if not mine:
            del self._by_person[seat.person.id]

    def tell_presence(self, ticket_id: str) -> None:
        """Leave word with the pages that show a ticket and are told who is at it."""
        for seat in self._every():
            if isinstance(seat, Subscription) and seat.shown == ticket_id:
                seat.put_presence()

    def tell_published(self, event: PublishedEvent) -> None:
        """Leave word of a plugin's event with the pages that show the plugin."""
        for seat in self._every():
            if isinstance(seat, Subscription):
                seat.put_published(event)

    def close(self) -> None:
        """End every stream: the server is about to stop."""
        self._closed = True
        for seat in self._every():
            seat.end()

    def _has_room(self, person: User) -> bool:
        held = len(self._by_person.get(person.id, ()))
        return held < STREAMS_PER_PERSON and self._count < STREAMS_IN_ALL

    def _every(self) -> list[Slot]:
        return [seat for mine in self._by_person.values() for seat in mine]

    def _tell(self, news: News) -> None:
        for person_id in news.changed_people:
            for seat in self._by_person.get(person_id, ()):
                seat.end()
        for person_id in news.noticed:
            for seat in self._by_person.get(person_id, ()):
                if isinstance(seat, Subscription):
                    seat.put_notices()
        now = trio.current_time()
        self._recent.extend((now, ticket) for ticket in news.tickets)
        if not news.tickets and not news.ended:
            return
        for seat in self._every():
            if seat.credential in news.ended:
                seat.end()
            if isinstance(seat, Subscription):
                _put_tickets(seat, news.tickets)


def _put_tickets(mailbox: Subscription, tickets: Iterable[TicketNews]) -> None:
    for ticket in tickets:
        if mailbox.may_know(ticket):
            mailbox.put_ticket(ticket.ticket_id)

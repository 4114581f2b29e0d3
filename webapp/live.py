"""Live updates: one hub that listens to the help desk's news, and a mailbox for each open page.

Owns who is told what: staff of every ticket, others of changes to their own that are not notes;
everybody of their own notifications. A mailbox holds ids and nothing else, at most so many; when
more wait, they give way to one *look at everything again*. It must not know of HTTP.
"""

from collections import defaultdict, deque
from dataclasses import dataclass
from typing import Protocol

import trio

from helpdesk.accounts import User
from helpdesk.actors import Role
from helpdesk.news import Listener, News, TicketNews
from webapp.errors import TooManyStreams

MOST_WAITING = 256
"""Ticket ids in one mailbox."""
STREAMS_PER_PERSON = 20
"""Open pages of one person, over all their browsers."""
STREAMS_IN_ALL = 2_000
NEWS_KEPT = 512
"""Changes that a page which opens its stream a little later can still be told of."""


class Newsroom(Protocol):
    """Where the news come from: ``helpdesk.news.Newsroom``."""

    def listen(self, listener: Listener) -> None:
        """Call ``listener`` behind every commit with news."""
        ...


@dataclass(frozen=True, slots=True)
class Parcel:
    """What waited in a mailbox."""

    ticket_ids: tuple[str, ...] = ()
    notices: bool = False
    """The person's notifications changed."""
    refresh: bool = False
    """More changed than was kept: look at everything again."""


class Mailbox:
    """What one open page has not been told yet."""

    def __init__(self, person: User, credential: bytes) -> None:
        self.person = person
        self.credential = credential
        """``tokens.digest`` of the session token or API key that opened it."""
        self.ended = False
        self._tickets: dict[str, None] = {}
        self._notices = False
        self._refresh = False
        self._changed = trio.Event()

    def may_know(self, ticket: TicketNews) -> bool:
        """Tell whether this page may be told of the change."""
        if self.person.role is not Role.USER:
            return True
        return ticket.public and ticket.submitter_id == self.person.id

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

    def end(self) -> None:
        """Let whoever waits know that nothing more will come."""
        self.ended = True
        self._changed.set()

    async def wait_changed(self) -> None:
        """Return once something waits, or the end has come."""
        await self._changed.wait()

    def take(self) -> Parcel:
        """Empty the mailbox."""
        parcel = Parcel(tuple(self._tickets), self._notices, self._refresh)
        self._tickets.clear()
        self._notices = self._refresh = False
        if not self.ended:
            self._changed = trio.Event()
        return parcel


class Hub:
    """All open pages."""

    def __init__(self, newsroom: Newsroom) -> None:
        self._by_person: defaultdict[str, set[Mailbox]] = defaultdict(set)
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

    def enter(self, mailbox: Mailbox) -> None:
        """Serve a mailbox from now on; it ends at once when the hub has closed or is full."""
        if self._closed or not self._has_room(mailbox.person):
            mailbox.end()
        self._by_person[mailbox.person.id].add(mailbox)
        self._count += 1

    def catch_up(self, mailbox: Mailbox, age_s: float) -> None:
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

    def leave(self, mailbox: Mailbox) -> None:
        """Forget a mailbox whose page has gone."""
        mine = self._by_person[mailbox.person.id]
        mine.remove(mailbox)
        self._count -= 1
        if not mine:
            del self._by_person[mailbox.person.id]

    def close(self) -> None:
        """End every mailbox: the server is about to stop."""
        self._closed = True
        for mailbox in self._every():
            mailbox.end()

    def _has_room(self, person: User) -> bool:
        held = len(self._by_person.get(person.id, ()))
        return held < STREAMS_PER_PERSON and self._count < STREAMS_IN_ALL

    def _every(self) -> list[Mailbox]:
        return [mailbox for mine in self._by_person.values() for mailbox in mine]

    def _tell(self, news: News) -> None:
        for person_id in news.noticed:
            for mailbox in self._by_person.get(person_id, ()):
                mailbox.put_notices()
        for person_id in news.changed_people:
            for mailbox in self._by_person.get(person_id, ()):
                mailbox.end()
        now = trio.current_time()
        self._recent.extend((now, ticket) for ticket in news.tickets)
        if not news.tickets and not news.ended:
            return
        for mailbox in self._every():
            if mailbox.credential in news.ended:
                mailbox.end()
            for ticket in news.tickets:
                if mailbox.may_know(ticket):
                    mailbox.put_ticket(ticket.ticket_id)

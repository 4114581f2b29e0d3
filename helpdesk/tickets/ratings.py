"""``Ratings``: requesters say how it went, in their ticket or by the link in a letter.

The link proves that its holder got the letter, and is good for one thing: rating that resolution.
Reading by it changes nothing, since programs follow links in mail.
"""

import sqlite3
from dataclasses import dataclass
from datetime import timedelta

from helpdesk import access, accounts
from helpdesk.access import Viewer
from helpdesk.actors import Actor, Role
from helpdesk.clock import rfc3339
from helpdesk.errors import Conflict, NotFound
from helpdesk.mail import choices
from helpdesk.tickets import rating, rows, trace
from helpdesk.tickets.change import Change
from helpdesk.tickets.door import Door
from helpdesk.tickets.model import Ticket
from helpdesk.tickets.rating import SCORES, Rating
from helpdesk.viewers import load_viewer

_LONGEST_NUMBER = 15


@dataclass(frozen=True, slots=True)
class Question:
    """What a page shows of the rating of a ticket."""

    number: int
    subject: str
    rating: Rating | None
    """What was answered for the last resolution, or for an earlier one."""
    is_open: bool
    """Whether the viewer, who is the requester, can answer now, or change the answer."""


class Ratings(Door):
    """Asks requesters, and counts for staff."""

    async def of_ticket(self, actor: Actor, reference: str) -> Question:
        """Return the rating of a ticket, for staff and its requester; others see none."""

        def job(connection: sqlite3.Connection, viewer: Viewer, ticket: Ticket) -> Question:
            is_own = viewer.is_person and viewer.actor.id == ticket.submitter.id
            found = rating.find(connection, ticket.number)
            if not is_own:
                shown = found if viewer.is_staff else None
                return Question(ticket.number, ticket.subject, shown, is_open=False)
            settings, now = self._settings.values(connection), self._clock.now()
            is_open = rating.is_open(connection, settings, ticket, now)
            wanted = choices.of(connection, ticket.submitter.id, Role.USER, "rating")
            return Question(ticket.number, ticket.subject, found, is_open and wanted.web)

        return await self._read(actor, reference, job)

    async def rate(self, actor: Actor, reference: str, score: str, comment: str = "") -> Rating:
        """Say how it went, or say something else; for the requester of the ticket alone."""
        return await self._change(
            actor, lambda change: _rate(change, change.ticket(reference)[0], score, comment)
        )

    async def by_code(self, number: str, code: str) -> Question:
        """Return what the link in a letter asks. Raises ``NotFound`` where it is not good."""

        def job(connection: sqlite3.Connection) -> Question:
            ticket = _by_code(connection, number, code)
            settings, now = self._settings.values(connection), self._clock.now()
            if not rating.is_open(connection, settings, ticket, now):
                raise NotFound("link", "that is still good")
            found = rating.find(connection, ticket.number)
            return Question(ticket.number, ticket.subject, found, is_open=True)

        return await self._database.read(job)

    async def rate_by_code(self, number: str, code: str, score: str, comment: str) -> Rating:
        """Say how it went by the link in a letter. Raises ``NotFound``, ``Invalid``."""

        def find(connection: sqlite3.Connection) -> Actor:
            ticket = _by_code(connection, number, code)
            return accounts.find(connection, ticket.submitter.id).actor

        actor = await self._database.read(find)

        def job(change: Change) -> Rating:
            # Again, within the transaction: it may have been reopened meanwhile.
            return _rate(change, _by_code(change.connection, number, code), score, comment)

        return await self._change(actor, job)

    async def figures(self, actor: Actor, days: int) -> dict[str, int]:
        """Return how many ratings of each score there were in the last days, for staff."""

        def job(connection: sqlite3.Connection) -> dict[str, int]:
            access.require_staff(load_viewer(connection, actor), "view ratings")
            from_ = rfc3339(self._clock.now() - timedelta(days=days))
            query = "SELECT score, count(*) FROM ticket_ratings WHERE at >= ? GROUP BY score"
            found = dict(connection.execute(query, (from_,)).fetchall())
            return {score: found.get(score, 0) for score in SCORES}

        return await self._database.read(job)


def _by_code(connection: sqlite3.Connection, number: str, code: str) -> Ticket:
    known = number.isascii() and number.isdigit() and len(number) <= _LONGEST_NUMBER
    if not known:
        raise NotFound("link", "that is still good")
    try:
        ticket = rows.find(connection, number, public=True)
    except NotFound:
        raise NotFound("link", "that is still good") from None
    if not rating.is_code(connection, ticket, code):
        raise NotFound("link", "that is still good")
    return ticket


def _rate(change: Change, ticket: Ticket, score: str, comment: str) -> Rating:
    connection, viewer = change.connection, change.viewer
    is_own = viewer.is_person and viewer.actor.id == ticket.submitter.id
    access.require(is_own, "rate this ticket", "only its requester can")
    if not rating.is_open(connection, change.settings, ticket, change.now):
        raise Conflict(
            f"#{ticket.number} can't be rated now", "reply to the ticket to tell us something"
        )
    before = rating.find(connection, ticket.number)
    made = rating.store(connection, ticket, score, comment, change.now)
    is_changed = before is not None and before.resolved_at == made.resolved_at
    old = before.score if before is not None and is_changed else None
    change.save(ticket)
    if old != score:
        trace.note(
            connection, ticket.id, "rating", (old, score), author=change.author, now=change.now
        )
    return made

"""Marks of what is read and unread, per person; ``seen`` keeps them."""

import sqlite3
from collections.abc import Sequence

from helpdesk import access
from helpdesk.access import Viewer
from helpdesk.actors import Actor
from helpdesk.tickets import rows, seen
from helpdesk.tickets.door import Door
from helpdesk.tickets.model import Ticket, TicketSummary
from helpdesk.viewers import load_viewer


class Marks(Door):
    """Reads and sets the marks."""

    async def unread(self, actor: Actor, tickets: Sequence[TicketSummary]) -> frozenset[str]:
        """Return the ids of those tickets that have news for the actor, as the actor sees them."""
        return await self._database.read(lambda c: seen.unread(c, load_viewer(c, actor), tickets))

    async def read(self, actor: Actor, reference: str) -> None:
        """Note that a person has seen a ticket as it is now; writes nothing where that is known."""

        def is_news(connection: sqlite3.Connection, viewer: Viewer, ticket: Ticket) -> bool:
            return viewer.is_person and bool(seen.unread(connection, viewer, [ticket]))

        if await self._read(actor, reference, is_news):
            await self._note(actor, reference, back=0)

    async def unread_again(self, actor: Actor, reference: str) -> None:
        """Make a ticket unread for a person, until they look at it again."""
        await self._note(actor, reference, back=1)

    async def _note(self, actor: Actor, reference: str, *, back: int) -> None:
        def job(connection: sqlite3.Connection) -> None:
            viewer = load_viewer(connection, actor)
            access.require(viewer.is_person, "mark tickets as read", "only people can")
            public = not access.may_see_notes(viewer)
            ticket = rows.find(connection, reference, public=public)
            access.require_sight(viewer, rows.ownership(connection, ticket), reference)
            seen.note(connection, actor.id, ticket.number, ticket.revision - back)

        await self._database.write(job)

"""One change to a ticket in the making: who, when, in which transaction, and the events it raises.

Owns the rule that nothing changes without its events: the row and the events are written here, over
one connection, inside the caller's transaction. Must not know what any particular change means.
"""

import dataclasses
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk import access, events, outbox
from helpdesk.access import Ownership, Viewer
from helpdesk.clock import rfc3339
from helpdesk.events import EventType
from helpdesk.ids import new_id
from helpdesk.once import Once, do
from helpdesk.settings import SettingValues
from helpdesk.tickets import attachments, notices, rows, search, seen, trace
from helpdesk.tickets.model import Author, Ticket


@dataclass(frozen=True, slots=True)
class Change:
    """Context of a change."""

    connection: sqlite3.Connection
    viewer: Viewer
    now: datetime
    settings: SettingValues
    untold: frozenset[EventType] = frozenset()
    """Events that leave no notices, because whoever makes the change leaves one for all."""

    @property
    def author(self) -> Author:
        """Return who acts, as it is kept with what they did."""
        actor = self.viewer.actor
        return Author(actor.id, actor.name, actor.role)

    def ticket(self, reference: str) -> tuple[Ticket, Ownership]:
        """Return a ticket that the viewer may see, by id or number. Raises ``NotFound``."""
        public = not access.may_see_notes(self.viewer)
        ticket = rows.find(self.connection, reference, public=public)
        ownership = rows.ownership(self.connection, ticket)
        access.require_sight(self.viewer, ownership, reference)
        return ticket, ownership

    def ticket_to_work_on(self, ticket_id: str, what: str) -> Ticket:
        """Return a ticket that the viewer may work on. Raises ``NotFound``, ``NotAllowed``."""
        ticket, ownership = self.ticket(ticket_id)
        self.require(access.may_work_on(self.viewer, ownership), ownership, what)
        return ticket

    def require(self, allowed: bool, ownership: Ownership, what: str) -> None:
        """Raise ``NotAllowed`` unless ``allowed``; staff are told whose the ticket is."""
        if allowed:
            return
        why = "only staff who work on it can"
        if self.viewer.is_staff:
            names = " and ".join(rows.owner_names(self.connection, ownership))
            why = f"it belongs to {names}; ask a member or an admin to assign it to you"
        access.require(False, what, why)

    def once(self, once: Once | None, act: Callable[[], str]) -> str:
        """Do ``act`` unless this request was done before; return the id of what came of it."""
        return do(self.connection, self.viewer.actor.id, once, self.now, act)

    def save(self, ticket: Ticket, *, public: bool = True, **changes: Any) -> Ticket:
        """Write the ticket with ``changes`` made, and return it.

        ``public`` is False where its submitter must not notice: a note was written.
        """
        revision = rows.next_revision(self.connection)
        changed = dataclasses.replace(ticket, **changes, updated_at=self.now, revision=revision)
        rows.update(self.connection, changed, public=public)
        trace.record(self.connection, ticket, changed, self.author, self.now)
        seen.follow(self.connection, self.viewer, ticket.number, ticket.revision, revision)
        old, new = ((t.subject, t.description) for t in (ticket, changed))
        if new != old:
            search.replace_ticket(self.connection, ticket.id, old, new)
        return changed

    def emit(
        self,
        event_type: EventType,
        ticket: Ticket,
        data: dict[str, Any],
        *,
        mentioned: frozenset[str] = frozenset(),
    ) -> None:
        """Write an event that shows the ticket as it is after the change; tell those concerned."""
        actor = self.viewer.actor
        document = events.ticket_document(ticket, self.settings.site_url)
        document["attachments"] = attachments.documents(self.connection, ticket.number)
        outbox.append(
            self.connection,
            event_id=new_id(),
            event_type=event_type.value,
            ticket_id=ticket.id,
            occurred_at=self.now,
            origin=actor.origin,
            depth=actor.depth,
            cause=actor.cause,
            body=events.payload(event_type, rfc3339(self.now), document, actor, data),
        )
        if event_type not in self.untold:
            notices.write(
                self.connection,
                event_type,
                ticket,
                actor,
                self.now,
                said=_said(event_type, ticket, data),
                site=self.settings,
                mentioned=mentioned,
            )


def _said(event_type: EventType, ticket: Ticket, data: dict[str, Any]) -> str:
    """Return what was written with an event: a message, or how and why the status changed."""
    if event_type is EventType.CREATED:
        return ticket.description
    return str(data.get("body") or data.get("resolution_notes") or data.get("reason") or "")

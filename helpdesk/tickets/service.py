"""``Tickets``: what pages, the API, plugins and jobs call.

Every method takes the actor first and enforces ``access``; a ticket is named by its id or its
number. Each change is one transaction with its events; when a method returns, both are durable.
Errors are those of ``helpdesk.errors``: ``NotFound``, ``NotAllowed``, ``Invalid``, ``Conflict``,
``LimitReached``.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from helpdesk import access
from helpdesk.access import Viewer
from helpdesk.actors import Actor
from helpdesk.audit import AuditLog
from helpdesk.clock import Clock
from helpdesk.once import Once
from helpdesk.paging import Page, PageRequest
from helpdesk.settings import Settings
from helpdesk.storage.database import Database
from helpdesk.tickets import (
    bulk,
    conversation,
    corrections,
    edits,
    filter_values,
    lists,
    status,
    tags,
    timeline,
    walk,
)
from helpdesk.tickets.change import Change
from helpdesk.tickets.corrections import Asked, TicketPage
from helpdesk.tickets.door import Door
from helpdesk.tickets.edits import TicketChanges
from helpdesk.tickets.model import (
    CustomField,
    Priority,
    Reply,
    Tag,
    Ticket,
    TicketDetail,
    TicketDraft,
    TicketFilter,
)
from helpdesk.tickets.rights import rights
from helpdesk.viewers import load_viewer

T = TypeVar("T")
Check = Callable[[Ticket], None]

_EVERYTHING = TicketFilter()


class Tickets(Door):
    """Reads and changes tickets."""

    def __init__(
        self, database: Database, clock: Clock, settings: Settings, audit: AuditLog
    ) -> None:
        super().__init__(database, clock, settings)
        self._audit = audit

    async def list(
        self,
        actor: Actor,
        wanted: TicketFilter = _EVERYTHING,
        *,
        sort: str = "-updated_at",
        page: int = 1,
        per_page: int = 25,
        within: TicketFilter = _EVERYTHING,
        exact: bool = False,
    ) -> TicketPage:
        """Return a page of the tickets that the actor may see; ``lists.SORTS`` names the orders.

        ``within``: a view, to which ``wanted`` adds. Where next to nothing fits, mistyped words of
        the search are corrected, unless it is to be ``exact``.
        """
        asked = Asked(within, wanted, sort, PageRequest(page, per_page), exact)
        return await self._database.read(
            lambda c: corrections.tickets(c, load_viewer(c, actor), asked)
        )

    async def require_known(self, actor: Actor, wanted: TicketFilter) -> None:
        """Raise ``Invalid`` for a filter by something that does not exist, which finds nothing.

        For what somebody asks now; what a saved view names may have been deleted since.
        """
        await self._database.read(
            lambda c: filter_values.require_known(c, load_viewer(c, actor), wanted)
        )

    async def get(self, actor: Actor, ticket_id: str) -> Ticket:
        """Return one ticket."""
        return await self._read(actor, ticket_id, lambda _connection, _viewer, ticket: ticket)

    async def view_counts(self, actor: Actor, views: Mapping[str, TicketFilter]) -> dict[str, int]:
        """Return how many tickets that the actor may see fit each view, in one query."""
        return await self._database.read(
            lambda c: lists.view_counts(c, load_viewer(c, actor), views)
        )

    async def tags(self, actor: Actor) -> tuple[Tag, ...]:
        """Return every tag by name, with how many tickets have it (staff)."""

        def job(connection: sqlite3.Connection) -> tuple[Tag, ...]:
            access.require_staff(load_viewer(connection, actor), "view tags")
            return tags.known(connection)

        return await self._database.read(job)

    async def field_keys(self, actor: Actor) -> tuple[str, ...]:
        """Return the keys of custom fields that tickets have (staff)."""

        def job(connection: sqlite3.Connection) -> tuple[str, ...]:
            access.require_staff(load_viewer(connection, actor), "list the keys of custom fields")
            return filter_values.field_keys(connection)

        return await self._database.read(job)

    async def neighbours(
        self, actor: Actor, wanted: TicketFilter, sort: str, at: str
    ) -> walk.Neighbours:
        """Return the tickets before and after a place (``walk.place``) in a list."""
        return await self._database.read(
            lambda c: walk.neighbours(c, load_viewer(c, actor), wanted, sort, at)
        )

    async def replies(
        self, actor: Actor, ticket_id: str, *, page: int = 1, per_page: int = 100
    ) -> Page[Reply]:
        """Return a page of a ticket's conversation, oldest first; notes only for those who may."""
        request = PageRequest(page, per_page)
        return await self._read(
            actor,
            ticket_id,
            lambda connection, viewer, ticket: timeline.replies(
                connection, ticket.id, request, with_notes=access.may_see_notes(viewer)
            ),
        )

    async def detail(
        self, actor: Actor, ticket_id: str, *, before: str | None = None, limit: int = 100
    ) -> TicketDetail:
        """Return all that a ticket page shows, in one consistent snapshot.

        The story is read from its end: the ``limit`` (1 to 200) newest entries, or those before the
        entry whose id is ``before``.
        """

        def job(connection: sqlite3.Connection, viewer: Viewer, ticket: Ticket) -> TicketDetail:
            with_notes = access.may_see_notes(viewer)
            return TicketDetail(
                ticket,
                timeline.timeline(
                    connection, ticket.id, with_notes=with_notes, before=before, limit=limit
                ),
                rights(connection, viewer, ticket, self._clock.now(), self._window(connection)),
            )

        return await self._read(actor, ticket_id, job)

    async def create(self, actor: Actor, draft: TicketDraft, *, once: Once | None = None) -> Ticket:
        """Create a ticket; its status is New. ``once``: not again for a request that repeats."""
        record = self._audit.pen(actor.id)

        def job(change: Change) -> Ticket:
            def act() -> str:
                return edits.create(change, draft, record).id

            made_id = change.once(once, act)
            return change.ticket(made_id)[0]

        return await self._change(actor, job)

    async def update(
        self,
        actor: Actor,
        ticket_id: str,
        changes: TicketChanges,
        *,
        seen: Mapping[str, str] | None = None,
        check: Check | None = None,
    ) -> Ticket:
        """Make several changes in one transaction: all of them or none.

        ``seen``: the ``edits.current_values`` that the actor has seen; where they differ by now,
        ``ChangedMeanwhile`` is raised. ``check`` gets the ticket as the actor sees it before
        the change, in the same transaction, and raises where it must not be made.
        """
        return await self._step(
            actor, ticket_id, check, lambda change: edits.update(change, ticket_id, changes, seen)
        )

    async def update_many(
        self, actor: Actor, references: Iterable[str], changes: TicketChanges
    ) -> int:
        """Make the same changes to up to ``bulk.MOST`` tickets: to all of them or to none.

        Return how many were not like that already. Raises ``bulk.SomeRefused``.
        """
        return await self._change(actor, lambda change: bulk.update(change, references, changes))

    async def edit(
        self,
        actor: Actor,
        ticket_id: str,
        *,
        subject: str | None = None,
        description: str | None = None,
        priority: Priority | str | None = None,
    ) -> Ticket:
        """Change the named parts; None leaves a part as it is."""
        changes = TicketChanges(
            subject=edits.UNSET if subject is None else subject,
            description=edits.UNSET if description is None else description,
            priority=edits.UNSET if priority is None else priority,
        )
        return await self.update(actor, ticket_id, changes)

    async def classify(
        self,
        actor: Actor,
        ticket_id: str,
        *,
        category: str | None,
        type: str | None = None,  # noqa: A002
        item: str | None = None,
    ) -> Ticket:
        """Place the ticket in the catalogue, by ids or names; None empties a level."""
        changes = TicketChanges(category=category, type=type, item=item)
        return await self.update(actor, ticket_id, changes)

    async def assign_user(self, actor: Actor, ticket_id: str, user_id: str) -> Ticket:
        """Give the ticket to somebody who is staff."""
        return await self.update(actor, ticket_id, TicketChanges(assignee_user_id=user_id))

    async def assign_group(self, actor: Actor, ticket_id: str, group_id: str) -> Ticket:
        """Give the ticket to a group."""
        return await self.update(actor, ticket_id, TicketChanges(assignee_group_id=group_id))

    async def unassign(self, actor: Actor, ticket_id: str) -> Ticket:
        """Take the ticket away from whoever has it."""
        return await self.update(actor, ticket_id, TicketChanges(assignee_user_id=None))

    async def set_status(self, actor: Actor, ticket_id: str, status: str) -> Ticket:
        """Give the ticket a status, by name in any case; also Resolved, Closed, and back."""
        return await self.update(actor, ticket_id, TicketChanges(status=status))

    async def resolve(
        self, actor: Actor, ticket_id: str, notes: str = "", *, check: Check | None = None
    ) -> Ticket:
        """Resolve an active ticket, saying how. ``check`` as for ``update``."""
        return await self._step(
            actor, ticket_id, check, lambda change: status.resolve(change, ticket_id, notes)
        )

    async def close(self, actor: Actor, ticket_id: str, *, check: Check | None = None) -> Ticket:
        """Close a ticket. ``check`` as for ``update``."""
        return await self._step(
            actor, ticket_id, check, lambda change: status.close(change, ticket_id)
        )

    async def reopen(
        self, actor: Actor, ticket_id: str, reason: str = "", *, check: Check | None = None
    ) -> Ticket:
        """Reopen a resolved or closed ticket within the window; it becomes New.

        ``check`` as for ``update``.
        """
        return await self._step(
            actor, ticket_id, check, lambda change: status.reopen(change, ticket_id, reason)
        )

    async def _step(
        self,
        actor: Actor,
        ticket_id: str,
        check: Check | None,
        take: Callable[[Change], Ticket],
    ) -> Ticket:
        def job(change: Change) -> Ticket:
            if check is not None:
                check(change.ticket(ticket_id)[0])
            return take(change)

        return await self._change(actor, job)

    async def reply(
        self,
        actor: Actor,
        ticket_id: str,
        body: str,
        *,
        once: Once | None = None,
        resolve: bool = False,
    ) -> Reply:
        """Add a public reply, and ``resolve`` the ticket with it: both or neither.

        ``once``: not again for a request that repeats.
        """
        return await self._say(conversation.reply, actor, ticket_id, body, once, resolve=resolve)

    async def note(
        self,
        actor: Actor,
        ticket_id: str,
        body: str,
        *,
        once: Once | None = None,
        resolve: bool = False,
    ) -> Reply:
        """Add an internal note, which the submitter never sees; the rest as for a reply."""
        return await self._say(conversation.note, actor, ticket_id, body, once, resolve=resolve)

    async def _say(
        self,
        add: Callable[[Change, str, str], Reply],
        actor: Actor,
        ticket_id: str,
        body: str,
        once: Once | None,
        *,
        resolve: bool,
    ) -> Reply:
        def act(change: Change) -> str:
            added = add(change, ticket_id, body)
            if resolve:
                status.resolve(change, ticket_id, "")
            return added.id

        def job(change: Change) -> Reply:
            made_id = change.once(once, lambda: act(change))
            return conversation.find(change, ticket_id, made_id)

        return await self._change(actor, job)

    async def set_custom_field(
        self, actor: Actor, ticket_id: str, key: str, value: str
    ) -> CustomField:
        """Set one custom field, as a plugin."""
        return await self._change(
            actor, lambda change: conversation.set_custom_field(change, ticket_id, key, value)
        )

    def _window(self, connection: sqlite3.Connection) -> int:
        return self._settings.values(connection).reopen_window_days

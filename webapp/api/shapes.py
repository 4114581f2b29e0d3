"""Responses of the API: one struct each, converted from the domain's objects.

A ticket has the keys of the event payload's ticket, made by the same function, and more beside
them. Nothing here leaves out what a viewer may not see: the domain never handed it over.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Generic, Literal, TypeVar
from urllib.parse import quote

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from helpdesk.clock import rfc3339
from helpdesk.events import assignee_document, person_document, ticket_document
from helpdesk.paging import Page
from helpdesk.tickets.corrections import TicketPage
from helpdesk.tickets.model import (
    Assignee,
    Author,
    FieldChange,
    Ref,
    Reply,
    StatusChange,
    Ticket,
    TicketSummary,
)

T = TypeVar("T")
Row = TypeVar("Row")

Moment = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
"""RFC 3339 in UTC, whole seconds."""


class ErrorOut(Struct):
    """An error: one sentence that says what to do."""

    error: str


class Listing(Struct, Generic[T]):
    """One page of a list; every list of the API has this shape."""

    data: Sequence[T]
    page: int
    per_page: int
    total: int
    total_pages: int


class CorrectedWordOut(Struct):
    """A word of a search that was taken to mean another."""

    typed: str
    used: str


class CorrectionOut(Struct):
    """How a search was corrected, because it found next to nothing as it was typed."""

    q: Annotated[str, Meta(description="The search that was made instead.")]
    words: Sequence[CorrectedWordOut]
    exact: Annotated[int, Meta(description="Tickets that fit as typed; they come first.")]


class PersonOut(Struct):
    """A person, as others see them."""

    id: str
    name: str
    email: str


class AssigneeOut(Struct):
    """The assignee of a ticket: a user, or a group, which has no email address."""

    id: str
    name: str
    kind: Literal["user", "group"]
    email: str | UnsetType = UNSET


class AuthorOut(Struct):
    """The author of something, with their name at that time: a person, a plugin, or the system."""

    id: str
    name: str
    role: str


class TicketRow(Struct):
    """A ticket as a row of a list: without the long texts."""

    id: str
    number: int
    subject: str
    status: str
    priority: str
    category: str | None
    type: str | None
    item: str | None
    submitter: PersonOut
    assignee: AssigneeOut | None
    created_at: Moment
    updated_at: Moment
    url: str
    tags: Annotated[list[str], Meta(description="Empty for submitters, who do not see them.")]


class ListedTicket(TicketRow):
    """A ticket in a list, and whether it has news for the caller."""

    unread: Annotated[
        bool, Meta(description="Changed since the caller last looked at it, or marked as unread.")
    ]


class TicketListing(Listing[ListedTicket]):
    """A page of tickets."""

    more: Annotated[
        bool, Meta(description="More tickets fit than total says: common words are not counted.")
    ] = False
    correction: CorrectionOut | None = None


class TicketOut(TicketRow):
    """A whole ticket, without its conversation."""

    description: str
    custom_fields: dict[str, str]
    resolved_at: Moment | None
    closed_at: Moment | None
    resolution_notes: str
    replies_url: str
    files_url: str


class TagOut(Struct):
    """A tag, and how many tickets have it."""

    name: str
    tickets: int


class ManyChanged(Struct):
    """Number of tickets that were changed."""

    changed: int


class ReplyOut(Struct):
    """A public reply, or an internal note that the requester never sees."""

    id: str
    ticket_id: str
    body: str
    is_internal: bool
    author: AuthorOut
    created_at: Moment


class StatusChangeOut(Struct):
    """A change of a ticket's status."""

    id: str
    from_status: str | None
    to_status: str
    note: str
    author: AuthorOut
    created_at: Moment


class FieldChangeOut(Struct):
    """A change of something other than the status, as it was shown then.

    ``field`` is ``subject``, ``description``, ``priority``, ``category`` (with type and item),
    ``assignee`` or, for staff, ``tags``. Of a description, only that it was edited.
    """

    id: str
    field: str
    before: str | None
    after: str | None
    author: AuthorOut
    created_at: Moment


class EntryOut(Struct):
    """One entry of a ticket's timeline: exactly one of the three is not null."""

    reply: ReplyOut | None
    change: StatusChangeOut | None
    edit: FieldChangeOut | None = None


class TimelineOut(Struct):
    """Part of a ticket's timeline, oldest first; ``earlier`` is ``before`` for the part before."""

    data: list[EntryOut]
    earlier: str | None
    total: int


def ticket_json(ticket: Ticket, site_url: str) -> TicketOut:
    """Return a whole ticket."""
    more = {
        "number": ticket.number,
        "tags": list(ticket.tags),
        "updated_at": rfc3339(ticket.updated_at),
        "resolved_at": moment(ticket.resolved_at),
        "closed_at": moment(ticket.closed_at),
        "resolution_notes": ticket.resolution_notes,
        "replies_url": f"/api/tickets/{quote(ticket.id, safe='')}/replies",
        "files_url": f"/api/tickets/{quote(ticket.id, safe='')}/files",
    }
    return msgspec.convert(ticket_document(ticket, site_url) | more, TicketOut)


def summary_json(ticket: TicketSummary, site_url: str) -> TicketRow:
    """Return a ticket as a row of a list."""
    assignee = ticket.assignee
    return TicketRow(
        id=ticket.id,
        number=ticket.number,
        subject=ticket.subject,
        status=ticket.status,
        priority=ticket.priority.value,
        category=_name(ticket.category),
        type=_name(ticket.type),
        item=_name(ticket.item),
        submitter=PersonOut(**person_document(ticket.submitter)),
        assignee=None if assignee is None else _assignee(assignee),
        created_at=rfc3339(ticket.created_at),
        updated_at=rfc3339(ticket.updated_at),
        url=f"{site_url}/tickets/{quote(ticket.id, safe='')}",
        tags=list(ticket.tags),
    )


def _assignee(assignee: Assignee) -> AssigneeOut:
    return msgspec.convert(assignee_document(assignee), AssigneeOut)


def reply_json(reply: Reply) -> ReplyOut:
    """Return a reply or a note, with the names that its event's ``data`` has."""
    return ReplyOut(
        reply.id,
        reply.ticket_id,
        reply.body,
        reply.is_internal,
        author_json(reply.author),
        rfc3339(reply.created_at),
    )


def entry_json(entry: Reply | StatusChange | FieldChange) -> EntryOut:
    """Return one thing in a ticket's story."""
    if isinstance(entry, Reply):
        return EntryOut(reply_json(entry), None)
    if isinstance(entry, FieldChange):
        who, at = author_json(entry.who), rfc3339(entry.at)
        edit = FieldChangeOut(entry.id, entry.field, entry.before, entry.after, who, at)
        return EntryOut(None, None, edit)
    change = StatusChangeOut(
        entry.id,
        entry.from_status,
        entry.to_status,
        entry.note,
        author_json(entry.who),
        rfc3339(entry.at),
    )
    return EntryOut(None, change)


def author_json(author: Author) -> AuthorOut:
    """Return who wrote something."""
    return AuthorOut(author.id, author.name, author.role)


def listing(found: Page[T], shape: Callable[[T], Row]) -> Listing[Row]:
    """Return a page of a list."""
    rows = [shape(row) for row in found.rows]
    return Listing(rows, found.page, found.per_page, found.total, found.total_pages)


def ticket_listing(found: TicketPage, site_url: str) -> TicketListing:
    """Return a page of tickets."""
    correction, made = None, found.correction
    if made is not None:
        words = [CorrectedWordOut(word.typed, word.used) for word in made.words]
        correction = CorrectionOut(made.text, words, made.exact)
    return TicketListing(
        [
            ListedTicket(
                **msgspec.structs.asdict(summary_json(row, site_url)), unread=row.id in found.unread
            )
            for row in found.rows
        ],
        found.page,
        found.per_page,
        found.total,
        found.total_pages,
        found.more,
        correction,
    )


def whole_list(rows: Sequence[Row]) -> Listing[Row]:
    """Return a list that always fits one page, in the same shape."""
    count = len(rows)
    return Listing(rows, 1, max(1, count), count, 1 if count else 0)


def moment(value: datetime | None) -> str | None:
    """Return a time that may be absent."""
    return None if value is None else rfc3339(value)


def _name(ref: Ref | None) -> str | None:
    return None if ref is None else ref.name

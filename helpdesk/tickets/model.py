"""Data model of tickets for other packages. No I/O, no rules."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime


class Priority(enum.StrEnum):
    """Priority of a ticket, lowest first."""

    LOW = "Low"
    MEDIUM = "Medium"
    HIGH = "High"
    CRITICAL = "Critical"


@dataclass(frozen=True, slots=True)
class Ref:
    """A category, type or item by id and name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Person:
    """A user as others see them on a ticket."""

    id: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Assignee:
    """Assignee of a ticket: one user or one group."""

    kind: str
    """``user`` or ``group``."""
    id: str
    name: str
    email: str | None = None
    """Of a user; a group has none."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, and how many tickets have it."""

    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Author:
    """Author of something, with their name at that time."""

    id: str
    """A user's ULID, ``plugin:<plugin id>``, or ``system``."""
    name: str
    role: str
    """``admin``, ``staff``, ``user``, ``plugin`` or ``system``."""


@dataclass(frozen=True, slots=True)
class CustomField:
    """A key and a value that a plugin put on the ticket."""

    key: str
    value: str
    plugin_id: str
    """Last to set it: a plugin ID, or ``system``, or a user's ULID."""
    plugin_name: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class TicketSummary:
    """A ticket as a row of a list."""

    id: str
    number: int
    """What people call it by, as ``#1042``: counted from 1 and never given twice."""
    subject: str
    status: str
    priority: Priority
    category: Ref | None
    type: Ref | None
    item: Ref | None
    submitter: Person
    assignee: Assignee | None
    created_at: datetime
    updated_at: datetime
    """The last change that the viewer may know of: for a submitter, not that of a note."""
    revision: int
    """The number of that change. Each change of any ticket has its own, greater than all before, so
    that it sorts tickets by their last change whatever the clock did."""
    resolved_at: datetime | None
    closed_at: datetime | None
    tags: tuple[str, ...]
    """By name; none for those who may not see internal notes."""


@dataclass(frozen=True, slots=True)
class Ticket(TicketSummary):
    """A whole ticket, without its conversation."""

    description: str
    """Markdown as it was typed; never HTML."""
    resolution_notes: str
    """Empty unless the ticket is resolved, or closed after it."""
    custom_fields: tuple[CustomField, ...]
    """Sorted by key."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A public reply, or an internal note that the requester never sees."""

    id: str
    ticket_id: str
    body: str
    """Markdown as it was typed; never HTML."""
    is_internal: bool
    author: Author
    created_at: datetime


@dataclass(frozen=True, slots=True)
class StatusChange:
    """One step of a ticket's status history."""

    from_status: str | None
    """None for the first: the ticket was created."""
    to_status: str
    at: datetime
    who: Author
    note: str
    """Resolution notes, or the reason for reopening; often empty."""
    id: str
    """A ULID: sorts among replies as it happened among them."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A change of something other than the status."""

    field: str
    """``subject``, ``description``, ``priority``, ``category``, ``assignee``,
    ``rating``; for staff ``tags``."""
    before: str | None
    """As it was shown then; None where it was empty, and for a description."""
    after: str | None
    at: datetime
    who: Author
    id: str
    """A ULID: sorts among replies as it happened among them."""


@dataclass(frozen=True, slots=True)
class Timeline:
    """Part of what was said and what happened on a ticket, in one line of time."""

    entries: tuple[Reply | StatusChange | FieldChange, ...]
    """Oldest first; without internal notes where the viewer may not see them."""
    earlier: str | None
    """Pass it as ``before`` for the entries before these; None where these begin the story."""
    total: int
    """Entries of the whole story that the viewer may see."""


@dataclass(frozen=True, slots=True)
class TicketRights:
    """Rights of the viewer on the ticket now, so that pages offer nothing that is refused."""

    reply: bool
    note: bool
    work: bool
    """Assign, set status, priority and category, edit."""
    resolve: bool
    close: bool
    reopen: bool
    statuses: tuple[str, ...]
    """The statuses that ``set_status`` would accept now."""
    held_by: tuple[str, ...] = ()
    """For staff who may not work on it: the groups that it belongs to, by name."""
    helpers: tuple[Person, ...] = ()
    """For the same: some of the people who may, and can assign it to them."""


@dataclass(frozen=True, slots=True)
class TicketDetail:
    """All that a ticket page shows, read in one consistent snapshot."""

    ticket: Ticket
    timeline: Timeline
    rights: TicketRights

    @property
    def replies(self) -> tuple[Reply, ...]:
        """Return what was said in this part of the timeline."""
        return tuple(entry for entry in self.timeline.entries if isinstance(entry, Reply))

    @property
    def history(self) -> tuple[StatusChange, ...]:
        """Return the changes of status in this part of the timeline."""
        return tuple(entry for entry in self.timeline.entries if isinstance(entry, StatusChange))


@dataclass(frozen=True, slots=True)
class CorrectedWord:
    """A word of a search that few tickets have, and the one that was probably meant."""

    typed: str
    used: str


@dataclass(frozen=True, slots=True)
class Correction:
    """What a search was taken to mean, because hardly anything fits it as it was typed."""

    text: str
    """The whole search as it was corrected."""
    words: tuple[CorrectedWord, ...]
    exact: int
    """How many tickets fit the search as it was typed; they come first."""


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """A ticket that is to be created.

    ``category``, ``type``, ``item`` are ids or names; a type needs its category, an item its type.
    ``submitter_id`` and the assignee are for staff; without the first the actor is the submitter.
    """

    subject: str
    description: str
    priority: Priority | str = Priority.MEDIUM
    category: str | None = None
    type: str | None = None
    item: str | None = None
    submitter_id: str | None = None
    assignee_user_id: str | None = None
    assignee_group_id: str | None = None
    tags: Sequence[str] = ()
    """For staff."""
    submitter_email: str | None = None
    """For staff, in the place of ``submitter_id``."""
    submitter_name: str | None = None
    """Of the account that is made where nobody has ``submitter_email``."""


@dataclass(frozen=True, slots=True)
class TicketFilter:
    """Which tickets a list shows; what is left out does not filter. All are joined by *and*."""

    status: Sequence[str] = field(default=())
    """Names in any case, or ``open``: neither Resolved nor Closed. Joined by *or*."""
    priority: Sequence[str] = field(default=())
    category: str | None = None
    """An ID or a name; the same for type and item."""
    type: str | None = None
    item: str | None = None
    assignee_id: str | None = None
    """A user ID, or ``me``, or ``nobody``."""
    group_id: str | None = None
    """Tickets assigned to this group, by its ID or name."""
    submitter_id: str | None = None
    """A user ID or an email address."""
    rating: str | None = None
    """Rated so by its requester, as ``rating.SCORES`` has it; for staff."""
    organization: str | None = None
    """Submitted by a member of this organization, by its ID or name; for staff."""
    field: str | None = None
    """The key of a custom field that tickets have."""
    field_value: str | None = None
    """What that field holds, in any case of ASCII; None for anything."""
    created_from: str | None = None
    """A day as ``2026-04-05``, in UTC, or a time in RFC 3339; the same for the next three. Both
    ends belong to the range."""
    created_to: str | None = None
    updated_from: str | None = None
    updated_to: str | None = None
    tags: Sequence[str] = ()
    """Tickets that have all of them, for those who may see internal notes."""
    mine: bool = False
    """Assigned to the actor, or for a person with role user: submitted by them."""
    followed: bool = False
    """Followed by the actor, who is staff."""
    unassigned: bool = False
    open_only: bool = False
    """Leaves out Resolved and Closed."""
    workable: bool = False
    """Only what the actor may work on: their queue."""
    text: str = ""
    """Words that all begin words of the subject, the description or what was said on the ticket
    (internal notes for those who may see them); or the ticket's number or id."""

    def refined(self, more: "TicketFilter") -> "TicketFilter":
        """Return the filter that shows of this one what ``more`` shows too.

        Where both name a status, a priority, a person or a place, that of ``more`` stands.
        """
        return TicketFilter(
            status=more.status or (() if more.open_only else self.status),
            priority=more.priority or self.priority,
            category=more.category or self.category,
            type=more.type or (None if more.category else self.type),
            item=more.item or (None if more.category or more.type else self.item),
            assignee_id=more.assignee_id or self.assignee_id,
            group_id=more.group_id or self.group_id,
            submitter_id=more.submitter_id or self.submitter_id,
            rating=more.rating or self.rating,
            organization=more.organization or self.organization,
            field=more.field or self.field,
            field_value=more.field_value if more.field else self.field_value,
            created_from=more.created_from or self.created_from,
            created_to=more.created_to or self.created_to,
            updated_from=more.updated_from or self.updated_from,
            updated_to=more.updated_to or self.updated_to,
            tags=tuple(dict.fromkeys((*self.tags, *more.tags))),
            mine=self.mine or more.mine,
            followed=self.followed or more.followed,
            unassigned=self.unassigned or more.unassigned,
            open_only=more.open_only or (self.open_only and not more.status),
            workable=self.workable or more.workable,
            text=" ".join(text for text in (self.text, more.text) if text),
        )

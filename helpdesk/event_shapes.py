"""The eight payloads as types: what plugins are promised, and what authors' events are checked by.

``events`` writes payloads and ``config`` is put in by whoever delivers; a test holds every payload
that the help desk writes against these. Later versions may add keys, so none is forbidden.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

Moment = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$",
        description='a moment in UTC such as "2026-04-05T14:00:00Z"',
    ),
]
Key = Annotated[str, Meta(min_length=1, description="an id")]


class PersonShape(Struct, frozen=True):
    """A user."""

    id: Key
    name: str
    email: str


class UserAssigneeShape(Struct, frozen=True, tag_field="kind", tag="user"):
    """The user who has the ticket."""

    id: Key
    name: str
    email: str


class GroupAssigneeShape(Struct, frozen=True, tag_field="kind", tag="group"):
    """The group that has the ticket."""

    id: Key
    name: str


AssigneeShape = UserAssigneeShape | GroupAssigneeShape
RoleName = Literal["admin", "staff", "user", "plugin", "system"]


class ActorShape(Struct, frozen=True):
    """Actor: a person, another plugin (``plugin:<its id>``), or the help desk (``system``)."""

    id: Key
    name: str
    role: RoleName


class AttachmentShape(Struct, frozen=True):
    """A public file on the ticket: what it is, and not what is in it."""

    id: Key
    name: str
    size: Annotated[int, Meta(ge=0, description="bytes")]
    type: Annotated[str, Meta(description="a media type, by its content")]


class TicketShape(Struct, frozen=True):
    """The ticket as it is after the change."""

    id: Annotated[str, Meta(min_length=1, description="the ticket's id, a ULID")]
    subject: str
    description: str
    status: Annotated[
        str, Meta(description="New, In Progress, Resolved, Closed, or one of this desk's own")
    ]
    priority: Literal["Low", "Medium", "High", "Critical"]
    category: str | None
    type: str | None
    item: str | None
    submitter: PersonShape
    assignee: AssigneeShape | None
    created_at: Moment
    url: Annotated[str, Meta(description="the ticket's page")]
    custom_fields: Annotated[
        dict[str, str], Meta(description="what plugins have put on the ticket, by key")
    ]
    attachments: Annotated[
        tuple[AttachmentShape, ...],
        Meta(description="the public files on the ticket, oldest first"),
    ] = ()


class NothingShape(Struct, frozen=True):
    """This event adds nothing to the ticket."""


class AssignedShape(Struct, frozen=True):
    """Of ``ticket.assigned``."""

    assignee: Annotated[
        AssigneeShape | None, Meta(description="the new assignee; null where nobody has it now")
    ]


class StatusChangedShape(Struct, frozen=True):
    """Of ``ticket.status_changed``."""

    from_status: str
    to_status: str


class ReplyShape(Struct, frozen=True):
    """Of ``ticket.reply_added``."""

    reply_id: Key
    body: str
    is_internal: Literal[False]
    author: ActorShape


class NoteShape(Struct, frozen=True):
    """Of ``ticket.note_added``."""

    reply_id: Key
    body: str
    is_internal: Literal[True]
    author: ActorShape


class ResolvedShape(Struct, frozen=True):
    """Of ``ticket.resolved``."""

    resolution_notes: Annotated[str, Meta(description="may be empty")]


class ReopenedShape(Struct, frozen=True):
    """Of ``ticket.reopened``."""

    reason: Annotated[str, Meta(description="may be empty")]


DATA: dict[str, type[Struct]] = {
    "ticket.created": NothingShape,
    "ticket.assigned": AssignedShape,
    "ticket.status_changed": StatusChangedShape,
    "ticket.reply_added": ReplyShape,
    "ticket.note_added": NoteShape,
    "ticket.resolved": ResolvedShape,
    "ticket.closed": NothingShape,
    "ticket.reopened": ReopenedShape,
}
"""The type of ``data``, by the name of the event."""


def _payload_type(event: str) -> type[Struct]:
    fields: list[tuple[str, Any]] = [
        ("event", Literal[event]),
        ("occurred_at", Moment),
        ("ticket", TicketShape),
        ("actor", ActorShape),
        ("data", DATA[event]),
    ]
    words = event.replace("ticket.", "").replace("_", " ").title().replace(" ", "")
    made = msgspec.defstruct(f"Ticket{words}", fields, frozen=True)
    made.__doc__ = f"The payload of {event}."
    return made


PAYLOADS: dict[str, type[Struct]] = {event: _payload_type(event) for event in DATA}
"""The type of the whole payload without ``config``, by the name of the event."""


def payload_problem(payload: dict[str, Any]) -> str | None:
    """Return what an event of this name would not look like, None where all fits."""
    shape = PAYLOADS.get(str(payload.get("event")))
    if shape is None:
        return f"there is no event {payload.get('event')!r}"
    try:
        msgspec.convert(payload, shape)
    except msgspec.ValidationError as exc:
        return str(exc)
    return None

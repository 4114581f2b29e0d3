"""Query parameters of lists: one struct each."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from helpdesk.paging import MAX_PER_PAGE
from helpdesk.tickets.lists import SORTS
from helpdesk.tickets.model import TicketFilter
from helpdesk.tickets.timeline import MOST
from supervisor.states import DeliveryKind, Outcome
from supervisor.views import DeliveryFilter
from webapp.api.bodies import PriorityName

PageNumber = Annotated[int, Meta(ge=1, le=1_000_000, description="Counted from 1.")]
PerPage = Annotated[int, Meta(ge=1, le=MAX_PER_PAGE)]
SORT_NAMES = tuple(name for column in SORTS for name in (column, f"-{column}"))


class Query(Struct, forbid_unknown_fields=True):
    """Base of all query strings."""


class Paged(Query):
    """A page of a list."""

    page: PageNumber = 1
    per_page: PerPage = 25


class TicketQuery(Paged):
    """Filters and order of tickets. Filters are combined with *and*, repeated ones with *or*."""

    view: Annotated[str, Meta(description="ID of a saved view, to which the rest adds.")] = ""
    status: Annotated[
        list[str], Meta(description="A name in any case, or open: neither Resolved nor Closed.")
    ] = []
    priority: list[PriorityName] = []
    category: Annotated[str, Meta(description="An ID or a name; the same for type and item.")] = ""
    type: str = ""
    item: str = ""
    assignee: Annotated[str, Meta(description="A user ID, me or nobody.")] = ""
    group: Annotated[str, Meta(description="ID or name of the assigned group.")] = ""
    submitter: Annotated[str, Meta(description="A user ID or an email address.")] = ""
    rating: Annotated[str, Meta(description="good, ok or bad, as its requester rated it.")] = ""
    organization: Annotated[str, Meta(description="ID or name of the requester's.")] = ""
    field: Annotated[str, Meta(description="Key of a custom field that tickets have.")] = ""
    field_value: Annotated[str, Meta(description="What that field holds; A to Z in any case.")] = ""
    created_from: Annotated[
        str, Meta(description="A day (2026-04-05, UTC) or a time; the other bounds are alike.")
    ] = ""
    created_to: str = ""
    updated_from: str = ""
    updated_to: str = ""
    tag: Annotated[list[str], Meta(description="Repeated: all of them.")] = []
    mine: Annotated[bool, Meta(description="Assigned to the caller; of requesters: their own.")] = (
        False
    )
    followed: Annotated[bool, Meta(description="Followed by the caller.")] = False
    unassigned: bool = False
    open: Annotated[bool, Meta(description="Neither Resolved nor Closed.")] = False
    workable: Annotated[bool, Meta(description="Tickets the caller can work on.")] = False
    q: Annotated[str, Meta(description="Searches subjects, descriptions and replies.")] = ""
    exact: Annotated[bool, Meta(description="Does not correct mistyped words of q.")] = False
    sort: Annotated[str, Meta(extra_json_schema={"enum": list(SORT_NAMES)})] = "-updated_at"

    def filter(self) -> TicketFilter:
        """Say it in the domain's terms."""
        return TicketFilter(
            status=tuple(filter(None, self.status)),
            priority=tuple(filter(None, self.priority)),
            category=self.category or None,
            type=self.type or None,
            item=self.item or None,
            assignee_id=self.assignee or None,
            group_id=self.group or None,
            submitter_id=self.submitter or None,
            rating=self.rating or None,
            organization=self.organization or None,
            field=self.field or None,
            field_value=self.field_value or None,
            created_from=self.created_from or None,
            created_to=self.created_to or None,
            updated_from=self.updated_from or None,
            updated_to=self.updated_to or None,
            tags=tuple(filter(None, self.tag)),
            mine=self.mine,
            followed=self.followed,
            unassigned=self.unassigned,
            open_only=self.open,
            workable=self.workable,
            text=self.q,
        )


class ReplyQuery(Query):
    """A page of a conversation."""

    page: PageNumber = 1
    per_page: PerPage = 100


class TimelineQuery(Query):
    """A part of a ticket's timeline, read from its end."""

    before: Annotated[str, Meta(description="An entry ID: only earlier entries.")] | UnsetType = (
        UNSET
    )
    limit: Annotated[int, Meta(ge=1, le=MOST)] = 100


class UserQuery(Query):
    """A page of the accounts."""

    q: Annotated[str, Meta(description="Searches names and email addresses.")] = ""
    page: PageNumber = 1
    per_page: PerPage = 50


class NotificationQuery(Query):
    """Filter of your notifications."""

    unread: Annotated[bool, Meta(description="Unread only.")] = False
    limit: Annotated[int, Meta(ge=1, le=500)] = 50


class DeliveryQuery(Query):
    """The latest matching deliveries, or those before one."""

    outcome: Outcome | None = None
    errors: Annotated[bool, Meta(description="Only failed deliveries.")] = False
    kind: Annotated[DeliveryKind | None, Meta(description="Events, or calls of one kind.")] = None
    function: Annotated[str, Meta(description="The function that was called.")] = ""
    event: Annotated[
        str,
        Meta(
            description="Event name, such as ticket.created; of calls, what they were made for: "
            'such as "GET /api/plugins/stats/overview", or the ID of a widget or job.'
        ),
    ] = ""
    event_id: str = ""
    ticket: Annotated[str, Meta(description="A ticket ID.")] = ""
    redelivered: Annotated[bool | None, Meta(description="Only redeliveries.")] = None
    limit: Annotated[int, Meta(ge=1, le=500)] = 50
    before: (
        Annotated[str, Meta(description="A delivery ID: only earlier deliveries.")] | UnsetType
    ) = UNSET

    def filter(self) -> DeliveryFilter:
        """Say it in the supervisor's terms."""
        return DeliveryFilter(
            outcome=self.outcome,
            only_errors=self.errors,
            kind=self.kind,
            function=self.function or None,
            event=self.event or None,
            event_id=self.event_id or None,
            ticket_id=self.ticket or None,
            redelivered=self.redelivered,
        )


class LogQuery(Query):
    """The newest log lines, oldest first."""

    level: Annotated[
        Literal["debug", "info", "warn", "error"] | None,
        Meta(description="Lines at this level and above."),
    ] = None
    after: (
        Annotated[int, Meta(ge=0, le=2**53, description="A line ID: only later lines.")] | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=2000)] = 200


class HistoryQuery(Query):
    """Time range."""

    span: Literal["hour", "day"] = "hour"

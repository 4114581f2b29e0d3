"""Request bodies of the API: one struct each.

Unknown members are refused, so that a misspelt one is not silently without effect. A member that
is left out of a PATCH changes nothing. Lengths are the domain's to check; they stand here for
whoever reads the description.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from helpdesk import checks
from helpdesk.actors import Role
from helpdesk.passwords import MAX_LENGTH, MIN_LENGTH
from helpdesk.settings import BOUNDS
from helpdesk.tickets import bulk, tags
from helpdesk.tickets.model import Priority


def _told(**schema: Any) -> Meta:
    """Describe what the domain will check."""
    return Meta(extra_json_schema=schema)


Name = Annotated[str, _told(minLength=1, maxLength=checks.MAX_NAME, pattern=r"\S")]
Subject = Annotated[str, _told(minLength=1, maxLength=checks.MAX_SUBJECT, pattern=r"\S")]
Text = Annotated[str, _told(maxLength=checks.MAX_BODY_BYTES)]
SaidText = Annotated[str, _told(minLength=1, maxLength=checks.MAX_BODY_BYTES, pattern=r"\S")]
Email = Annotated[str, _told(format="email", maxLength=254)]
Password = Annotated[
    str, _told(minLength=MIN_LENGTH, maxLength=MAX_LENGTH, format="password", writeOnly=True)
]
TagNames = Annotated[list[str], Meta(max_length=tags.MOST)]
PriorityName = Annotated[str, _told(enum=[priority.value for priority in Priority])]


class Body(Struct, forbid_unknown_fields=True):
    """Base of all bodies."""


class Credentials(Body):
    """Login credentials."""

    email: str
    password: Annotated[str, _told(format="password", writeOnly=True)]
    code: str = ""
    """Of a second factor, where the account has one: what the authenticator app shows, or a
    recovery code."""


class AssigneeBody(Body):
    """The assignee of a ticket; ``kind`` and ``id`` as tickets show them."""

    kind: Literal["user", "group"]
    id: str


class TicketBody(Body):
    """A new ticket. Category, type and item by ID or name; staff can set the submitter by email."""

    subject: Subject
    description: Text = ""
    priority: PriorityName = "Medium"
    category: str | None = None
    type: str | None = None
    item: str | None = None
    submitter: str | None = None
    submitter_name: Annotated[
        Name | None, Meta(description="Adds an account where nobody has that address.")
    ] = None
    assignee: AssigneeBody | None = None
    tags: TagNames = []


class TicketPatch(Body):
    """Changes to a ticket; ``null`` clears a field."""

    subject: Subject | UnsetType = UNSET
    description: Text | UnsetType = UNSET
    priority: PriorityName | UnsetType = UNSET
    status: str | UnsetType = UNSET
    category: str | UnsetType | None = UNSET
    type: str | UnsetType | None = UNSET
    item: str | UnsetType | None = UNSET
    assignee: AssigneeBody | UnsetType | None = UNSET
    tags: Annotated[TagNames, Meta(description="All that it is to have.")] | UnsetType = UNSET


class ManyTicketsPatch(Body):
    """The same changes to many tickets, by ID or number; ``null`` clears a field."""

    tickets: Annotated[list[str], Meta(min_length=1, max_length=bulk.MOST)]
    priority: PriorityName | UnsetType = UNSET
    status: str | UnsetType = UNSET
    category: str | UnsetType | None = UNSET
    assignee: AssigneeBody | UnsetType | None = UNSET
    add_tags: TagNames = []
    remove_tags: TagNames = []


class ReplyBody(Body):
    """A public reply, or with ``is_internal`` a note that the requester never sees.

    ``resolve`` resolves the ticket in the same step.
    """

    body: SaidText
    is_internal: bool = False
    resolve: bool = False


class ResolveBody(Body):
    """Resolution of the ticket; ``notes`` is a short name for ``resolution_notes``."""

    resolution_notes: Text = ""
    notes: str = ""


class ReopenBody(Body):
    """Reason for reopening the ticket."""

    reason: Text = ""


class EmptyBody(Body):
    """Nothing, or an empty object."""


class PluginPatch(Body):
    """Changes to a plugin, ``enabled`` last; ``withheld`` lists all denied permissions.

    ``limits``: by name, in the unit that the plugin's ``limits`` show; null for the operator's.
    """

    enabled: bool | UnsetType = UNSET
    config: dict[str, str | int | bool | None] | UnsetType = UNSET
    withheld: list[str] | UnsetType = UNSET
    limits: dict[str, float | None] | UnsetType = UNSET


class PluginSource(Body):
    """URL of a module that the server downloads once."""

    url: Annotated[str, _told(format="uri", minLength=1)]


class AcceptBody(Body):
    """Decision on each new permission of a version, by its token."""

    accepted: list[str] = []
    withheld: list[str] = []


class RedeliverBody(Body):
    """IDs of deliveries of one plugin; all are queued, or none."""

    ids: Annotated[list[str], Meta(min_length=1, max_length=500)]


class UserBody(Body):
    """A new account. Without a password, nobody can log in to it yet."""

    email: Email
    name: Name
    role: Role = Role.USER
    password: Password | None = None


class UserPatch(Body):
    """Changes to an account."""

    email: Email | UnsetType = UNSET
    name: Name | UnsetType = UNSET
    role: Role | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class ProfilePatch(Body):
    """Changes to your account."""

    name: Name | UnsetType = UNSET


class PasswordBody(Body):
    """A new password for an account."""

    password: Password


class PasswordChange(Body):
    """Your current and new passwords."""

    current: Annotated[str, _told(format="password", writeOnly=True)]
    new: Password


class KeyBody(Body):
    """A new API key: what it is for, whether it may change anything, and when it expires.

    ``scope`` is ``all``, or ``read`` for a key that changes nothing. Without ``expires_in_days`` it
    does not expire.
    """

    name: Name
    scope: Literal["all", "read"] = "all"
    expires_in_days: Annotated[int, Meta(ge=1, le=3650)] | None = None


class GroupBody(Body):
    """A new group: IDs of its members, who are staff, and of the categories that it owns."""

    name: Name
    member_ids: list[str] = []
    category_ids: list[str] = []


class GroupPatch(Body):
    """Changes to a group; a list replaces the previous list."""

    name: Name | UnsetType = UNSET
    member_ids: list[str] | UnsetType = UNSET
    category_ids: list[str] | UnsetType = UNSET


class NodeBody(Body):
    """A new category, or with the ID ``parent`` a type or an item below it."""

    name: Name
    parent: str | None = None


class NameBody(Body):
    """A new name."""

    name: Name


def _number(name: str) -> Meta:
    least, most = BOUNDS[name]
    return _told(minimum=least, maximum=most)


class SettingsPatch(Body):
    """Changes to the settings: all of them or none."""

    site_name: Name | UnsetType = UNSET
    site_url: Annotated[str, _told(format="uri")] | UnsetType = UNSET
    reopen_window_days: Annotated[int, _number("reopen_window_days")] | UnsetType = UNSET
    session_days: Annotated[int, _number("session_days")] | UnsetType = UNSET
    second_factor_roles: str | UnsetType = UNSET
    """Roles that need a second factor, with commas between them; empty: none."""
    signup_domains: str | UnsetType = UNSET
    """Domains whose addresses can sign up, with spaces between them; empty: none."""
    scanner: str | UnsetType = UNSET
    """Where clamd listens, a path or host:port; empty: files are not scanned."""
    scanner_away: Literal["wait", "refuse"] | UnsetType = UNSET
    ask_rating: Literal["yes", "no"] | UnsetType = UNSET
    """Whether requesters are asked how it went once their ticket is resolved."""
    plugin_error_threshold: Annotated[int, _number("plugin_error_threshold")] | UnsetType = UNSET
    plugin_error_window_minutes: (
        Annotated[int, _number("plugin_error_window_minutes")] | UnsetType
    ) = UNSET
    plugin_error_least_deliveries: (
        Annotated[int, _number("plugin_error_least_deliveries")] | UnsetType
    ) = UNSET
    keep_events_days: Annotated[int, _number("keep_events_days")] | UnsetType = UNSET
    keep_deliveries_days: Annotated[int, _number("keep_deliveries_days")] | UnsetType = UNSET
    keep_logs_days: Annotated[int, _number("keep_logs_days")] | UnsetType = UNSET
    keep_egress_days: Annotated[int, _number("keep_egress_days")] | UnsetType = UNSET


def given(**members: object) -> dict[str, Any]:
    """Return the members that a body named."""
    return {name: value for name, value in members.items() if not isinstance(value, UnsetType)}

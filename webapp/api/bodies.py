"""What the API's requests may carry: one struct a body.

Unknown members are refused, so that a misspelt one is not silently without effect. A member that
is left out of a PATCH changes nothing.
"""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType


class Body(Struct, forbid_unknown_fields=True):
    """Base of all bodies."""


class Credentials(Body):
    """``POST /api/auth/login``."""

    email: str
    password: str


class AssigneeBody(Body):
    """Who is to have a ticket; ``kind`` and ``id`` as tickets show them."""

    kind: Literal["user", "group"]
    id: str


class TicketBody(Body):
    """``POST /api/tickets``. Category, type and item by id or name; the submitter by email."""

    subject: str
    description: str = ""
    priority: str = "Medium"
    category: str | None = None
    type: str | None = None
    item: str | None = None
    submitter: str | None = None
    assignee: AssigneeBody | None = None


class TicketPatch(Body):
    """``PATCH /api/tickets/<id>``."""

    subject: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    priority: str | UnsetType = UNSET
    status: str | UnsetType = UNSET
    category: str | UnsetType | None = UNSET
    type: str | UnsetType | None = UNSET
    item: str | UnsetType | None = UNSET
    assignee: AssigneeBody | UnsetType | None = UNSET


class ReplyBody(Body):
    """``POST /api/tickets/<id>/replies``."""

    body: str
    is_internal: bool = False


class ResolveBody(Body):
    """``POST /api/tickets/<id>/resolve``."""

    notes: str = ""


class ReopenBody(Body):
    """``POST /api/tickets/<id>/reopen``."""

    reason: str = ""


class EmptyBody(Body):
    """A request that needs no members, such as ``POST /api/tickets/<id>/close``."""


class PluginPatch(Body):
    """``PATCH /api/admin/plugins/<id>``; the configuration is saved before it is enabled."""

    enabled: bool | UnsetType = UNSET
    config: dict[str, str | int | bool | None] | UnsetType = UNSET


def given(**members: object) -> dict[str, Any]:
    """Return the members that a body named."""
    return {name: value for name, value in members.items() if not isinstance(value, UnsetType)}

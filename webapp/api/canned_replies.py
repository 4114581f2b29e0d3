"""Canned replies over the API: kept by staff, and filled in for a ticket."""

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from helpdesk.canned import CannedReply
from webapp.api.bodies import Body, Name, SaidText, given
from webapp.api.operations import operation
from webapp.api.shapes import Listing, whole_list
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_canned_replies", __name__, Access.SIGNED_IN)

_ALL = "/api/canned-replies"
_ONE = f"{_ALL}/<canned_id>"
ScopeName = Annotated[
    str, Meta(description="own, everyone (for admins to set), or group/ and a group's id.")
]


class CannedOut(Struct):
    """A prepared text with its placeholders."""

    id: str
    name: str
    body: str
    scope: str


class FilledOut(Struct):
    """A canned reply with its placeholders filled in."""

    body: str


class CannedBody(Body):
    """A new canned reply."""

    name: Name
    body: SaidText
    scope: ScopeName = "own"


class CannedPatch(Body):
    """Changes to a canned reply."""

    name: Name | UnsetType = UNSET
    body: SaidText | UnsetType = UNSET
    scope: ScopeName | UnsetType = UNSET


@operation(blueprint, "GET", _ALL, errors=(403,))
async def canned_replies() -> Listing[CannedOut]:
    """List the canned replies that the caller can use, by name (staff)."""
    found = await app_context().helpdesk.canned.all(current_visit().actor)
    return whole_list([_shown(one) for one in found])


@operation(blueprint, "POST", _ALL, status=201, location=f"{_ALL}/{{id}}", errors=(403, 409))
async def create(body: CannedBody) -> CannedOut:
    """Create a canned reply (staff; admins for everyone)."""
    return _shown(
        await app_context().helpdesk.canned.create(
            current_visit().actor, name=body.name, body=body.body, scope=body.scope
        )
    )


@operation(blueprint, "GET", _ONE, of="canned reply", errors=(403,))
async def canned_reply(canned_id: str) -> CannedOut:
    """Return a canned reply that the caller may use (staff)."""
    return _shown(await app_context().helpdesk.canned.get(current_visit().actor, canned_id))


@operation(blueprint, "PATCH", _ONE, of="canned reply", errors=(403, 409))
async def change(canned_id: str, body: CannedPatch) -> CannedOut:
    """Change a canned reply."""
    changes = given(name=body.name, body=body.body, scope=body.scope)
    return _shown(
        await app_context().helpdesk.canned.update(current_visit().actor, canned_id, **changes)
    )


@operation(blueprint, "DELETE", _ONE, of="canned reply", errors=(403,))
async def delete(canned_id: str) -> None:
    """Delete a canned reply."""
    await app_context().helpdesk.canned.delete(current_visit().actor, canned_id)


@operation(blueprint, "GET", "/api/tickets/<ticket_id>/canned-replies/<canned_id>", errors=(403,))
async def fill(ticket_id: str, canned_id: str) -> FilledOut:
    """Return a canned reply with its placeholders filled in for a ticket (staff)."""
    return FilledOut(
        await app_context().helpdesk.canned.fill(current_visit().actor, canned_id, ticket_id)
    )


def _shown(one: CannedReply) -> CannedOut:
    return CannedOut(one.id, one.name, one.body, one.scope.text)

"""Organizations of requesters over the API: staff see them, admins change them."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from helpdesk.requesters.organizations import Organization
from webapp.api.bodies import Body, Name, given
from webapp.api.operations import operation
from webapp.api.people_shapes import UserOut, user_json
from webapp.api.queries import Paged, UserQuery
from webapp.api.shapes import Listing, listing
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_organizations", __name__, Access.SIGNED_IN)

_ALL = "/api/organizations"
_ONE = f"{_ALL}/<organization_id>"
_MEMBER = f"{_ONE}/members/<user_id>"
_Domains = Annotated[list[str], Meta(max_length=100)]


class OrganizationOut(Struct):
    """Requesters who belong together."""

    id: str
    name: str
    domains: tuple[str, ...]
    """In ASCII. Whoever gets an account with an address at one of them is a member."""
    notes: str
    shares: bool
    """Whether members see each other's tickets."""
    members: int


class OrganizationBody(Body):
    """A new organization; requesters with an address at its domains become members."""

    name: Name
    domains: _Domains = msgspec.field(default_factory=list)
    notes: str = ""
    shares: bool = False


class OrganizationPatch(Body):
    """Changes to an organization; a list of domains replaces the previous list."""

    name: Name | UnsetType = UNSET
    domains: _Domains | UnsetType = UNSET
    notes: str | UnsetType = UNSET
    shares: bool | UnsetType = UNSET


def _json(one: Organization) -> OrganizationOut:
    return OrganizationOut(one.id, one.name, one.domains, one.notes, one.shares, one.members)


@operation(blueprint, "GET", _ALL, errors=(403,))
async def organizations(query: UserQuery) -> Listing[OrganizationOut]:
    """List organizations by name (staff)."""
    found = await app_context().helpdesk.organizations.list(
        current_visit().actor, text=query.q, page=query.page, per_page=query.per_page
    )
    return listing(found, _json)


@operation(blueprint, "POST", _ALL, status=201, location=f"{_ALL}/{{id}}", errors=(403, 409))
async def create(body: OrganizationBody) -> OrganizationOut:
    """Create an organization (admins)."""
    return _json(
        await app_context().helpdesk.organizations.create(
            current_visit().actor,
            name=body.name,
            domains=" ".join(body.domains),
            notes=body.notes,
            shares=body.shares,
        )
    )


@operation(blueprint, "GET", _ONE, of="organization", errors=(403,))
async def organization(organization_id: str) -> OrganizationOut:
    """Return one organization (staff)."""
    desk = app_context().helpdesk
    return _json(await desk.organizations.get(current_visit().actor, organization_id))


@operation(blueprint, "PATCH", _ONE, of="organization", errors=(403, 409))
async def change(organization_id: str, body: OrganizationPatch) -> OrganizationOut:
    """Change an organization (admins)."""
    listed = body.domains if isinstance(body.domains, UnsetType) else " ".join(body.domains)
    changes = given(name=body.name, domains=listed, notes=body.notes, shares=body.shares)
    desk = app_context().helpdesk
    return _json(await desk.organizations.update(current_visit().actor, organization_id, **changes))


@operation(blueprint, "DELETE", _ONE, of="organization", errors=(403,))
async def delete(organization_id: str) -> None:
    """Delete an organization; its members keep their accounts and tickets (admins)."""
    await app_context().helpdesk.organizations.delete(current_visit().actor, organization_id)


@operation(blueprint, "GET", f"{_ONE}/members", of="organization", errors=(403,))
async def members(organization_id: str, query: Paged) -> Listing[UserOut]:
    """List the members of an organization by name (staff)."""
    found = await app_context().helpdesk.organizations.members(
        current_visit().actor, organization_id, page=query.page, per_page=query.per_page
    )
    return listing(found, user_json)


@operation(blueprint, "PUT", _MEMBER, of="organization", errors=(403,))
async def add_member(organization_id: str, user_id: str) -> None:
    """Move a requester into an organization, from another if they are in one (admins)."""
    desk = app_context().helpdesk
    await desk.organizations.add_member(current_visit().actor, organization_id, user_id)


@operation(blueprint, "DELETE", _MEMBER, of="member", errors=(403,))
async def remove_member(organization_id: str, user_id: str) -> None:
    """Take somebody out of an organization (admins)."""
    desk = app_context().helpdesk
    await desk.organizations.remove_member(current_visit().actor, organization_id, user_id)

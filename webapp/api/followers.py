"""Following tickets over the API."""

from webapp.api.operations import operation
from webapp.api.shapes import Listing, PersonOut, whole_list
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_followers", __name__, Access.SIGNED_IN)

_ONE = "/api/tickets/<ticket_id>"


@operation(blueprint, "GET", f"{_ONE}/followers", of="ticket")
async def followers(ticket_id: str) -> Listing[PersonOut]:
    """List who follows a ticket; for submitters the list is empty."""
    found = await app_context().helpdesk.followers.all(current_visit().actor, ticket_id)
    return whole_list([PersonOut(one.id, one.name, one.email) for one in found])


@operation(blueprint, "PUT", f"{_ONE}/follow", of="ticket", errors=(403,))
async def follow(ticket_id: str) -> None:
    """Follow a ticket: be notified of everything on it (staff)."""
    await app_context().helpdesk.followers.follow(current_visit().actor, ticket_id)


@operation(blueprint, "DELETE", f"{_ONE}/follow", of="ticket", errors=(403,))
async def unfollow(ticket_id: str) -> None:
    """Follow a ticket no longer (staff)."""
    await app_context().helpdesk.followers.unfollow(current_visit().actor, ticket_id)

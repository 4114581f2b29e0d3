"""A ticket's conversation over the API: public replies and internal notes."""

from helpdesk.once import Once
from webapp.api.bodies import ReplyBody
from webapp.api.operations import operation
from webapp.api.queries import ReplyQuery
from webapp.api.shapes import Listing, ReplyOut, listing, reply_json
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_replies", __name__, Access.SIGNED_IN)


@operation(blueprint, "GET", "/api/tickets/<ticket_id>/replies", of="ticket")
async def replies(ticket_id: str, query: ReplyQuery) -> Listing[ReplyOut]:
    """List the conversation, oldest first, without notes if the caller cannot see them."""
    found = await app_context().helpdesk.tickets.replies(
        current_visit().actor, ticket_id, page=query.page, per_page=query.per_page
    )
    return listing(found, reply_json)


@operation(
    blueprint,
    "POST",
    "/api/tickets/<ticket_id>/replies",
    of="ticket",
    status=201,
    errors=(403, 409),
)
async def add(ticket_id: str, body: ReplyBody, once: Once | None) -> ReplyOut:
    """Add a reply, or with ``is_internal`` a note; ``resolve`` resolves the ticket too."""
    tickets = app_context().helpdesk.tickets
    write = tickets.note if body.is_internal else tickets.reply
    return reply_json(
        await write(current_visit().actor, ticket_id, body.body, once=once, resolve=body.resolve)
    )

"""A ticket's conversation over the API: public replies and internal notes."""

from quart import Blueprint, Response, request

from webapp.api.bodies import ReplyBody
from webapp.api.queries import number, refuse_unknown
from webapp.api.shapes import reply_json
from webapp.house import house
from webapp.jsonio import envelope, json_response, read_json
from webapp.sessions import current_visit

blueprint = Blueprint("api_replies", __name__)

MOST_PER_PAGE = 200


@blueprint.get("/api/tickets/<ticket_id>/replies")
async def replies(ticket_id: str) -> Response:
    """List the conversation in order of time, without notes where the caller may not see them."""
    refuse_unknown(request.args, frozenset({"page", "per_page"}))
    page = number(request.args, "page", 1, 1_000_000)
    per_page = number(request.args, "per_page", 100, MOST_PER_PAGE)
    found = await house().helpdesk.tickets.replies(
        current_visit().actor, ticket_id, page=page, per_page=per_page
    )
    return json_response(
        envelope(
            [reply_json(reply) for reply in found.rows],
            page=found.page,
            per_page=found.per_page,
            total=found.total,
            total_pages=found.total_pages,
        )
    )


@blueprint.post("/api/tickets/<ticket_id>/replies")
async def add(ticket_id: str) -> Response:
    """Add a reply, or with ``is_internal`` a note."""
    body = await read_json(ReplyBody)
    tickets = house().helpdesk.tickets
    write = tickets.note if body.is_internal else tickets.reply
    reply = await write(current_visit().actor, ticket_id, body.body)
    return json_response(reply_json(reply), status=201)

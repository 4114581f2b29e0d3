"""What a ticket's open page says of its reader: they look at it, or reply (``live.presence``)."""

from msgspec import Struct
from quart import Response

from helpdesk.actors import Role
from webapp.context import app_context
from webapp.http.jsonio import json_response, read_json
from webapp.live.presence import Doing
from webapp.routes import Access, Section, facts
from webapp.visitors.sessions import current_visit

blueprint = Section("presence", __name__, Access.SIGNED_IN)


class PresenceBody(Struct, forbid_unknown_fields=True):
    """What the reader does now."""

    doing: Doing


@blueprint.post("/tickets/<ticket_id>/presence")
@facts(json=True)
async def note(ticket_id: str) -> Response:
    """Let colleagues know; of whoever is not staff, or asked for help here, nothing is kept."""
    body, visit = await read_json(PresenceBody), current_visit()
    ticket = await app_context().helpdesk.tickets.get(visit.actor, ticket_id)
    if visit.signed_in.role is not Role.USER and ticket.submitter.id != visit.signed_in.id:
        app_context().presence.note(ticket.id, visit.signed_in, body.doing)
    return json_response({})

"""The forms on a ticket that link it to others, and merge it into one."""

from quart import Response, request

from helpdesk.errors import HelpDeskError, NotFound
from webapp.context import app_context
from webapp.errors import BodyInvalid
from webapp.http.forms import form_fields
from webapp.http.redirects import see
from webapp.pages.list_place import came_from
from webapp.pages.ticket import again
from webapp.rendering.links import ticket_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("ticket_links", __name__, Access.SIGNED_IN)


@blueprint.post("/tickets/<ticket_id>/<any(link,unlink):step>")
async def link(ticket_id: str, step: str) -> Response:
    """Make or remove a link, and show the ticket again."""
    fields, links = await form_fields(), app_context().helpdesk.links
    act = links.add if step == "link" else links.remove
    kind, other = fields.get("kind", ""), fields.get("other", "").strip()
    await app_context().helpdesk.tickets.get(current_visit().actor, ticket_id)
    try:
        await act(current_visit().actor, ticket_id, kind, other)
    except NotFound as error:
        return await again(ticket_id, fields, BodyInvalid(str(error)))
    except HelpDeskError as error:
        return await again(ticket_id, fields, error)
    return see(ticket_url(ticket_id, step, **came_from(request.args)))


@blueprint.post("/tickets/<ticket_id>/merge")
async def merge(ticket_id: str) -> Response:
    """Merge the ticket into another, and show that one."""
    fields = await form_fields()
    await app_context().helpdesk.tickets.get(current_visit().actor, ticket_id)
    try:
        into = await app_context().helpdesk.merges.merge(
            current_visit().actor, ticket_id, fields.get("into", "").strip()
        )
    except NotFound as error:
        return await again(ticket_id, fields, BodyInvalid(str(error)))
    except HelpDeskError as error:
        return await again(ticket_id, fields, error)
    return see(ticket_url(into.number, "merge"))

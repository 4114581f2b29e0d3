"""Panel requests of the ticket page, one per panel, after it has loaded.

Answers ``{"url": …}`` or ``{"error": …}``, the sentence for the error card.
"""

from quart import Response, request

from supervisor.errors import NotRunning, PluginNotFound
from webapp.context import app_context
from webapp.http.jsonio import json_response
from webapp.pages.frames import is_own_origin
from webapp.rendering.catalogues import N_
from webapp.routes import Access, Section, facts
from webapp.visitors.sessions import current_visit

blueprint = Section("panels", __name__, Access.SIGNED_IN)


@blueprint.get("/tickets/<ticket_id>/panels/<plugin_id>")
@facts(json=True)
async def panel(ticket_id: str, plugin_id: str) -> Response:
    """Ask the plugin for its panel's address, for a ticket that the visitor may see."""
    ticket = await app_context().helpdesk.tickets.get(current_visit().actor, ticket_id)
    if plugin_id not in {slot.plugin_id for slot in app_context().supervisor.panels.slots()}:
        raise PluginNotFound(plugin_id)
    try:
        result = await app_context().supervisor.panels.render(plugin_id, ticket.id)
    except NotRunning:
        return json_response({"error": N_("The plugin is not running.")})
    if result.url is None:
        return json_response(
            {"error": result.error or N_("The plugin has no panel for this ticket.")}
        )
    if is_own_origin(result.url, app_context().config.public_url, request.host):
        return json_response({"error": N_("The panel's URL points to the help desk itself.")})
    return json_response({"url": result.url})

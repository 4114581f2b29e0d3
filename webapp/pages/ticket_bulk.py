"""The form below the list that changes every chosen ticket at once."""

from collections.abc import Mapping
from typing import Any

from quart import Response, request

from helpdesk.errors import HelpDeskError, Invalid
from helpdesk.tickets import tags
from helpdesk.tickets.edits import TicketChanges
from helpdesk.tickets.filter_values import NOBODY
from webapp.context import app_context
from webapp.http.forms import form_fields, many
from webapp.http.redirects import see
from webapp.pages.choices import read_assignee
from webapp.pages.outcomes import refused
from webapp.pages.ticket_list import show_list
from webapp.rendering.links import list_url
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("ticket_bulk", __name__, Access.SIGNED_IN)

NONE = "none"


@blueprint.post("/tickets/bulk")
async def change_many() -> Response:
    """Change the chosen tickets, and show the list again as the address says."""
    fields, chosen = await form_fields(), await many("ticket")
    try:
        changed = await app_context().helpdesk.tickets.update_many(
            current_visit().actor, chosen, TicketChanges(**_changes(fields))
        )
    except HelpDeskError as error:
        return await show_list(refused(error, fields), chosen=chosen)
    return see(list_url(request.args.items(), done=str(changed)))


def _changes(fields: Mapping[str, str]) -> dict[str, Any]:
    """Return what the form sets; an empty field leaves a thing as it is."""
    changes: dict[str, Any] = {
        name: fields[name] for name in ("status", "priority") if fields.get(name)
    }
    if category := fields.get("category"):
        changes["category"] = None if category == NONE else category
    if assignee := fields.get("assignee"):
        changes |= read_assignee("" if assignee == NOBODY else assignee)
    if added := tags.split(fields.get("add_tag", "")):
        changes["add_tags"] = added
    if not changes:
        raise Invalid("changes", "none", "a status, an assignee, a priority, a category or a tag")
    return changes

"""What one is told, and how: on the site, by email, both or neither."""

from quart import Response

from helpdesk.mail.choices import EVENTS, Choice
from helpdesk.mail.settings import OFF
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import done_from_address
from webapp.rendering.catalogues import N_
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("notification_choices", __name__, Access.SIGNED_IN)


@blueprint.get("/notifications/settings")
async def choices() -> Response:
    """Show one's choices."""
    desk = app_context().helpdesk
    return page(
        "notification_choices.html",
        outcome=done_from_address({"saved": N_("Notification settings saved.")}),
        choices=await desk.choices.all(current_visit().actor),
        events=EVENTS,
        sends=(await desk.mail.all()).outgoing != OFF,
    )


@blueprint.post("/notifications/settings")
async def save() -> Response:
    """Keep one's choices."""
    fields, desk, actor = await form_fields(), app_context().helpdesk, current_visit().actor
    known = await desk.choices.all(actor)
    chosen = {
        event: Choice(web=f"web-{event}" in fields, mail=f"mail-{event}" in fields)
        for event in known
    }
    await desk.choices.save(actor, chosen)
    return see("/notifications/settings?done=saved#done")

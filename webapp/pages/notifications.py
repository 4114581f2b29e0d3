"""One's own notifications: the page behind the bell."""

from quart import Response

from webapp.context import app_context
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.routes import Access, Section
from webapp.security.origin import safe_next
from webapp.visitors.sessions import current_visit

blueprint = Section("notifications", __name__, Access.SIGNED_IN)

SHOWN = 100


@blueprint.get("/notifications")
async def notifications() -> Response:
    """List the newest notifications."""
    found = await app_context().helpdesk.notifications.list(current_visit().actor, limit=SHOWN)
    return page("notifications.html", notices=found)


@blueprint.post("/notifications/read")
async def read_all() -> Response:
    """Mark all as read."""
    await app_context().helpdesk.notifications.mark_all_read(current_visit().actor)
    return see("/notifications")


@blueprint.post("/notifications/<notice_id>/open")
async def open_notice(notice_id: str) -> Response:
    """Mark one as read and lead to what it is about."""
    notice = await app_context().helpdesk.notifications.mark_read(current_visit().actor, notice_id)
    return see(safe_next(notice.link) if notice.link else "/notifications")

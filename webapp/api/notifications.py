"""Your notifications over the API."""

from webapp.api.bodies import EmptyBody
from webapp.api.operations import operation
from webapp.api.people_shapes import NotificationOut, NotificationsOut, notification_json
from webapp.api.queries import NotificationQuery
from webapp.context import app_context
from webapp.routes import Access, Section
from webapp.visitors.sessions import current_visit

blueprint = Section("api_notifications", __name__, Access.SIGNED_IN)


@operation(blueprint, "GET", "/api/notifications")
async def notifications(query: NotificationQuery) -> NotificationsOut:
    """List your latest notifications, newest first."""
    desk, actor = app_context().helpdesk.notifications, current_visit().actor
    found = await desk.list(actor, unread_only=query.unread, limit=query.limit)
    unread = await desk.unread_count(actor)
    return NotificationsOut([notification_json(notice) for notice in found], unread)


@operation(blueprint, "POST", "/api/notifications/read")
async def read_all(body: EmptyBody) -> None:
    """Mark all your notifications as read."""
    del body
    await app_context().helpdesk.notifications.mark_all_read(current_visit().actor)


@operation(blueprint, "POST", "/api/notifications/<notification_id>/read", of="notification")
async def read(notification_id: str, body: EmptyBody) -> NotificationOut:
    """Mark one of your notifications as read."""
    del body
    desk, actor = app_context().helpdesk.notifications, current_visit().actor
    return notification_json(await desk.mark_read(actor, notification_id))

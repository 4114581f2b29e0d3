"""Routes that plugins declare: served where no page of the help desk is.

A login is needed unless an admin has granted the route to be public. What the visitor sends goes in
as one flat object beside an envelope that only the server writes; what comes back is shown in a
frame without an origin, or passed on as JSON.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from quart import Quart, Response, g, request
from werkzeug.exceptions import MethodNotAllowed

from helpdesk.actors import Role
from helpdesk.storage import sql
from helpdesk.users import User
from supervisor.delivery.functions import FoundRoute
from supervisor.views import CallResult
from webapp.context import app_context
from webapp.errors import BodyUnreadable, LoginNeeded, NotForYou, PluginFailed
from webapp.http.guard import require_may_change
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.plugin_answers import Download, Html, Json, Redirect, understand
from webapp.pages.plugin_frames import document, plugin_headers
from webapp.pages.plugin_requests import behalf, envelope
from webapp.rendering.links import login_url
from webapp.visitors.sessions import current_visit

MOST_BODY_BYTES = 4 * 1024 * 1024
_SAFE = frozenset({"GET", "HEAD"})
_RAW_BODY = frozenset({"_body", "_content_type"})


async def serve() -> Response | None:
    """Answer the request where a plugin declares its path; None where that is none's."""
    if request.url_rule is not None:
        return None
    raw_path = bytes(request.scope["raw_path"]).decode("ascii", "replace")
    functions = app_context().supervisor.functions
    method = "GET" if request.method == "HEAD" else request.method
    found = functions.find_route(method, raw_path)
    if found is None:
        if methods := functions.methods(raw_path):
            raise MethodNotAllowed(list(methods))
        return None
    if (refused := await _admit(found)) is not None:
        return refused
    arguments = msgspec.json.encode({**await _sent(found), **await envelope()})
    result = await functions.call(found.plugin_id, found.route.handler, arguments, behalf())
    user = current_visit().user
    if user is not None:
        g.unread = await app_context().helpdesk.notifications.unread_count(user.actor)
    return answer(found.plugin_id, found.plugin_name, result)


async def _admit(found: FoundRoute) -> Response | None:
    """Check login, role, groups and origin. Raises, or returns the way to the log-in page."""
    visit, access = current_visit(), found.route.access
    if access.webhook:
        raise NotForYou("webhook, which this release does not serve")
    if visit.user is None and not found.is_public:
        if request.path.startswith("/api/") or request.method not in _SAFE:
            raise LoginNeeded
        return see(login_url(request.full_path.rstrip("?")))
    if visit.user is not None and visit.user.role is not Role.ADMIN:
        if access.admin:
            raise NotForYou(Role.ADMIN)
        if access.groups and not await _in_one_of(access.groups, visit.user):
            raise NotForYou(" or ".join(access.groups))
    if request.method not in _SAFE:
        await require_may_change(visit)
    return None


async def _in_one_of(wanted: Iterable[str], user: User) -> bool:
    names = [word.rpartition(":")[2] for word in wanted]
    query = "SELECT name FROM groups JOIN group_members ON group_id = groups.id WHERE user_id = ?"
    rows = await app_context().helpdesk.database.read(lambda db: sql.rows(db, query, (user.id,)))
    return not {row["name"] for row in rows}.isdisjoint(names)


async def _sent(found: FoundRoute) -> dict[str, Any]:
    """Return what the visitor sent, later parts first: path, query, body. No reserved names."""
    raw: dict[str, Any] = {}
    sent: dict[str, Any] = dict(found.params)
    for name in request.args:
        values = request.args.getlist(name)
        sent[name] = values[0] if len(values) == 1 else values
    if request.method not in _SAFE:
        raw = await _body()
        sent |= raw
    return {
        name: value
        for name, value in sent.items()
        if not _is_reserved(name) or (name in raw and name in _RAW_BODY)
    }


async def _body() -> dict[str, Any]:
    request.max_content_length = MOST_BODY_BYTES
    kind = request.mimetype
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.form
        return {name: form[name] for name in form if name != "csrf_token"}
    raw = bytes(await request.body)
    if kind == "application/json" and raw:
        try:
            found = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError):
            raise BodyUnreadable("the body is not JSON") from None
        if isinstance(found, dict):
            return found
    return {"_body": raw.decode("utf-8", "replace"), "_content_type": kind} if raw else {}


def _is_reserved(name: str) -> bool:
    return name.startswith("_") or name == "org_id"


def answer(plugin_id: str, plugin_name: str, result: CallResult) -> Response:
    """Turn what came of a function into a response."""
    if result.error is not None:
        raise PluginFailed(plugin_name, is_late=result.outcome == "timeout")
    meant = understand(result.value)
    match meant:
        case Redirect():
            response = see(meant.to)
            response.status_code = meant.status
            return response
        case Download():
            response = Response(meant.data, content_type="application/octet-stream")
            response.headers["Content-Disposition"] = "attachment"
            return response
        case Html():
            return _shown(plugin_id, plugin_name, meant)
        case Json():
            return Response(meant.body, status=meant.status, content_type="application/json")


def _shown(plugin_id: str, plugin_name: str, found: Html) -> Response:
    html = document(found.html)
    if found.is_bare:
        g.own_headers = plugin_headers()
        return Response(html, content_type="text/html; charset=utf-8")
    user = current_visit().user
    token = app_context().documents.keep(html, user.id if user else "")
    g.frame_sources = ("'self'",)
    return page(
        "plugin_page.html",
        title=found.title or plugin_name,
        plugin_id=plugin_id,
        plugin_name=plugin_name,
        address=f"/plugin-frames/{token}",
    )


def install(app: Quart) -> None:
    """Let plugins answer what no route of the app does; after the guard."""
    app.before_request(serve)

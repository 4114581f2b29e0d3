"""Routes that plugins declare: served where no page of the help desk is.

A login is needed unless an admin has granted the route to be public. What the visitor sends goes in
as one flat object beside an envelope that only the server writes; what comes back is shown in a
frame without an origin, or passed on as JSON or as a file.
"""

import hashlib
from collections.abc import Iterable

import msgspec
from quart import Quart, Response, g, request
from werkzeug.exceptions import MethodNotAllowed

from helpdesk.actors import Role
from helpdesk.storage import sql
from helpdesk.users import User
from supervisor.delivery.functions import FoundRoute, PluginFunctions
from supervisor.views import CallResult
from webapp.context import app_context
from webapp.errors import LoginNeeded, NotForYou, PluginFailed, PluginOnly
from webapp.http.guard import require_may_change
from webapp.http.page import page
from webapp.http.preconditions import is_unchanged
from webapp.http.redirects import see
from webapp.pages.plugin_answers import Download, Html, Json, Redirect, understand
from webapp.pages.plugin_bodies import SAFE, arguments
from webapp.pages.plugin_frames import document, framed
from webapp.pages.plugin_requests import Asking, asking
from webapp.pages.plugin_webhooks import is_by_signature, require_signature, signed
from webapp.rendering.links import login_url
from webapp.security.headers import foreign_content_headers
from webapp.visitors.plugin_tokens import plugin_token
from webapp.visitors.sessions import current_visit

PLUGIN_HEADER = "X-Plugin"
"""Sent by the page around a frame for the plugin in it: the request is for that plugin alone. It
comes back with what the plugin has answered, and with nothing else: only that reaches the frame."""


async def refuse_others() -> None:
    """Refuse what a frame asks for that is no plugin's, before anything else is looked at."""
    if request.url_rule is not None and PLUGIN_HEADER in request.headers:
        raise PluginOnly


async def serve() -> Response | None:
    """Answer the request where a plugin declares its path; None where that is none's."""
    if request.url_rule is not None:
        return None
    asks_for = request.headers.get(PLUGIN_HEADER)
    functions = app_context().supervisor.functions
    raw_path = path_of(bytes(request.scope["raw_path"]))
    method = "GET" if request.method == "HEAD" else request.method
    found = functions.find_route(method, raw_path)
    if found is None:
        return _without_route(functions, raw_path)
    if asks_for not in {None, found.plugin_id}:
        raise PluginOnly
    if found.route.access.webhook:
        await require_signature(found)
    if is_by_signature(found):
        asks = signed()
    elif (refused := await _admit(found)) is not None:
        return refused
    else:
        asks = await asking()
    sent = msgspec.json.encode({**await arguments(found.params), **asks.envelope})
    result = await functions.call(
        found.plugin_id,
        found.route.handler,
        sent,
        asks.behalf,
        occasion=found.occasion,
    )
    user = current_visit().user
    if user is not None:
        g.unread = await app_context().helpdesk.notifications.unread_count(user.actor)
    response = answer(found.plugin_id, found.plugin_name, result, asks)
    if asks_for is not None:
        response.headers[PLUGIN_HEADER] = found.plugin_id
    return response


def path_of(raw: bytes) -> str:
    """Return the path of a request as it was sent; a slash at its end does not count."""
    path = raw.decode("ascii", "replace")
    return path.removesuffix("/") if len(path) > 1 else path


def _without_route(functions: PluginFunctions, raw_path: str) -> Response | None:
    """Answer a request for a path that a plugin has, by another method; None where none has."""
    methods = functions.methods(raw_path)
    if not methods:
        return None
    allowed = [*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS"]
    if request.method != "OPTIONS":
        raise MethodNotAllowed(allowed)
    response = Response("", status=204)
    response.headers["Allow"] = ", ".join(sorted(allowed))
    return response


async def _admit(found: FoundRoute) -> Response | None:
    """Check login, role, groups and origin. Raises, or returns the way to the log-in page."""
    visit, access = current_visit(), found.route.access
    if visit.user is None and not found.is_public:
        by_program = request.path.startswith("/api/") or PLUGIN_HEADER in request.headers
        if by_program or request.method not in SAFE:
            raise LoginNeeded
        return see(login_url(request.full_path.rstrip("?")))
    if visit.user is not None and visit.user.role is not Role.ADMIN:
        if access.admin:
            raise NotForYou(Role.ADMIN)
        if access.groups and not await _in_one_of(access.groups, visit.user):
            raise NotForYou(" or ".join(access.groups))
    if request.method not in SAFE:
        await require_may_change(visit, also=plugin_token(visit, found.plugin_id))
    return None


async def _in_one_of(wanted: Iterable[str], user: User) -> bool:
    names = [word.rpartition(":")[2] for word in wanted]
    query = "SELECT name FROM groups JOIN group_members ON group_id = groups.id WHERE user_id = ?"
    rows = await app_context().helpdesk.database.read(lambda db: sql.rows(db, query, (user.id,)))
    return not {row["name"] for row in rows}.isdisjoint(names)


def answer(plugin_id: str, plugin_name: str, result: CallResult, asks: Asking) -> Response:
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
            return _file(meant)
        case Html():
            return _shown(plugin_id, plugin_name, meant, asks)
        case Json():
            return Response(meant.body, status=meant.status, content_type="application/json")


def _file(found: Download) -> Response:
    """Return a file, or 304 to who has it already: programs read feeds again and again."""
    g.own_headers = foreign_content_headers(tls=app_context().config.secure_cookies)
    tag = f'"{hashlib.sha256(found.data).hexdigest()[:32]}"'
    if request.method in SAFE and is_unchanged(tag):
        response = Response("", status=304)
    else:
        response = Response(found.data, content_type=found.kind)
        response.headers["Content-Disposition"] = found.disposition
    response.headers["ETag"] = tag
    # What needs a login stays on no disk. What is public may be kept, and is asked for each time.
    is_public = current_visit().user is None
    response.headers["Cache-Control"] = "private, no-cache" if is_public else "no-store"
    return response


def _shown(plugin_id: str, plugin_name: str, found: Html, asks: Asking) -> Response:
    html = document(found.html, asks.language)
    if PLUGIN_HEADER in request.headers or (found.is_bare and not _is_visited()):
        return framed(html)
    visit = current_visit()
    token = app_context().documents.keep(html, visit.user.id if visit.user else "")
    g.frame_sources = ("'self'",)
    return page(
        "plugin_bare.html" if found.is_bare else "plugin_page.html",
        title=found.title or plugin_name,
        plugin_id=plugin_id,
        plugin_name=plugin_name,
        plugin_token=plugin_token(visit, plugin_id),
        address=f"/plugin-frames/{token}",
    )


def _is_visited() -> bool:
    """Tell whether a browser shows the answer as a page, and no frame or program gets it.

    A page of its own could lead itself to another site, with what it shows in the address; a frame
    of ours cannot. Browsers say what a request is for, older and unencrypted ones what they accept.
    """
    wanted = request.headers.get("Sec-Fetch-Dest")
    if wanted is not None:
        return wanted == "document"
    return "text/html" in request.headers.get("Accept", "")


def install_first(app: Quart) -> None:
    """Keep frames of plugins from everything that is not theirs; before the guard."""
    app.before_request(refuse_others)


def install(app: Quart) -> None:
    """Let plugins answer what no route of the app does; after the guard."""
    app.before_request(serve)

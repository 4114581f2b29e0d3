"""The one place that every request passes: host, visitor, role, origin, token; then headers.

Whom a route is for is said where the route is (``webapp.routes``), and none can leave it out. It
must not know what the routes do; what a person may do with a ticket is the domain's to say.
"""

import hmac
from dataclasses import replace

from quart import Quart, Request, Response, current_app, g, request
from quart.typing import ResponseReturnValue

from helpdesk.actors import Role
from helpdesk.api_keys import KeyScope
from helpdesk.audit import set_origin
from webapp.context import app_context
from webapp.errors import (
    ForgeryRefused,
    KeyIsReadOnly,
    LoginNeeded,
    NotForYou,
    SecondFactorMissing,
    WrongHost,
)
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.http.unsent import came_from_our_page, form_page, unsent_texts
from webapp.rendering.links import SECOND_FACTOR, login_url
from webapp.routes import Access, RouteFacts, access_at, facts_at
from webapp.security.headers import security_headers
from webapp.security.origin import host_is_known
from webapp.visitors.origin import origin_of
from webapp.visitors.sessions import Proof, Visit, current_visit, find_visit, keep_form_cookie

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def admit() -> ResponseReturnValue | None:
    """Let the request through, raise, or send the visitor to the log-in page."""
    config = app_context().config
    access = access_at(current_app, request)
    if access is Access.PUBLIC:
        return None
    if not host_is_known(request.host, config.known_hosts):
        raise WrongHost
    visit = await find_visit(request, app_context())
    if access is Access.ENROLLING and visit.enrolling is not None:
        visit = replace(visit, user=visit.enrolling)
    g.visit = visit
    set_origin(origin_of(request, visit, config))
    if request.url_rule is None:
        return None
    if visit.user is None and await _needs_setup():
        return see("/setup")
    if access is not Access.ANYONE and visit.user is None:
        return await _ask_to_log_in()
    if access is Access.ADMIN and visit.signed_in.role is not Role.ADMIN:
        raise NotForYou(Role.ADMIN)
    if request.method not in _SAFE_METHODS:
        await require_may_change(visit)
    if visit.user is not None and visit.enrolling is None and not _here().json:
        g.unread = (
            await app_context().helpdesk.notifications.unread_count(visit.actor)
            if visit.unread is None
            else visit.unread
        )
    return None


def _here() -> RouteFacts:
    return facts_at(current_app, request)


async def _needs_setup() -> bool:
    """Tell whether this is a page, and nobody could log in to see it: there is no account yet."""
    asks = request.method in _SAFE_METHODS and not _here().json
    if not asks or _here().before_setup:
        return False
    return await app_context().helpdesk.first_run.is_due()


async def _ask_to_log_in() -> ResponseReturnValue:
    if current_visit().enrolling is not None:
        if _here().json:
            raise SecondFactorMissing
        return see(SECOND_FACTOR)
    if _here().json:
        raise LoginNeeded
    if request.method in _SAFE_METHODS:
        return see(login_url(request.full_path.rstrip("?")))
    # The session ended behind a form: nothing is done, and nothing that was written is lost.
    return page(
        "login.html",
        status=401,
        email="",
        target=form_page(),
        problem="your session has ended; log in again to continue",
        unsent=await unsent_texts(),
    )


async def require_may_change(visit: Visit, *, also: str = "") -> None:
    """Refuse a change by a key that may only read, or that a foreign page makes.

    ``also``: a token that is as good as the visitor's own here. Raises KeyIsReadOnly,
    ForgeryRefused.
    """
    if visit.key_scope is KeyScope.READ:
        raise KeyIsReadOnly
    if visit.proof is Proof.API_KEY:
        return
    if not came_from_our_page():
        raise ForgeryRefused("this request came from another site")
    if not _here().token or _is_from_a_program(request):
        return
    offered = await _offered_token(request)
    if also and hmac.compare_digest(offered.encode(), also.encode()):
        return
    require_token(visit, offered)


def require_token(visit: Visit, offered: str) -> None:
    """Raise ForgeryRefused unless a form bears the token of the page that it was on."""
    if not hmac.compare_digest(offered.encode(), visit.csrf_token.encode()):
        raise ForgeryRefused("the page is out of date, or the CSRF token is missing")


def _is_from_a_program(asked: Request) -> bool:
    """Tell whether a call of the API cannot have been made by a browser for a foreign page.

    Browsers say on every change where it comes from. Who brings a token is held to it.
    """
    said = {"Origin", "Sec-Fetch-Site", CSRF_HEADER}
    return asked.path.startswith("/api/") and not any(name in asked.headers for name in said)


async def _offered_token(asked: Request) -> str:
    header = asked.headers.get(CSRF_HEADER)
    if header is not None or _here().json:
        return header or ""
    return str((await asked.form).get(CSRF_FIELD, ""))


async def dress(response: Response) -> Response:
    """Put the security headers on every response."""
    config = app_context().config
    headers = g.get("own_headers") or security_headers(
        frame_sources=g.get("frame_sources", ()),
        tls=config.secure_cookies,
        shared=g.get("shared", False),
    )
    for name, value in headers.items():
        response.headers[name] = value
    is_page = response.headers.get("Content-Type", "").startswith("text/html")
    if is_page and "own_headers" not in g:
        keep_form_cookie(response, config, current_visit())
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response


def install(app: Quart) -> None:
    """Make every request of the app pass the guard."""
    app.before_request(admit)
    app.after_request(dress)

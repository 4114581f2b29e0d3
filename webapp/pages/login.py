"""The log-in page, logging out, and the way from the bare address to the tickets."""

from quart import Response, request
from quart.typing import ResponseReturnValue

from helpdesk.actors import Role
from helpdesk.errors import LoginFailed
from webapp.context import app_context
from webapp.errors import TooManyAttempts
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.second_step import go_on
from webapp.rendering.links import SECOND_FACTOR
from webapp.routes import Access, Body, Section, facts
from webapp.security.origin import safe_next
from webapp.visitors.logins import log_in as start_session
from webapp.visitors.sessions import Proof, current_visit, drop_session

blueprint = Section("login", __name__, Access.ANYONE)


@blueprint.get("/")
async def start() -> ResponseReturnValue:
    """Lead to the tickets, to where a plugin lets staff land, or to the log-in page."""
    user = current_visit().user
    if user is None:
        return see("/login")
    landing = app_context().supervisor.offers.navigation().landing_page
    return see(landing if landing and user.role is not Role.USER else "/tickets")


@blueprint.get("/login")
async def form() -> ResponseReturnValue:
    """Show the log-in form."""
    target = safe_next(request.args.get("next"))
    if current_visit().enrolling is not None:
        return see(SECOND_FACTOR)
    if current_visit().user is not None:
        return see(target)
    return await _page(email="", target=target, problem=None)


@blueprint.post("/login")
@facts(body=Body.LOGIN)
async def log_in() -> ResponseReturnValue:
    """Log in and lead to where the visitor wanted to go."""
    fields = await form_fields()
    email, target = fields.get("email", ""), safe_next(fields.get("next"))
    try:
        found = await start_session(
            app_context(), request, current_visit(), email, fields.get("password", "")
        )
    except LoginFailed as error:
        return await _again(email, target, str(error), 401)
    except TooManyAttempts as error:
        response = await _again(email, target, str(error), 429)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    return go_on(found, target)


async def _again(email: str, target: str, problem: str, status: int) -> Response:
    return await _page(status=status, email=email, target=target, problem=problem)


async def _page(*, email: str, target: str, problem: str | None, status: int = 200) -> Response:
    is_open = await app_context().helpdesk.sign_ups.is_open()
    return page(
        "login.html", status=status, email=email, target=target, problem=problem, signs_up=is_open
    )


@blueprint.post("/logout")
async def log_out() -> ResponseReturnValue:
    """End the session."""
    visit = current_visit()
    if visit.proof is Proof.COOKIE and visit.token is not None:
        await app_context().helpdesk.sessions.log_out(visit.token)
    response = see("/login")
    drop_session(response, app_context().config)
    return response

"""Logging in and out by JSON."""

from quart import Response, request

from helpdesk.factors.sign_in import LoginStep
from webapp.api.bodies import Credentials
from webapp.api.operations import operation
from webapp.api.people_shapes import LoginOut, self_json
from webapp.context import app_context
from webapp.errors import SecondFactorNeeded
from webapp.http.jsonio import json_response
from webapp.routes import Access, Body, Section
from webapp.visitors.logins import finish_with_code
from webapp.visitors.logins import log_in as start_session
from webapp.visitors.sessions import Proof, current_visit, drop_session, keep_session

blueprint = Section("api_login", __name__, Access.ANYONE)
logout_blueprint = Section("api_logout", __name__, Access.ENROLLING)


@operation(
    blueprint,
    "POST",
    "/api/auth/login",
    errors=(401, 403, 429),
    public=True,
    answer=LoginOut,
    limit=Body.LOGIN,
    # Its caller cannot have one yet. It takes JSON alone, which a foreign page cannot send without
    # being asked for permission first (CORS), and the origin is checked.
    token=False,
)
async def log_in(body: Credentials) -> Response:
    """Log in: returns a cookie, the person, and the CSRF token for changes.

    An account with a second factor needs a ``code`` too; without it the answer is 401. Somebody
    who has passkeys alone uses a recovery code, or an API key.
    """
    visit = current_visit()
    here = app_context()
    new = await start_session(here, request, visit, body.email, body.password)
    if isinstance(new, LoginStep):
        if not body.code:
            raise SecondFactorNeeded
        new = await finish_with_code(here, request, visit, new.token, body.code)
    user, token = self_json(new.session.user), new.session.csrf_token
    response = json_response(LoginOut(user, token))
    keep_session(response, app_context().config, new)
    return response


@operation(logout_blueprint, "POST", "/api/auth/logout", answer=None)
async def log_out() -> Response:
    """Log out: end the session of the cookie. API keys stay valid."""
    visit = current_visit()
    if visit.proof is Proof.COOKIE and visit.token is not None:
        await app_context().helpdesk.sessions.log_out(visit.token)
    response = Response("", status=204)
    drop_session(response, app_context().config)
    return response

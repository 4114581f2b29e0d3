"""Sign-up: a visitor asks for an account, and confirms by a link in an email.

The answer is the same whether there is an account with the address or not.
"""

from collections.abc import Mapping
from functools import partial

from quart import Response, request

from helpdesk.errors import HelpDeskError, Invalid, NotFound
from helpdesk.passwords import MAX_LENGTH, MIN_LENGTH
from webapp.context import app_context
from webapp.errors import TooManyAttempts
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.pages.outcomes import NOTHING, Outcome, refused
from webapp.pages.second_step import go_on
from webapp.rendering.links import sign_up_url
from webapp.routes import Access, Body, Section, facts
from webapp.visitors.letters import require_turn
from webapp.visitors.logins import browser_of
from webapp.visitors.sessions import current_visit

blueprint = Section("sign_up", __name__, Access.ANYONE)


@blueprint.get("/signup")
async def form() -> Response:
    """Show the form, or say that nobody can sign up."""
    return await _show()


@blueprint.post("/signup")
@facts(body=Body.LOGIN)
async def ask() -> Response:
    """Send a link to the visitor's address."""
    fields, here = await form_fields(), app_context()
    if not await here.helpdesk.sign_ups.is_open():
        return await _show(status=409)
    email = fields.get("email", "")
    try:
        require_turn("sign-up", email)
        await here.helpdesk.sign_ups.request(
            email=email,
            name=fields.get("name", ""),
            url_of=partial(sign_up_url, here.config.public_url),
            password_url=f"{here.config.public_url}/password",
        )
    except TooManyAttempts as error:
        response = await _show(problem=str(error), status=429)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    except HelpDeskError as error:
        return await _show(refused(error, fields))
    return await _show(done=True)


async def _show(
    outcome: Outcome = NOTHING, *, done: bool = False, problem: str = "", status: int = 0
) -> Response:
    return page(
        "sign_up.html",
        status=status or outcome.status,
        is_open=await app_context().helpdesk.sign_ups.is_open(),
        outcome=outcome,
        done=done,
        problem=problem,
    )


@blueprint.get("/signup/confirm")
async def confirmation() -> Response:
    """Show the form for a password, or say that the link is good no longer."""
    return await _confirm(request.args.get("token", ""), NOTHING)


@blueprint.post("/signup/confirm")
@facts(body=Body.LOGIN)
async def confirm() -> Response:
    """Make the account and log in."""
    fields, desk = await form_fields(), app_context().helpdesk
    token = fields.get("token", "")
    try:
        _require_same(fields)
        user = await desk.sign_ups.confirm(token, fields.get("password", ""))
    except HelpDeskError as error:
        return await _confirm(token, refused(error, {}))
    browser = browser_of(app_context(), request, current_visit())
    return go_on(await desk.sign_in.begin(user.id, browser), "/tickets")


def _require_same(fields: Mapping[str, str]) -> None:
    if fields.get("password", "") != fields.get("password_again", ""):
        raise Invalid("password_again", "another text", "the same password again")


async def _confirm(token: str, outcome: Outcome) -> Response:
    try:
        waiting = await app_context().helpdesk.sign_ups.waiting(token)
    except NotFound:
        return page("sign_up_confirm.html", status=404, waiting=None, outcome=NOTHING)
    return page(
        "sign_up_confirm.html",
        status=outcome.status,
        waiting=waiting,
        token=token,
        outcome=outcome,
        password_least=MIN_LENGTH,
        password_most=MAX_LENGTH,
    )

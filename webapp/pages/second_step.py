"""The second step of logging in: a code, or a passkey. Without it there is no session."""

from quart import Response, request

from helpdesk.errors import HelpDeskError, LoginStepEnded
from helpdesk.factors.ceremony import Site
from helpdesk.factors.sign_in import LoginStep
from helpdesk.sessions import NewSession
from webapp.context import app_context
from webapp.errors import TooManyAttempts
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, Outcome, refused
from webapp.rendering.links import SECOND_STEP, login_url, second_step_url
from webapp.routes import Access, Body, Section, facts
from webapp.security.origin import safe_next
from webapp.visitors.logins import finish_with_code, finish_with_passkey, waiting
from webapp.visitors.sessions import current_visit, keep_session, keep_step, shown_step

blueprint = Section("second_step", __name__, Access.ANYONE)


def go_on(found: NewSession | LoginStep, target: str) -> Response:
    """Lead somebody whose password was right to ``target``, or to the second step first."""
    config = app_context().config
    if isinstance(found, LoginStep):
        response = see(second_step_url(target))
        keep_step(response, config, found.token)
        return response
    response = see(target)
    keep_session(response, config, found)
    return response


@blueprint.get(SECOND_STEP)
async def form() -> Response:
    """Ask for the second factor; begin again where no log-in waits for one."""
    target = safe_next(request.args.get("next"))
    if current_visit().user is not None:
        return see(target)
    return await _show(target, NOTHING)


async def _show(target: str, outcome: Outcome) -> Response:
    here = app_context()
    try:
        found = await waiting(here, shown_step(request, here.config))
    except LoginStepEnded:
        return see(login_url(target))
    return page(
        "second_step.html",
        status=outcome.status,
        outcome=outcome,
        waiting=found,
        target=target,
        takes_passkeys=Site.at(here.config.public_url).takes_passkeys,
    )


@blueprint.post(SECOND_STEP)
@facts(body=Body.LOGIN)
async def with_code() -> Response:
    """Finish with a code of an app, or a recovery code."""
    fields, here = await form_fields(), app_context()
    target, token = safe_next(fields.get("next")), shown_step(request, here.config)
    try:
        made = await finish_with_code(here, request, current_visit(), token, fields.get("code", ""))
    except (HelpDeskError, TooManyAttempts) as error:
        return await _again(target, error)
    return go_on(made, target)


@blueprint.post(f"{SECOND_STEP}/options")
@facts(json=True, body=Body.LOGIN)
async def options() -> Response:
    """Return what the browser needs to ask for a passkey, with a challenge that is good once."""
    here = app_context()
    site, token = Site.at(here.config.public_url), shown_step(request, here.config)
    if not token:
        raise LoginStepEnded
    told = await here.helpdesk.sign_in.options(token, site)
    return Response(told, content_type="application/json")


@blueprint.post(f"{SECOND_STEP}/passkey")
@facts(body=Body.LOGIN)
async def with_passkey() -> Response:
    """Finish with what the browser has answered to the challenge."""
    fields, here = await form_fields(), app_context()
    target, token = safe_next(fields.get("next")), shown_step(request, here.config)
    try:
        made = await finish_with_passkey(
            here, request, current_visit(), token, fields.get("credential", "")
        )
    except (HelpDeskError, TooManyAttempts) as error:
        return await _again(target, error)
    return go_on(made, target)


async def _again(target: str, error: HelpDeskError | TooManyAttempts) -> Response:
    response = await _show(target, refused(error))
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response

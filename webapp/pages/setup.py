"""The first run: asks for the first admin, once and never again.

Reached only while nobody has an account. Where more than this machine can reach the server, it
also asks for the code that was printed when the server started: who gets here first on the network
must not become the admin of somebody else's help desk.
"""

import hmac
from collections.abc import Mapping

from quart import Response, abort, request

from helpdesk.accounts import User
from helpdesk.errors import Conflict, HelpDeskError, Invalid
from helpdesk.passwords import MAX_LENGTH, MIN_LENGTH
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.http.redirects import see
from webapp.pages.outcomes import NOTHING, PASSWORDS_DIFFER, Outcome, refused
from webapp.routes import Access, Body, Section, facts
from webapp.visitors.logins import browser_of
from webapp.visitors.sessions import current_visit, keep_session

blueprint = Section("setup", __name__, Access.ANYONE)

_LONGEST_CODE = 100


@blueprint.get("/setup")
@facts(before_setup=True)
async def form() -> Response:
    """Show the form; there is nothing here once somebody has an account."""
    if not await app_context().helpdesk.first_run.is_due():
        abort(404)
    return _form(NOTHING, request.args.get("code", ""))


def _form(outcome: Outcome, code: str) -> Response:
    return page(
        "setup.html",
        status=outcome.status,
        outcome=outcome,
        code=code[:_LONGEST_CODE],
        password_least=MIN_LENGTH,
        password_most=MAX_LENGTH,
    )


@blueprint.post("/setup")
@facts(body=Body.LOGIN, before_setup=True)
async def create() -> Response:
    """Make the first admin, and log them in."""
    fields, desk = await form_fields(), app_context().helpdesk
    if not await desk.first_run.is_due():
        abort(404)
    try:
        admin = await _create(fields)
    except Conflict:
        # Somebody else was faster by less than a password's hashing.
        return see("/login")
    except HelpDeskError as error:
        return _form(refused(error, fields), fields.get("code", ""))
    response = see("/admin/settings")
    browser = browser_of(app_context(), request, current_visit())
    keep_session(response, app_context().config, await desk.sessions.start(admin.id, browser))
    return response


async def _create(fields: Mapping[str, str]) -> User:
    wanted, password = app_context().setup_code, fields.get("password", "")
    offered = fields.get("code", "").strip()
    if not hmac.compare_digest(offered.encode(), wanted.encode()):
        raise Invalid(
            "code",
            "another",
            "the code that the server printed when it started",
            "Incorrect setup code. Enter the code that the server printed when it started.",
        )
    if password != fields.get("password_again", ""):
        raise Invalid("password_again", "another", "the same password", PASSWORDS_DIFFER)
    return await app_context().helpdesk.first_run.create_admin(
        email=fields.get("email", ""), name=fields.get("name", ""), password=password
    )

"""The page behind a link that an admin handed over: set one's password, once, and be logged in."""

from collections.abc import Mapping

from quart import Response, request

from helpdesk.errors import HelpDeskError, Invalid, NotFound
from helpdesk.passwords import MAX_LENGTH, MIN_LENGTH
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.pages.outcomes import NOTHING, Outcome, refused
from webapp.pages.second_step import go_on
from webapp.routes import Access, Body, Section, facts
from webapp.visitors.logins import browser_of
from webapp.visitors.sessions import current_visit

blueprint = Section("invitation", __name__, Access.ANYONE)


@blueprint.get("/invitation")
async def invitation() -> Response:
    """Show the form, or say that the link is good no longer."""
    return await _show(request.args.get("token", ""), NOTHING)


@blueprint.post("/invitation")
@facts(body=Body.LOGIN)
async def redeem() -> Response:
    """Set the password and log in."""
    fields = await form_fields()
    token, desk = fields.get("token", ""), app_context().helpdesk
    try:
        _require_same(fields)
        user = await desk.invitations.redeem(token, fields.get("password", ""))
    except HelpDeskError as error:
        return await _show(token, refused(error, {}))
    # A link sets the password, and takes the place of nothing else.
    browser = browser_of(app_context(), request, current_visit())
    return go_on(await desk.sign_in.begin(user.id, browser), "/tickets")


def _require_same(fields: Mapping[str, str]) -> None:
    if fields.get("password", "") != fields.get("password_again", ""):
        raise Invalid("password_again", "another text", "the same password again")


async def _show(token: str, outcome: Outcome) -> Response:
    try:
        user = await app_context().helpdesk.invitations.holder(token)
    except NotFound:
        return page("invitation.html", status=404, holder=None, outcome=NOTHING)
    return page(
        "invitation.html",
        status=outcome.status,
        holder=user,
        token=token,
        outcome=outcome,
        password_least=MIN_LENGTH,
        password_most=MAX_LENGTH,
    )

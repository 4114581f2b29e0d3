"""Forgot password: a link to set a new one, by email to the account's own address.

The answer is the same whether there is such an account or not.
"""

from quart import Response
from quart.typing import ResponseReturnValue

from helpdesk.mail.settings import OFF
from webapp.context import app_context
from webapp.errors import TooManyAttempts
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.rendering.links import invitation_url
from webapp.routes import Access, Body, Section, facts
from webapp.visitors.letters import require_turn

blueprint = Section("forgotten", __name__, Access.ANYONE)


@blueprint.get("/password")
async def form() -> ResponseReturnValue:
    """Show the form."""
    return await _show()


@blueprint.post("/password")
@facts(body=Body.LOGIN)
async def send() -> ResponseReturnValue:
    """Send a link, where there is an account."""
    email = (await form_fields()).get("email", "").strip().lower()[:254]
    here = app_context()
    try:
        require_turn("forgotten", email)
    except TooManyAttempts as error:
        response = await _show(problem=str(error), status=429)
        response.headers["Retry-After"] = str(error.retry_after_s)
        return response
    site = await here.helpdesk.settings.all()
    await here.helpdesk.invitations.send_to(
        email, lambda token: invitation_url(here.config.public_url, token), site.site_name
    )
    return await _show(done=True)


async def _show(*, done: bool = False, problem: str = "", status: int = 200) -> Response:
    sends = (await app_context().helpdesk.mail.all()).outgoing != OFF
    return page("forgotten.html", status=status, done=done, problem=problem, sends=sends)

"""The page behind the link in a letter: how did it go with a ticket? Without logging in.

Opening it changes nothing, since programs follow links in mail; sending the form does.
"""

from quart import Response, request

from helpdesk.errors import HelpDeskError, NotFound
from webapp.context import app_context
from webapp.http.forms import form_fields
from webapp.http.page import page
from webapp.pages.outcomes import NOTHING, Outcome, refused
from webapp.rendering.catalogues import N_
from webapp.routes import Access, Section

blueprint = Section("rate", __name__, Access.ANYONE)

_AT = "/rate/<number>/<code>"


@blueprint.get(_AT)
async def question(number: str, code: str) -> Response:
    """Show the question, or say that the link is good no longer."""
    return await _show(number, code, NOTHING)


@blueprint.post(_AT)
async def answer(number: str, code: str) -> Response:
    """Save the answer."""
    fields = await form_fields()
    try:
        await app_context().helpdesk.ratings.rate_by_code(
            number, code, fields.get("score", ""), fields.get("comment", "")
        )
    except HelpDeskError as error:
        return await _show(number, code, refused(error, fields))
    return await _show(number, code, Outcome(done=N_("Thank you. Your answer is saved.")))


async def _show(number: str, code: str, outcome: Outcome) -> Response:
    try:
        found = await app_context().helpdesk.ratings.by_code(number, code)
    except NotFound:
        return page("rate.html", status=404, question=None, outcome=NOTHING)
    return page(
        "rate.html", status=outcome.status, question=found, at=request.path, outcome=outcome
    )

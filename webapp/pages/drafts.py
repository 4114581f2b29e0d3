"""What scripts ask to keep of forms that are not sent yet, and get back (``static/drafts.js``).

A page says whose it is. A browser in which somebody else has logged in meanwhile keeps nothing and
is given nothing: what was written on one person's page never comes to another.
"""

import hmac

from msgspec import Struct
from quart import Response, request

from helpdesk.errors import StorageError
from webapp.context import app_context
from webapp.http.guard import CSRF_HEADER
from webapp.http.jsonio import json_response, read_json
from webapp.routes import Access, Section, facts
from webapp.visitors.sessions import current_visit

blueprint = Section("drafts", __name__, Access.ANYONE)


class DraftBody(Struct, forbid_unknown_fields=True):
    """The path that a form posts to, and what it holds; no fields: nothing that is to be kept."""

    form: str
    fields: dict[str, str]


@blueprint.get("/drafts")
@facts(json=True)
async def find() -> Response:
    """Return the drafts of the forms of a page, by form."""
    user = current_visit().user
    if user is None or request.args.get("user") != user.id:
        return json_response({})
    forms = request.args.getlist("form")
    return json_response(await app_context().helpdesk.drafts.find(user.actor, forms))


@blueprint.put("/drafts")
@facts(json=True, token=False)
async def keep() -> Response:
    """Keep a draft, and say whether it is kept."""
    body, visit = await read_json(DraftBody), current_visit()
    token = request.headers.get(CSRF_HEADER, "")
    if visit.user is None or not hmac.compare_digest(token.encode(), visit.csrf_token.encode()):
        return json_response({"kept": False})
    try:
        await app_context().helpdesk.drafts.keep(visit.actor, body.form, body.fields)
    except StorageError:
        return json_response({"kept": False})
    return json_response({"kept": True})

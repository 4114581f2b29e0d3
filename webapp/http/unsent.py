"""Contents of a form that was refused, so that the response can show it again.

Scripts keep it as well (``static/drafts.js``); this is for a browser without them. Only what people
write at length is shown, never a password, and only where the form came from a page of ours.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from quart import request
from werkzeug.exceptions import HTTPException

from webapp.context import app_context
from webapp.errors import WebError
from webapp.http.forms import form_fields
from webapp.http.streamed import PacedBody
from webapp.rendering.catalogues import N_
from webapp.security.origin import is_same_site, safe_next
from webapp.visitors.languages import say

TEXTS = {
    "subject": N_("Subject"),
    "description": N_("Description"),
    "reply": N_("Reply"),
    "note": N_("Internal note"),
    "notes": N_("Resolution notes"),
    "reason": N_("Reason"),
}
_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


def came_from_our_page() -> bool:
    """Tell whether the request was sent by a page of ours, as browsers say it."""
    return is_same_site(
        origin=request.headers.get("Origin"),
        fetch_site=request.headers.get("Sec-Fetch-Site"),
        host_header=request.host,
        public_url=app_context().config.public_url,
    )


async def unsent_texts() -> Sequence[tuple[str, str]]:
    """Return label and text of what the form of this request has; empty where it is none."""
    if request.method != "POST" or request.mimetype not in _FORM_TYPES or not came_from_our_page():
        return ()
    if isinstance(request.body, PacedBody):
        # It bears a file, and nothing that was written.
        return ()
    try:
        fields = await form_fields()
    except (HTTPException, WebError):
        return ()
    return [(say(label), fields[name]) for name, label in TEXTS.items() if fields.get(name)]


def form_page() -> str:
    """Return the page that the form of this request stands on; the start page if unknown."""
    try:
        said = urlsplit(request.headers.get("Referer", ""))
    except ValueError:
        return "/"
    if said.netloc.lower() != request.host.lower() or said.path == "/login":
        return "/"
    return safe_next(said.path + (f"?{said.query}" if said.query else ""))

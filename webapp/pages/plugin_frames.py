"""Frames of plugins: a kept document by its token, and a widget made when its frame asks."""

from collections.abc import Mapping
from html import escape

import msgspec
from quart import Response, abort, g, request

from supervisor.errors import SupervisorError
from supervisor.views import CallResult
from webapp.context import app_context
from webapp.pages.plugin_answers import Html, understand
from webapp.pages.plugin_requests import behalf, envelope
from webapp.rendering.assets import asset_url
from webapp.routes import Access, Section
from webapp.security.plugin_frames import plugin_frame_headers
from webapp.visitors.sessions import current_visit

blueprint = Section("plugin_frames", __name__, Access.ANYONE)


@blueprint.get("/plugin-frames/<token>")
async def kept(token: str) -> Response:
    """Serve a document to the visitor whom it was made for."""
    user = current_visit().user
    html = app_context().documents.find(token, user.id if user else "")
    if html is None:
        html = card("This page has expired", "Load it again.")
    g.own_headers = plugin_headers()
    return Response(html, content_type="text/html; charset=utf-8")


@blueprint.get("/plugin-widgets/<plugin_id>/<widget_id>")
async def widget(plugin_id: str, widget_id: str) -> Response:
    """Serve one widget for the visitor; where it fails, a card with the reason."""
    functions = app_context().supervisor.functions
    handler = next(
        (
            placed.widget.handler
            for placed in functions.widgets("dashboard")
            if (placed.plugin_id, placed.widget.id) == (plugin_id, widget_id)
        ),
        None,
    )
    if handler is None:
        abort(404)
    said = await envelope()
    try:
        result = await functions.call(plugin_id, handler, msgspec.json.encode(said), behalf())
    except SupervisorError:
        result = CallResult.failed("the plugin is switched off")
    g.own_headers = plugin_headers()
    return Response(_widget(result), content_type="text/html; charset=utf-8")


def _widget(result: CallResult) -> str:
    if result.error is not None:
        late = result.outcome == "timeout"
        return card("Unavailable", "It took too long." if late else "The plugin failed.")
    found = understand(result.value)
    if not isinstance(found, Html):
        return card("Unavailable", "The plugin returned no HTML.")
    return document(found.html)


def document(html: str) -> str:
    """Return a plugin's markup as a document, with our stylesheet and the script of frames."""
    own = request.host_url.rstrip("/")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark">'
        f'<link rel="stylesheet" href="{own}{asset_url("goatkit.css")}">'
        f'<script src="{own}{asset_url("goatkit-frame.js")}"></script>'
        f"</head><body>{html}</body></html>"
    )


def card(title: str, text: str) -> str:
    """Return a document that says why there is nothing to see."""
    return document(
        f'<div class="gk-card-body"><p><strong>{escape(title)}</strong></p>'
        f'<p class="gk-stat-label">{escape(text)}</p></div>'
    )


def plugin_headers() -> Mapping[str, str]:
    """Return the headers of a document that this request is answered with."""
    return plugin_frame_headers(request.host_url.rstrip("/"))

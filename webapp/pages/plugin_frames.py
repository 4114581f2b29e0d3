"""Frames of plugins: a kept document by its token, and a widget made when its frame asks."""

import re
from collections.abc import Collection, Mapping
from html import escape

from quart import Response, abort, g

from helpdesk.actors import Role
from webapp.context import app_context
from webapp.http.plugin_menu import TICKET_WIDGETS, WIDGETS
from webapp.pages.plugin_requests import asking
from webapp.pages.widget_calls import make
from webapp.rendering.assets import asset_text
from webapp.routes import Access, Section
from webapp.security.plugin_frames import headers_of_frames
from webapp.visitors.languages import languages
from webapp.visitors.sessions import current_visit

_SHADOWS = re.compile(r"shadowroot", re.IGNORECASE)

blueprint = Section("plugin_frames", __name__, Access.ANYONE)


@blueprint.get("/plugin-frames/<token>")
async def kept(token: str) -> Response:
    """Serve a document to the visitor whom it was made for."""
    user = current_visit().user
    html = app_context().documents.find(token, user.id if user else "")
    return framed(html or card("This page has expired", "Load it again."))


@blueprint.get("/plugin-widgets/<plugin_id>/<widget_id>")
async def widget(plugin_id: str, widget_id: str) -> Response:
    """Serve one widget for the visitor; where it fails, a card with the reason."""
    return await _made(WIDGETS, plugin_id, widget_id)


@blueprint.get("/tickets/<ticket_id>/widgets/<plugin_id>/<widget_id>")
async def ticket_widget(ticket_id: str, plugin_id: str, widget_id: str) -> Response:
    """Serve one widget of the page of a ticket that the visitor may see."""
    if current_visit().user is None:
        abort(404)
    ticket = await app_context().helpdesk.tickets.get(current_visit().actor, ticket_id)
    return await _made(TICKET_WIDGETS, plugin_id, widget_id, ticket.number)


async def _made(
    places: Mapping[Role, Collection[str]],
    plugin_id: str,
    widget_id: str,
    ticket: int | None = None,
) -> Response:
    user = current_visit().user
    if user is None:
        abort(404)
    offers = app_context().supervisor.offers
    found = [*offers.widgets(places[user.role], languages()), *offers.while_writing(languages())]
    placed = next((one for one in found if one.key == f"{plugin_id}/{widget_id}"), None)
    if placed is None:
        abort(404)
    asks = await asking()
    made = await make(app_context(), placed, asks, ticket)
    html = document(made.html, asks.language)
    return framed(card("Unavailable", made.problem) if made.problem else html)


def framed(html: str) -> Response:
    """Return a document as a response that has no origin."""
    g.own_headers = headers_of_frames(app_context().config.secure_cookies)
    return Response(html, content_type="text/html; charset=utf-8")


def document(html: str, language: str = "en") -> str:
    """Return a plugin's markup as a document, with our stylesheet and the script of frames.

    Both stand in it: a document without an origin shares no cache with others.
    """
    # A shadow root that the markup brings would hide a frame from the script that removes frames.
    shown = _SHADOWS.sub(r"data-\g<0>", html)
    return (
        f'<!doctype html><html lang="{escape(language)}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>Plugin</title>'
        f"<style>{asset_text('goatkit.css')}</style>"
        f"<script>{asset_text('goatkit-frame.js')}</script>"
        f"</head><body>{shown}</body></html>"
    )


def card(title: str, text: str) -> str:
    """Return a document that says why there is nothing to see."""
    return document(
        f'<div class="gk-card-body"><p><strong>{escape(title)}</strong></p>'
        f'<p class="gk-stat-label">{escape(text)}</p></div>'
    )

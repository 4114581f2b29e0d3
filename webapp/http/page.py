"""Fills a template for the current visitor, as a response."""

from typing import Any

from quart import Response, g, request

from webapp.context import app_context
from webapp.http.plugin_menu import MENUS, WIDGETS, PluginMenu, arrange
from webapp.rendering.templating import template
from webapp.visitors.languages import languages, reader_language
from webapp.visitors.sessions import Visit, current_visit


def page(name: str, /, *, status: int = 200, **values: Any) -> Response:
    """Return a response with the template ``name`` filled in for the current visitor."""
    visit = current_visit()
    text = template(name, reader_language()).render(
        visit=visit,
        csrf_token=visit.csrf_token,
        config=app_context().config,
        site_name=app_context().site.name,
        unread=g.get("unread", 0),
        visited=request.path,
        **_of_plugins(visit),
        **values,
    )
    response = Response(text, status=status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _of_plugins(visit: Visit) -> dict[str, Any]:
    """Return what plugins change about the visitor's navigation."""
    if visit.user is None:
        return {"widgets_exist": False, "plugin_menu": PluginMenu(), "hidden_entries": frozenset()}
    offers, role = app_context().supervisor.offers, visit.user.role
    return {
        "widgets_exist": offers.has_widgets(WIDGETS[role]),
        "plugin_menu": arrange(offers.menu(MENUS[role], languages())),
        "hidden_entries": offers.navigation().hidden,
    }

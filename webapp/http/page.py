"""Fills a template for the current visitor, as a response."""

from collections.abc import Sequence
from typing import Any

from quart import Response, g

from helpdesk.actors import Role
from helpdesk.users import User
from supervisor.delivery.functions import PluginFunctions
from supervisor.registration import MenuItem
from webapp.context import app_context
from webapp.rendering.templating import template
from webapp.visitors.sessions import current_visit

_PLACES = {Role.ADMIN: ("agent", "admin"), Role.STAFF: ("agent",), Role.USER: ("customer",)}
"""Roles to the places whose navigation they see."""


def page(name: str, /, *, status: int = 200, **values: Any) -> Response:
    """Return a response with the template ``name`` filled in for the current visitor."""
    visit = current_visit()
    functions = app_context().supervisor.functions
    text = template(name).render(
        visit=visit,
        csrf_token=visit.csrf_token,
        config=app_context().config,
        site_name=app_context().site.name,
        unread=g.get("unread", 0),
        widgets_exist=bool(visit.user and functions.widgets("dashboard")),
        plugin_menu=_plugin_menu(functions, visit.user),
        **values,
    )
    response = Response(text, status=status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response


def _plugin_menu(functions: PluginFunctions, user: User | None) -> Sequence[tuple[str, MenuItem]]:
    """Return the entries of plugins in the visitor's navigation."""
    if user is None:
        return ()
    return [entry for place in _PLACES[user.role] for entry in functions.menu(place)]

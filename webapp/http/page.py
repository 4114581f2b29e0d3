"""Fills a template for the current visitor, as a response."""

from typing import Any

from quart import Response, g

from webapp.context import app_context
from webapp.rendering.templating import template
from webapp.visitors.sessions import current_visit


def page(name: str, /, *, status: int = 200, **values: Any) -> Response:
    """Return a response with the template ``name`` filled in for the current visitor."""
    visit = current_visit()
    text = template(name).render(
        visit=visit,
        csrf_token=visit.csrf_token,
        config=app_context().config,
        site_name=app_context().site.name,
        unread=g.get("unread", 0),
        **values,
    )
    response = Response(text, status=status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response

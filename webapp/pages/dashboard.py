"""The dashboard: widgets of plugins, each in a frame of its own."""

from quart import Response, g

from webapp.context import app_context
from webapp.http.page import page
from webapp.routes import Access, Section

blueprint = Section("dashboard", __name__, Access.SIGNED_IN)


@blueprint.get("/dashboard")
async def dashboard() -> Response:
    """Show the frames; each asks for its widget by itself, so that none waits for another."""
    widgets = app_context().supervisor.functions.widgets("dashboard")
    g.frame_sources = ("'self'",) if widgets else ()
    return page("dashboard.html", section="dashboard", widgets=widgets)

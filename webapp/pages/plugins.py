"""Admin, plugins: the table of all of them with their processes, live, and the forms to install."""

from quart import Response, request

from supervisor.states import InstallStep
from webapp.context import app_context
from webapp.http.page import page
from webapp.pages.outcomes import NOTHING, Outcome, done_from_address
from webapp.rendering.catalogues import N_
from webapp.rendering.process_table import COLUMNS, Order, cells, in_order
from webapp.routes import Access, Section
from webapp.visitors.languages import reader_language

blueprint = Section("plugin_pages", __name__, Access.ADMIN)

_ENDS = (InstallStep.DONE, InstallStep.REFUSED)
DONE = {"removed": N_("Plugin uninstalled.")}


@blueprint.get("/admin/plugins")
async def plugins() -> Response:
    """List the installed plugins with their processes."""
    return await show_list(done_from_address(DONE))


async def show_list(outcome: Outcome = NOTHING) -> Response:
    """Return the page, with what is to be said of a form that was sent."""
    order = Order.read(request.args.get("sort", ""))
    rows = in_order(await app_context().watch.rows(), order)
    return page(
        "plugins.html",
        status=outcome.status,
        outcome=outcome,
        columns=COLUMNS,
        order=order,
        rows=[(row.plugin, cells(row, reader_language())) for row in rows],
        boxed=await app_context().supervisor.box.all(),
        under_way=[one for one in app_context().supervisor.installs.all() if one.step not in _ENDS],
    )

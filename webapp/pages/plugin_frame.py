"""Frame of every page of one plugin: its header with state and buttons, its tabs, names.

It exists so that the pages below ``/admin/plugins/<id>`` look alike; each page owns its own part.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from quart import Response

from helpdesk.actors import Role
from helpdesk.errors import HelpDeskError
from supervisor.delivery.offers import MenuEntry
from supervisor.views import PluginView
from webapp.context import app_context
from webapp.http.page import page
from webapp.http.plugin_menu import MENUS
from webapp.pages.outcomes import NOTHING, Outcome
from webapp.rendering.catalogues import N_
from webapp.rendering.process_table import Cells, cells, make_rows
from webapp.visitors.languages import languages, reader_language
from webapp.visitors.sessions import current_visit

TABS = (
    ("", N_("Overview")),
    ("review", N_("Review")),
    ("settings", N_("Settings")),
    ("deliveries", N_("Deliveries")),
    ("log", N_("Log")),
    ("versions", N_("Versions")),
)


def show(
    template: str, plugin: PluginView, tab: str, outcome: Outcome = NOTHING, **values: Any
) -> Response:
    """Return a page of one plugin; ``tab`` is the part of its address behind the id."""
    return page(
        template,
        status=outcome.status,
        plugin=plugin,
        tab=tab,
        tabs=TABS,
        outcome=outcome,
        own_pages=_own_pages(plugin.id),
        **values,
    )


def _own_pages(plugin_id: str) -> Sequence[MenuEntry]:
    """Return the entries that an enabled plugin has in the admin's navigation."""
    entries = app_context().supervisor.offers.menu(MENUS[Role.ADMIN], languages())
    return [entry for entry in entries if entry.plugin_id == plugin_id and entry.path]


async def live_cells(plugin: PluginView) -> Cells:
    """Return what the process table has of one plugin, as it is just now."""
    every = await app_context().supervisor.overview.processes()
    mine = [process for process in every if process.plugin_id == plugin.id]
    rows = make_rows([plugin], mine, {})
    return cells(rows[0], reader_language()) if rows else {}


async def names(actor_ids: Iterable[str]) -> dict[str, str]:
    """Return the name of each actor: of a user as it is now, else what is written down."""
    return {actor_id: await _name(actor_id) for actor_id in set(actor_ids)}


async def _name(actor_id: str) -> str:
    try:
        return (await app_context().helpdesk.users.get(current_visit().actor, actor_id)).name
    except HelpDeskError:
        return actor_id

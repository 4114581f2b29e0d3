"""The panels that a ticket page has room for, and the request for one of them."""

from collections.abc import Iterable, Sequence

from supervisor.delivery.runners import Runners
from supervisor.errors import NotRunning
from supervisor.manifest.permissions import PANEL
from supervisor.plugins.registry import PluginRegistry
from supervisor.store.plugins import PluginRow
from supervisor.views import PanelResult, PanelSlot


class TicketPanels:
    """See the module."""

    def __init__(self, installed: PluginRegistry, runners: Runners) -> None:
        self._installed = installed
        self._runners = runners

    def slots(self) -> Sequence[PanelSlot]:
        """Return the panels of the enabled plugins that may show one."""
        return panel_slots(self._installed.rows())

    async def render(self, plugin_id: str, ticket_id: str) -> PanelResult:
        """Ask a plugin for its panel on a ticket; raises PluginNotFound, or NotRunning."""
        row = self._installed.row(plugin_id)
        runner = self._runners.get(plugin_id)
        if runner is None or row.manifest.ui_panel is None:
            raise NotRunning(plugin_id, "it is disabled, or has no panel")
        if PANEL in row.withheld:
            raise NotRunning(plugin_id, "an admin denied its panel")
        return await runner.render_panel(ticket_id)


def panel_slots(rows: Iterable[PluginRow]) -> Sequence[PanelSlot]:
    """Return the panels of those plugins that are enabled and may show one."""
    return [
        PanelSlot(row.id, row.manifest.name, panel.title, panel.height)
        for row in rows
        if row.enabled and (panel := row.manifest.ui_panel) and PANEL not in row.withheld
    ]

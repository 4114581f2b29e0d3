"""What pages show of the plugins, as a process knows it that runs none: read from the database.

It offers what the pages ask a ``Supervisor`` for, and no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from supervisor.delivery.offers import PluginOffers
from supervisor.delivery.ticket_panels import panel_slots
from supervisor.ports import Database
from supervisor.store import plugins
from supervisor.store.plugins import PluginRow
from supervisor.views import PanelSlot


@dataclass(frozen=True, slots=True)
class ShownPlugin:
    """What a page's policy for frames is made of."""

    id: str
    allowed_hosts: tuple[str, ...]


class ShownPlugins:
    """The installed plugins; :meth:`refresh` reads them again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows: Sequence[PluginRow] = ()
        self.offers = PluginOffers(self)
        self.panels = self
        self.overview = self

    async def refresh(self) -> None:
        """Read every plugin."""
        found = await self._database.read(plugins.all_plugins)
        self._rows = sorted(found, key=lambda row: (row.manifest.name.casefold(), row.id))

    def rows(self) -> Sequence[PluginRow]:
        """Return every plugin, by name."""
        return self._rows

    def slots(self) -> Sequence[PanelSlot]:
        """Return the panels of the enabled plugins that may show one."""
        return panel_slots(self._rows)

    async def plugins(self) -> Sequence[ShownPlugin]:
        """Return every plugin, by name."""
        return [ShownPlugin(row.id, row.manifest.allowed_hosts) for row in self._rows]

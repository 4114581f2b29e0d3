"""The installed plugins in memory: row, configuration and lock of each.

The database is what counts; this is its image, brought up to date plugin by plugin. Whatever
changes a plugin holds its lock meanwhile, so that two changes never mix and no image is older than
the last change.
"""

import sqlite3
from collections.abc import Sequence

import trio

from supervisor.errors import PluginNotFound
from supervisor.ports import Database
from supervisor.secrets import SecretBox
from supervisor.store import plugins as rows
from supervisor.store.configs import SavedConfig, load_config
from supervisor.store.plugins import PluginRow


class Installed:
    """See the module."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box
        self._rows: dict[str, PluginRow] = {}
        self._configs: dict[str, SavedConfig] = {}
        self._locks: dict[str, trio.Lock] = {}

    async def load(self) -> None:
        """Read everything, once, before anybody changes anything."""
        for row in await self._database.read(rows.all_plugins):
            await self.refresh(row.id)

    async def refresh(self, plugin_id: str) -> None:
        """Read one plugin anew; the caller holds its lock."""

        def read(db: sqlite3.Connection) -> tuple[PluginRow, SavedConfig] | None:
            row = rows.find_plugin(db, plugin_id)
            return None if row is None else (row, load_config(db, row.manifest, self._box))

        found = await self._database.read(read)
        if found is None:
            self._rows.pop(plugin_id, None)
            self._configs.pop(plugin_id, None)
        else:
            self._rows[plugin_id], self._configs[plugin_id] = found

    def lock(self, plugin_id: str) -> trio.Lock:
        """Return the lock that whoever changes this plugin holds."""
        return self._locks.setdefault(plugin_id, trio.Lock())

    def rows(self) -> Sequence[PluginRow]:
        """Return every plugin, by name."""
        return sorted(self._rows.values(), key=lambda row: (row.manifest.name.casefold(), row.id))

    def find(self, plugin_id: str) -> PluginRow | None:
        """Return one plugin, None where it is not installed."""
        return self._rows.get(plugin_id)

    def row(self, plugin_id: str) -> PluginRow:
        """Return one plugin; raises PluginNotFound."""
        try:
            return self._rows[plugin_id]
        except KeyError:
            raise PluginNotFound(plugin_id) from None

    def config(self, plugin_id: str) -> SavedConfig:
        """Return what is saved of a plugin's configuration."""
        return self._configs.get(plugin_id, SavedConfig())

    def uses(self, sha256: str) -> bool:
        """Tell whether any plugin runs the module of this hash."""
        return any(row.sha256 == sha256 for row in self._rows.values())

"""The installed plugins in memory: row, configuration, other versions and lock of each.

The database is what counts; this is its image, brought up to date plugin by plugin. Whatever
changes a plugin holds its lock meanwhile, so that two changes never mix and no image is older than
the last change.
"""

from collections.abc import Callable, Sequence

import trio

from supervisor.errors import PluginNotFound, VersionNotFound
from supervisor.states import VersionStatus
from supervisor.store.configs import SavedConfig
from supervisor.store.installed import InstalledStore
from supervisor.store.plugins import PluginRow
from supervisor.store.versions import VersionRow


class PluginRegistry:
    """See the module."""

    def __init__(self, store: InstalledStore) -> None:
        self._store = store
        self._rows: dict[str, PluginRow] = {}
        self._configs: dict[str, SavedConfig] = {}
        self._others: dict[str, tuple[VersionRow, ...]] = {}
        self._locks: dict[str, trio.Lock] = {}
        self._observers: list[Callable[[], None]] = []

    def observe(self, tell: Callable[[], None]) -> None:
        """Call ``tell`` behind every change, before whoever made it is answered."""
        self._observers.append(tell)

    async def load(self) -> None:
        """Read everything, once, before anybody changes anything."""
        for plugin_id in await self._store.all_ids():
            await self.refresh(plugin_id)

    async def refresh(self, plugin_id: str) -> None:
        """Read one plugin again; the caller holds its lock."""
        found = await self._store.find(plugin_id)
        if found is None:
            for kept in (self._rows, self._configs, self._others):
                kept.pop(plugin_id, None)
        else:
            self._rows[plugin_id] = found.row
            self._configs[plugin_id] = found.config
            self._others[plugin_id] = found.others
        for tell in self._observers:
            tell()

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

    def others(self, plugin_id: str) -> tuple[VersionRow, ...]:
        """Return the version that waits, then those that are kept, the newest first."""
        return self._others.get(plugin_id, ())

    def other(self, plugin_id: str, sha256: str) -> VersionRow:
        """Return a version that waits or is kept; raises PluginNotFound, VersionNotFound."""
        self.row(plugin_id)
        for version in self.others(plugin_id):
            if version.sha256 == sha256:
                return version
        raise VersionNotFound(plugin_id, sha256)

    def waiting(self, plugin_id: str) -> str | None:
        """Return the hash of the version that waits to be accepted."""
        waits = (v.sha256 for v in self.others(plugin_id) if v.status is VersionStatus.WAITING)
        return next(waits, None)

    def uses(self, sha256: str) -> bool:
        """Tell whether the module of this hash is of any version of any plugin."""
        if any(row.sha256 == sha256 for row in self._rows.values()):
            return True
        return any(version.sha256 == sha256 for all_ in self._others.values() for version in all_)

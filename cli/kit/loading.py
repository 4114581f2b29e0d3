"""Puts a module into a running help desk, in the place of its older version.

Its author is at the keyboard and admin of this help desk: everything that it asks for is allowed.
"""

from collections.abc import Mapping
from pathlib import Path

import trio

from cli.trial.module import read_file
from cli.values import typed_values
from supervisor.errors import AlreadyInstalled
from supervisor.plugins.artifacts import module_hash
from supervisor.service import Supervisor
from supervisor.states import VersionStatus
from supervisor.views import PluginView

AUTHOR = "author"
"""Who installs, in the audit log."""


class Loader:
    """Remembers what runs."""

    def __init__(self, plugins: Supervisor, settings: Mapping[str, str]) -> None:
        """``settings``: configuration of the plugin, as the command line has it."""
        self._plugins = plugins
        self._settings = settings
        self._sha256 = ""

    async def load(self, path: Path) -> PluginView | None:
        """Make the module at ``path`` the one that runs; None where it does already.

        Raises CannotGoOn, ModuleRefused, ConfigInvalid; what ran before then still runs.
        """
        module = await trio.to_thread.run_sync(read_file, path)
        sha256 = module_hash(module)
        if sha256 == self._sha256:
            return None
        try:
            view = await self._plugins.installs.install(module, source=path.name, actor=AUTHOR)
        except AlreadyInstalled as exc:
            view = await self._plugins.overview.plugin(exc.plugin_id)
        await self._accept(view.id, sha256)
        await self._allow(view.id)
        view = await self._switch_on(view.id)
        self._sha256 = sha256
        return view

    async def _accept(self, plugin_id: str, sha256: str) -> None:
        for version in await self._plugins.versions.all(plugin_id):
            if version.sha256 == sha256 and version.status is not VersionStatus.ACTIVE:
                accepted = [permission.token for permission in version.permissions]
                await self._plugins.versions.accept(
                    plugin_id, sha256, accepted=accepted, actor=AUTHOR
                )

    async def _allow(self, plugin_id: str) -> None:
        """Grant all requested permissions; GoatKit plugins are granted none by installing."""
        view = await self._plugins.overview.plugin(plugin_id)
        for permission in view.permissions:
            if not permission.granted:
                await self._plugins.controls.grant(plugin_id, permission.token, actor=AUTHOR)

    async def _switch_on(self, plugin_id: str) -> PluginView:
        view = await self._plugins.overview.plugin(plugin_id)
        if self._settings:
            types = {field.name: field.type for field in view.config}
            values = typed_values(types, self._settings)
            await self._plugins.controls.set_config(plugin_id, values, actor=AUTHOR)
        if not view.enabled:
            return await self._plugins.controls.set_enabled(plugin_id, True, actor=AUTHOR)
        return await self._plugins.overview.plugin(plugin_id)

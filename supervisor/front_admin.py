"""The half of the front door that changes something: what an admin does to plugins.

Each method hands on to the part that knows how, and returns what is to be shown. Must not know how
anything is kept or run.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from supervisor.administration.key_rotation import rotate_key
from supervisor.assembly import Assembly
from supervisor.config import SupervisorConfig
from supervisor.plugins.audit import KEY_ROTATED
from supervisor.views import (
    InstallView,
    KeyRotation,
    PluginView,
    VersionComparison,
    VersionView,
)


class Administration:
    """A part of PluginService."""

    def __init__(self, parts: Assembly) -> None:
        self._parts = parts

    async def install(self, module: bytes, *, source: str, actor: str) -> PluginView:
        """Check, compile and keep a module; it arrives disabled.

        One with the id of an installed plugin waits beside it, which goes on as it is, until
        :meth:`accept_version`. Raises ModuleRefused with the reason, or AlreadyInstalled.
        """
        return self._parts.view(
            await self._parts.installing.install(module, source=source, actor=actor)
        )

    async def install_from_url(self, url: str, *, actor: str) -> PluginView:
        """Fetch a module and install it; raises FetchFailed and what :meth:`install` raises."""
        return self._parts.view(await self._parts.installs.from_url(url, actor=actor))

    async def start_install(
        self, *, module: bytes | None = None, url: str | None = None, source: str = "", actor: str
    ) -> InstallView:
        """Begin to install a module, or what lies at a URL, and return at once.

        ``source``: the name of the file; a URL speaks for itself. Raises TooManyInstalls.
        """
        return self._parts.installs.start(module=module, url=url, source=source, actor=actor)

    def install_status(self, install_id: str) -> InstallView:
        """Return how far an installation has come; raises InstallNotFound."""
        return self._parts.installs.status(install_id)

    async def wait_install(self, install_id: str, *, seen: InstallView | None) -> InstallView:
        """Return how far an installation has come once that is another than ``seen``, or its end.

        Raises InstallNotFound.
        """
        return await self._parts.installs.wait(install_id, seen=seen)

    def installs(self) -> Sequence[InstallView]:
        """Return what is being installed, and what was not long ago, newest first."""
        return self._parts.installs.views()

    async def versions(self, plugin_id: str) -> Sequence[VersionView]:
        """Return the active version, the one that waits, and those that are kept, newest first."""
        return self._parts.versions.views(plugin_id)

    async def compare(self, plugin_id: str, sha256: str) -> VersionComparison:
        """Put a version that waits or is kept beside the active one; raises VersionNotFound."""
        return self._parts.versions.compare(plugin_id, sha256)

    async def accept_version(
        self,
        plugin_id: str,
        sha256: str,
        *,
        accepted: Collection[str],
        withheld: Collection[str] = (),
        actor: str,
    ) -> PluginView:
        """Put a version that waits (an upgrade) or is kept (a rollback) in the active one's place.

        Every permission that it asks for anew stands in ``accepted`` or in ``withheld``, else
        raises PermissionsNotAccepted; also VersionNotFound, PermissionUnknown. A rollback brings
        back the configuration that the version had. An enabled plugin goes on with the next event;
        one whose configuration does not suffice any longer waits for it, and says so.
        """
        return self._parts.view(
            await self._parts.versions.accept(
                plugin_id, sha256, accepted=accepted, withheld=withheld, actor=actor
            )
        )

    async def discard_version(self, plugin_id: str, sha256: str, *, actor: str) -> None:
        """Delete a version that waits or is kept; raises VersionNotFound."""
        await self._parts.versions.discard(plugin_id, sha256, actor=actor)

    async def narrow(self, plugin_id: str, *, withheld: Collection[str], actor: str) -> PluginView:
        """Keep exactly these permissions from a plugin, at once; raises PermissionUnknown."""
        return self._parts.view(
            await self._parts.changes.narrow(plugin_id, withheld=withheld, actor=actor)
        )

    async def restart(self, plugin_id: str, *, actor: str) -> PluginView:
        """Give a plugin a new process; what is in flight finishes first. Raises NotRunning."""
        return self._parts.view(await self._parts.changes.restart(plugin_id, actor=actor))

    async def set_limits(
        self, plugin_id: str, overrides: Mapping[str, float | None], *, actor: str
    ) -> PluginView:
        """Give a plugin limits of its own; see ``overrides.TABLE`` for names, units and bounds.

        A name that is not given stays as it is; None goes back to the operator's limit. What is in
        flight finishes, then a process with the new limits takes over. Raises LimitsInvalid.
        """
        return self._parts.view(
            await self._parts.changes.set_limits(plugin_id, overrides, actor=actor)
        )

    async def set_enabled(self, plugin_id: str, enabled: bool, *, actor: str) -> PluginView:
        """Switch a plugin on or off; raises PluginNotFound, or ConfigInvalid where values miss."""
        return self._parts.view(
            await self._parts.changes.set_enabled(plugin_id, enabled, actor=actor)
        )

    async def set_config(
        self, plugin_id: str, values: Mapping[str, object], *, actor: str
    ) -> PluginView:
        """Save configuration values, which the plugin gets from its next event on.

        A name that is not given keeps its value; None clears it. Raises ConfigInvalid.
        """
        return self._parts.view(
            await self._parts.changes.set_config(plugin_id, values, actor=actor)
        )

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        """Stop a plugin and delete its module and configuration; ticket data that it set stays."""
        await self._parts.changes.uninstall(plugin_id, actor=actor)
        self._parts.watching.forget(plugin_id)

    async def rotate_key(self, *, actor: str) -> KeyRotation:
        """Replace the key that secrets are encrypted with; see ``rotation``."""
        record = self._parts.audit.stamp(actor, KEY_ROTATED, "key")
        return await rotate_key(self._parts.database, self._parts.box, self._parts.key_file, record)

    def reconfigure(self, config: SupervisorConfig) -> None:
        """Follow other limits, another egress policy, other rules for installing.

        A request follows the policy from now on; a plugin's process keeps its limits, the next one
        has the new ones, but for those that an admin set. Raises RouteInvalid, and changes nothing
        then.
        """
        parts = self._parts
        parts.egress.set_policy(config.egress)
        # The engine is made already.
        stack = parts.limits.defaults.wasm_stack_bytes
        limits = replace(config.limits, wasm_stack_bytes=stack)
        parts.limits.defaults = parts.compiler.limits = limits
        parts.fetcher.rules = config.fetch
        parts.versions.kept_versions = config.kept_versions

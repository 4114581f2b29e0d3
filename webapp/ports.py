"""What the pages need from the supervisor, as a protocol.

The real one is ``supervisor.service.PluginService``. Pages that show no plugin can be served, and
tested, with one that has none installed.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, Protocol

from supervisor.sandbox_check.report import CheckReport
from supervisor.views import (
    DeliveryDetail,
    DeliveryFilter,
    DeliveryView,
    EgressEntry,
    EgressFilter,
    HealthCheck,
    InstallView,
    LogLine,
    PanelResult,
    PanelSlot,
    PluginHistory,
    PluginView,
    ProcessView,
    SandboxView,
    SupervisorFigures,
    VersionComparison,
    VersionView,
)
from supervisor.watching.delivery_document import DeliveryDocument

ANY_DELIVERY = DeliveryFilter()


class Plugins(Protocol):
    """The installed plugins, their processes and their records."""

    async def plugins(self) -> Sequence[PluginView]:
        """Return every installed plugin, in the order to show them."""
        ...

    async def plugin(self, plugin_id: str) -> PluginView:
        """Return one plugin; ``PluginNotFound`` where there is none with this id."""
        ...

    async def install(self, module: bytes, *, source: str, actor: str) -> PluginView:
        """Install a module, disabled; a newer one of an installed plugin waits beside it."""
        ...

    async def start_install(
        self,
        *,
        module: bytes | None = None,
        url: str | None = None,
        source: str = "",
        actor: str,
    ) -> InstallView:
        """Begin to install a module that was sent, or that is fetched; returns at once."""
        ...

    def installs(self) -> Sequence[InstallView]:
        """Return the installations that are under way or over since a short while."""
        ...

    def install_status(self, install_id: str) -> InstallView:
        """Return how far an installation has come; ``InstallNotFound`` for an unknown one."""
        ...

    async def wait_install(self, install_id: str, *, seen: InstallView | None) -> InstallView:
        """Return an installation once it differs from what was seen."""
        ...

    async def versions(self, plugin_id: str) -> Sequence[VersionView]:
        """Return the active version, one that waits, and those that are kept, newest first."""
        ...

    async def compare(self, plugin_id: str, sha256: str) -> VersionComparison:
        """Set a version beside the active one; ``VersionNotFound`` where there is none."""
        ...

    async def accept_version(
        self,
        plugin_id: str,
        sha256: str,
        *,
        accepted: Collection[str],
        withheld: Collection[str] = (),
        actor: str,
    ) -> PluginView:
        """Make a version the active one; ``PermissionsNotAccepted`` names what is open."""
        ...

    async def discard_version(self, plugin_id: str, sha256: str, *, actor: str) -> None:
        """Forget a version that is not the active one."""
        ...

    async def narrow(self, plugin_id: str, *, withheld: Collection[str], actor: str) -> PluginView:
        """Withhold these permissions from now on, and none of the others."""
        ...

    async def restart(self, plugin_id: str, *, actor: str) -> PluginView:
        """Give an enabled plugin a new process."""
        ...

    async def set_enabled(self, plugin_id: str, enabled: bool, *, actor: str) -> PluginView:
        """Enable or disable; ``ConfigInvalid`` when required configuration is missing."""
        ...

    async def set_config(
        self, plugin_id: str, values: Mapping[str, object], *, actor: str
    ) -> PluginView:
        """Save configuration values; ``ConfigInvalid`` names each field that does not fit."""
        ...

    async def set_limits(
        self, plugin_id: str, overrides: Mapping[str, float | None], *, actor: str
    ) -> PluginView:
        """Give the plugin limits of its own; ``LimitsInvalid`` names each that does not fit."""
        ...

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        """Stop the plugin and forget it."""
        ...

    async def processes(self) -> Sequence[ProcessView]:
        """Return the processes of the enabled plugins, read just now."""
        ...

    async def history(self, plugin_id: str, *, span: Literal["hour", "day"]) -> PluginHistory:
        """Return what a plugin did and used in the last hour or day."""
        ...

    async def histories(
        self, *, span: Literal["hour", "day"] = "hour"
    ) -> Mapping[str, PluginHistory]:
        """Return the same of every plugin."""
        ...

    async def deliveries(
        self,
        plugin_id: str,
        *,
        wanted: DeliveryFilter = ANY_DELIVERY,
        limit: int = 50,
        before: str | None = None,
    ) -> Sequence[DeliveryView]:
        """Return the newest deliveries that fit, newest first, optionally those before an id."""
        ...

    async def delivery(self, plugin_id: str, delivery_id: str) -> DeliveryDetail:
        """Return one delivery with all that is known of it; raises ``DeliveryNotFound``."""
        ...

    async def delivery_document(self, plugin_id: str, delivery_id: str) -> DeliveryDocument:
        """Return one delivery for the plugin's author, without secrets."""
        ...

    async def redeliver(self, plugin_id: str, delivery_ids: Sequence[str], *, actor: str) -> int:
        """Queue deliveries again, all or none; returns how many."""
        ...

    async def logs(
        self,
        plugin_id: str | None = None,
        *,
        level: str | None = None,
        after: int | None = None,
        limit: int = 200,
    ) -> Sequence[LogLine]:
        """Return log lines of one plugin or of all, oldest first.

        The newest ones, or with ``after`` those behind an id; ``level``: that one and graver ones.
        """
        ...

    async def wait_logs(self, plugin_id: str | None, after: int) -> None:
        """Return once there is a line behind this id."""
        ...

    async def egress_entries(
        self, wanted: EgressFilter, *, limit: int = 50, offset: int = 0
    ) -> tuple[Sequence[EgressEntry], int]:
        """Return requests of plugins, newest first, and how many fit in all."""
        ...

    async def egress_before(
        self, wanted: EgressFilter, *, before: int | None = None, limit: int = 1_000
    ) -> Sequence[EgressEntry]:
        """Return the newest requests below an id: the next piece of an export."""
        ...

    async def vitals(self) -> Sequence[HealthCheck]:
        """Return how the parts are that the supervisor cannot do without."""
        ...

    async def figures(self) -> SupervisorFigures:
        """Return everything that a monitor collects."""
        ...

    def sandbox(self) -> SandboxView:
        """Return the lockdown as it is on this machine; never waits."""
        ...

    async def check_sandbox(self) -> CheckReport:
        """Attack the sandbox in every known way; takes some seconds."""
        ...

    def panel_slots(self) -> Sequence[PanelSlot]:
        """Return the panels of the enabled plugins; never waits."""
        ...

    async def render_panel(self, plugin_id: str, ticket_id: str) -> PanelResult:
        """Ask a plugin for its panel's address, under the plugin's deadline."""
        ...

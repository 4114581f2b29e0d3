"""What the pages need from the supervisor, as a protocol.

The real one is ``supervisor.service.PluginService``. Pages that show no plugin can be served, and
tested, with one that has none installed.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from supervisor.sandbox_check.report import CheckReport
from supervisor.views import (
    DeliveryView,
    EgressEntry,
    EgressFilter,
    LogLine,
    PanelResult,
    PanelSlot,
    PluginView,
    ProcessView,
    SandboxView,
    SupervisorFigures,
    Vital,
)


class Plugins(Protocol):
    """The installed plugins, their processes and their records."""

    async def plugins(self) -> Sequence[PluginView]:
        """Return every installed plugin, in the order to show them."""
        ...

    async def plugin(self, plugin_id: str) -> PluginView:
        """Return one plugin; ``PluginNotFound`` where there is none with this id."""
        ...

    async def install(self, module: bytes, *, source: str, actor: str) -> PluginView:
        """Install a module, disabled; the same id replaces the one before.

        ``source`` says where the bytes came from and ``actor`` who brought them. Raises
        ``ModuleRefused`` with a sentence for the author.
        """
        ...

    async def set_enabled(self, plugin_id: str, enabled: bool, *, actor: str) -> PluginView:
        """Enable or disable; ``ConfigInvalid`` when required configuration is missing."""
        ...

    async def set_config(
        self, plugin_id: str, values: Mapping[str, object], *, actor: str
    ) -> PluginView:
        """Save configuration values; ``ConfigInvalid`` names each field that does not fit."""
        ...

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        """Stop the plugin and forget it."""
        ...

    async def processes(self) -> Sequence[ProcessView]:
        """Return the processes of the enabled plugins, read just now."""
        ...

    async def deliveries(
        self, plugin_id: str, *, limit: int = 50, before: str | None = None
    ) -> Sequence[DeliveryView]:
        """Return the newest deliveries, newest first, optionally those before an id."""
        ...

    async def logs(self, plugin_id: str | None = None, *, limit: int = 200) -> Sequence[LogLine]:
        """Return the newest log lines of one plugin or of all."""
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

    async def vitals(self) -> Sequence[Vital]:
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

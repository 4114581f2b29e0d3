"""The half of the front door that changes nothing: what is shown of plugins, and their panels.

Must not know how anything is changed.
"""

from collections.abc import Mapping, Sequence

from supervisor.assembly import Assembly
from supervisor.errors import NotRunning
from supervisor.manifest.permissions import PANEL
from supervisor.sandbox_check.report import CheckReport
from supervisor.store.ledger import entries_before, find_entries
from supervisor.views import (
    DeliveryDetail,
    DeliveryFilter,
    DeliveryView,
    EgressEntry,
    EgressFilter,
    HealthCheck,
    LogLine,
    PanelResult,
    PanelSlot,
    PluginHistory,
    PluginView,
    ProcessView,
    SandboxView,
    SupervisorFigures,
)
from supervisor.watching.activity import Span
from supervisor.watching.delivery_document import DeliveryDocument
from supervisor.watching.health_checks import figures

_EVERYTHING = DeliveryFilter()


class Observation:
    """A part of PluginService."""

    def __init__(self, parts: Assembly) -> None:
        self._parts = parts

    async def plugins(self) -> Sequence[PluginView]:
        """Return every installed plugin, by name."""
        return [self._parts.view(row) for row in self._parts.installed.rows()]

    async def plugin(self, plugin_id: str) -> PluginView:
        """Return one plugin; raises PluginNotFound."""
        return self._parts.view(self._parts.installed.row(plugin_id))

    async def processes(self) -> Sequence[ProcessView]:
        """Return a line for each installed plugin, with its process where it has one."""
        return await self._parts.watching.processes(self._parts.limits)

    async def history(self, plugin_id: str, *, span: Span) -> PluginHistory:
        """Return what a plugin did and used in the last hour or day; raises PluginNotFound."""
        return await self._parts.watching.history(plugin_id, span)

    async def histories(self, *, span: Span = "hour") -> Mapping[str, PluginHistory]:
        """Return the same of every plugin; an hour comes from memory, and costs next to nothing."""
        return await self._parts.watching.histories(span)

    async def deliveries(
        self,
        plugin_id: str,
        *,
        wanted: DeliveryFilter = _EVERYTHING,
        limit: int = 50,
        before: str | None = None,
    ) -> Sequence[DeliveryView]:
        """Return the newest deliveries of a plugin, or those before the id ``before``."""
        return await self._parts.watching.deliveries.page(
            plugin_id, wanted, limit=limit, before=before
        )

    async def delivery(self, plugin_id: str, delivery_id: str) -> DeliveryDetail:
        """Return one delivery with its event and its log lines; raises DeliveryNotFound."""
        return await self._parts.watching.deliveries.detail(plugin_id, delivery_id)

    async def delivery_document(self, plugin_id: str, delivery_id: str) -> DeliveryDocument:
        """Return one delivery as the plugin's author can try it again; raises DeliveryNotFound."""
        parts = self._parts
        return await parts.watching.deliveries.document(plugin_id, delivery_id, parts.limits)

    async def redeliver(self, plugin_id: str, delivery_ids: Sequence[str], *, actor: str) -> int:
        """Let a plugin get the events of deliveries once more, however they ended.

        Returns how many were queued: those that wait already are not queued twice. All or none:
        raises PluginNotFound, DeliveryNotFound, NotRunning, or CannotRedeliver.
        """
        return await self._parts.watching.deliveries.redeliver(plugin_id, delivery_ids, actor=actor)

    async def logs(
        self,
        plugin_id: str | None = None,
        *,
        level: str | None = None,
        after: int | None = None,
        limit: int = 200,
    ) -> Sequence[LogLine]:
        """Return the newest log lines of one plugin or of all, oldest first.

        ``level``: that one and graver ones; raises UnknownLevel. ``after``: those that follow the
        line with this id instead.
        """
        return await self._parts.watching.logs(plugin_id, level=level, after=after, limit=limit)

    async def wait_logs(self, plugin_id: str | None, after: int) -> None:
        """Return once a line behind the id ``after`` can be read."""
        await self._parts.watching.wait_logs(plugin_id, after)

    async def egress_entries(
        self, wanted: EgressFilter, *, limit: int = 50, offset: int = 0
    ) -> tuple[Sequence[EgressEntry], int]:
        """Return requests of plugins, newest first, and how many fit in all."""
        await self._parts.journal.flush()
        return await self._parts.database.read(
            lambda db: find_entries(db, wanted, limit=limit, offset=offset)
        )

    async def egress_before(
        self, wanted: EgressFilter, *, before: int | None = None, limit: int = 1_000
    ) -> Sequence[EgressEntry]:
        """Return the newest requests below an id: the next piece of an export."""
        if before is None:
            await self._parts.journal.flush()
        return await self._parts.database.read(
            lambda db: entries_before(db, wanted, before=before, limit=limit)
        )

    async def vitals(self) -> Sequence[HealthCheck]:
        """Return how the parts are that the supervisor cannot do without."""
        return await self._parts.vitals.check()

    async def figures(self) -> SupervisorFigures:
        """Return everything that a monitor collects."""
        return figures(
            await self.processes(),
            self._parts.runners.tallies,
            self._parts.ledger.counts,
            self._parts.journal.statistics(),
            self._parts.fork_server,
        )

    def sandbox(self) -> SandboxView:
        """Return the lockdown that children get on this machine, as found at start."""
        return self._parts.sandbox.view

    async def check_sandbox(self) -> CheckReport:
        """Attack the sandbox in every known way; takes some seconds, harms nothing."""
        return await self._parts.sandbox.check()

    def panel_slots(self) -> Sequence[PanelSlot]:
        """Return the panels that a ticket page has room for."""
        return [
            PanelSlot(row.id, row.manifest.name, panel.title, panel.height)
            for row in self._parts.installed.rows()
            if row.enabled and (panel := row.manifest.ui_panel) and PANEL not in row.withheld
        ]

    async def render_panel(self, plugin_id: str, ticket_id: str) -> PanelResult:
        """Ask a plugin for its panel; raises PluginNotFound, or NotRunning."""
        row = self._parts.installed.row(plugin_id)
        runner = self._parts.runners.get(plugin_id)
        if runner is None or row.manifest.ui_panel is None:
            raise NotRunning(plugin_id, "it is switched off, or has no panel")
        if PANEL in row.withheld:
            raise NotRunning(plugin_id, "an admin withholds its panel")
        return await runner.render_panel(ticket_id)

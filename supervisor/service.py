"""The supervisor's front door: what the web app and the command line call.

It owns everything below it, in one nursery: the fork server, the journal, and a runner for each
enabled plugin.
"""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import partial

import trio

from supervisor.audited import KEY_ROTATED, Unaudited
from supervisor.cage import Cage
from supervisor.cgroups import GroupPool, open_groups
from supervisor.changes import PluginChanges
from supervisor.changing import Changing
from supervisor.config import SupervisorConfig
from supervisor.delivery.accounts import JournalLedger
from supervisor.delivery.health import HealthRule
from supervisor.delivery.journal import Journal
from supervisor.delivery.runner import RunnerTools
from supervisor.egress import EgressClient
from supervisor.errors import NotRunning
from supervisor.fetch import Fetcher
from supervisor.hostcalls import HostCalls
from supervisor.installed import Installed
from supervisor.installing import Installing
from supervisor.installs import Installs
from supervisor.modules.artifacts import ArtifactStore
from supervisor.modules.compiler import Compiler
from supervisor.modules.shelf import Shelf
from supervisor.permissions import PANEL
from supervisor.ports import AdminNotices, AuditLog, Database, Outbox, TicketActions
from supervisor.process.forkserver import ForkServer, open_fork_server
from supervisor.process.spawn import Spawner
from supervisor.rotation import rotate_key
from supervisor.runners import Runners
from supervisor.sandbox import Sandbox
from supervisor.sandbox_check.report import CheckReport
from supervisor.secrets import SecretBox
from supervisor.show import plugin_view
from supervisor.store import plugins as rows
from supervisor.store.ledger import entries_before, find_entries
from supervisor.store.plugins import PluginRow
from supervisor.versions import Versions
from supervisor.views import (
    DeliveryDetail,
    DeliveryFilter,
    DeliveryView,
    EgressEntry,
    EgressFilter,
    InstallView,
    KeyRotation,
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
    Vital,
)
from supervisor.vitals import Vitals, figures
from supervisor.watching import Span, Watching

_CODE_FILES_OPEN = 64

_EVERYTHING = DeliveryFilter()


@dataclass(frozen=True, slots=True)
class HelpDeskPorts:
    """What the help desk gives the supervisor."""

    database: Database
    outbox: Outbox
    actions: TicketActions
    notices: AdminNotices
    audit: AuditLog = field(default_factory=Unaudited)
    health_rule: Callable[[], HealthRule] = HealthRule
    """The rule as the admins have it now; asked whenever a delivery has failed."""


class PluginService:
    """Open it with :func:`open_plugin_service`."""

    def __init__(
        self,
        config: SupervisorConfig,
        ports: HelpDeskPorts,
        box: SecretBox,
        fork_server: ForkServer,
        egress: EgressClient,
        *,
        artifacts: ArtifactStore,
        groups: GroupPool,
        nursery: trio.Nursery,
        run_plugins: bool,
    ) -> None:
        self._limits = config.limits
        self._key_file = config.key_file
        self._database = ports.database
        self._audit = ports.audit
        self._nursery = nursery
        self._artifacts = artifacts
        self._box = box
        self._egress = egress
        self._fork_server = fork_server
        cage = Cage(config.cage)
        self._sandbox = Sandbox(fork_server, config.cage, config.limits, groups)
        compiler = Compiler(fork_server, artifacts, cage, config.limits)
        self._compiler = compiler
        self._journal = Journal(ports.database)
        self._vitals = Vitals(ports.database, self._journal, fork_server)
        self._ledger = JournalLedger(self._journal)
        self._installed = Installed(ports.database, box)
        self._tools = tools = RunnerTools(
            spawner=Spawner(fork_server, cage),
            open_code=lambda row: compiler.open(row.sha256, row.manifest),
            host_calls=HostCalls(egress, ports.actions, config.limits.http_requests, self._ledger),
            limits=config.limits,
            health_rule=ports.health_rule,
            restart_rule=config.restart,
            plain_http_panels=config.plain_http_panels,
        )
        self._runners = Runners(
            nursery,
            self._installed,
            tools,
            self._journal,
            database=ports.database,
            outbox=ports.outbox,
            notices=ports.notices,
            audit=ports.audit,
            active=run_plugins,
        )
        self._watching = Watching(
            self._installed,
            self._runners,
            self._journal,
            database=ports.database,
            outbox=ports.outbox,
            audit=ports.audit,
        )
        self._changing = changing = Changing(
            self._installed,
            self._runners,
            self._journal,
            Shelf(artifacts, self._installed.uses),
            ports.database,
            ports.outbox,
            box,
            ports.audit,
            config.limits,
        )
        self._changes = PluginChanges(changing)
        self._versions = Versions(changing, config.kept_versions)
        self._installing = Installing(changing, compiler)
        self._fetcher = Fetcher(egress, config.fetch)
        self._installs = Installs(
            nursery, self._installing, self._fetcher, lambda: changing.limits.module_bytes
        )

    # -- what is installed ---------------------------------------------------------------------

    async def plugins(self) -> Sequence[PluginView]:
        """Return every installed plugin, by name."""
        return [self._view(row) for row in self._installed.rows()]

    async def plugin(self, plugin_id: str) -> PluginView:
        """Return one plugin; raises PluginNotFound."""
        return self._view(self._installed.row(plugin_id))

    async def install(self, module: bytes, *, source: str, actor: str) -> PluginView:
        """Check, compile and keep a module; it arrives disabled.

        One with the id of an installed plugin waits beside it, which goes on as it is, until
        :meth:`accept_version`. Raises ModuleRefused with the reason, or AlreadyInstalled.
        """
        return self._view(await self._installing.install(module, source=source, actor=actor))

    async def install_from_url(self, url: str, *, actor: str) -> PluginView:
        """Fetch a module and install it; raises FetchFailed and what :meth:`install` raises."""
        return self._view(await self._installs.from_url(url, actor=actor))

    async def start_install(
        self, *, module: bytes | None = None, url: str | None = None, source: str = "", actor: str
    ) -> InstallView:
        """Begin to install a module, or what lies at a URL, and return at once.

        ``source``: the name of the file; a URL speaks for itself. Raises TooManyInstalls.
        """
        return self._installs.start(module=module, url=url, source=source, actor=actor)

    def install_status(self, install_id: str) -> InstallView:
        """Return how far an installation has come; raises InstallNotFound."""
        return self._installs.status(install_id)

    async def wait_install(self, install_id: str, *, seen: InstallView | None) -> InstallView:
        """Return how far an installation has come once that is another than ``seen``, or its end.

        Raises InstallNotFound.
        """
        return await self._installs.wait(install_id, seen=seen)

    def installs(self) -> Sequence[InstallView]:
        """Return what is being installed, and what was not long ago, newest first."""
        return self._installs.views()

    async def versions(self, plugin_id: str) -> Sequence[VersionView]:
        """Return the active version, the one that waits, and those that are kept, newest first."""
        return self._versions.views(plugin_id)

    async def compare(self, plugin_id: str, sha256: str) -> VersionComparison:
        """Put a version that waits or is kept beside the active one; raises VersionNotFound."""
        return self._versions.compare(plugin_id, sha256)

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
        return self._view(
            await self._versions.accept(
                plugin_id, sha256, accepted=accepted, withheld=withheld, actor=actor
            )
        )

    async def discard_version(self, plugin_id: str, sha256: str, *, actor: str) -> None:
        """Delete a version that waits or is kept; raises VersionNotFound."""
        await self._versions.discard(plugin_id, sha256, actor=actor)

    async def narrow(self, plugin_id: str, *, withheld: Collection[str], actor: str) -> PluginView:
        """Keep exactly these permissions from a plugin, at once; raises PermissionUnknown."""
        return self._view(await self._changes.narrow(plugin_id, withheld=withheld, actor=actor))

    async def restart(self, plugin_id: str, *, actor: str) -> PluginView:
        """Give a plugin a new process; what is in flight finishes first. Raises NotRunning."""
        return self._view(await self._changes.restart(plugin_id, actor=actor))

    async def set_enabled(self, plugin_id: str, enabled: bool, *, actor: str) -> PluginView:
        """Switch a plugin on or off; raises PluginNotFound, or ConfigInvalid where values miss."""
        return self._view(await self._changes.set_enabled(plugin_id, enabled, actor=actor))

    async def set_config(
        self, plugin_id: str, values: Mapping[str, object], *, actor: str
    ) -> PluginView:
        """Save configuration values, which the plugin gets from its next event on.

        A name that is not given keeps its value; None clears it. Raises ConfigInvalid.
        """
        return self._view(await self._changes.set_config(plugin_id, values, actor=actor))

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        """Stop a plugin and delete its module and configuration; ticket data that it set stays."""
        await self._changes.uninstall(plugin_id, actor=actor)
        self._watching.forget(plugin_id)

    async def rotate_key(self, *, actor: str) -> KeyRotation:
        """Replace the key that secrets are encrypted with; see ``rotation``."""
        record = self._audit.stamp(actor, KEY_ROTATED, "key")
        return await rotate_key(self._database, self._box, self._key_file, record)

    def reconfigure(self, config: SupervisorConfig) -> None:
        """Follow other limits and another egress policy.

        A request follows the policy from now on; a plugin's process keeps its limits, the next one
        has the new ones. Raises RouteInvalid, and changes nothing then.
        """
        self._egress.set_policy(config.egress)
        self._limits = self._tools.limits = config.limits
        self._changing.limits = self._compiler.limits = config.limits
        self._fetcher.rules, self._versions.kept_versions = config.fetch, config.kept_versions
        self._tools.host_calls.http_requests = config.limits.http_requests

    # -- what is happening ---------------------------------------------------------------------

    async def processes(self) -> Sequence[ProcessView]:
        """Return a line for each installed plugin, with its process where it has one."""
        return await self._watching.processes(self._limits)

    async def history(self, plugin_id: str, *, span: Span) -> PluginHistory:
        """Return what a plugin did and used in the last hour or day; raises PluginNotFound."""
        return await self._watching.history(plugin_id, span)

    async def histories(self, *, span: Span = "hour") -> Mapping[str, PluginHistory]:
        """Return the same of every plugin; an hour comes from memory, and costs next to nothing."""
        return await self._watching.histories(span)

    async def deliveries(
        self,
        plugin_id: str,
        *,
        wanted: DeliveryFilter = _EVERYTHING,
        limit: int = 50,
        before: str | None = None,
    ) -> Sequence[DeliveryView]:
        """Return the newest deliveries of a plugin, or those before the id ``before``."""
        return await self._watching.deliveries.page(plugin_id, wanted, limit=limit, before=before)

    async def delivery(self, plugin_id: str, delivery_id: str) -> DeliveryDetail:
        """Return one delivery with its event and its log lines; raises DeliveryNotFound."""
        return await self._watching.deliveries.detail(plugin_id, delivery_id)

    async def redeliver(self, plugin_id: str, delivery_ids: Sequence[str], *, actor: str) -> int:
        """Let a plugin get the events of deliveries once more, however they ended.

        Returns how many were queued: those that wait already are not queued twice. All or none:
        raises PluginNotFound, DeliveryNotFound, NotRunning, or CannotRedeliver.
        """
        return await self._watching.deliveries.redeliver(plugin_id, delivery_ids, actor=actor)

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
        return await self._watching.logs(plugin_id, level=level, after=after, limit=limit)

    async def wait_logs(self, plugin_id: str | None, after: int) -> None:
        """Return once a line behind the id ``after`` can be read."""
        await self._watching.wait_logs(plugin_id, after)

    async def egress_entries(
        self, wanted: EgressFilter, *, limit: int = 50, offset: int = 0
    ) -> tuple[Sequence[EgressEntry], int]:
        """Return requests of plugins, newest first, and how many fit in all."""
        await self._journal.flush()
        return await self._database.read(
            lambda db: find_entries(db, wanted, limit=limit, offset=offset)
        )

    async def egress_before(
        self, wanted: EgressFilter, *, before: int | None = None, limit: int = 1_000
    ) -> Sequence[EgressEntry]:
        """Return the newest requests below an id: the next piece of an export."""
        if before is None:
            await self._journal.flush()
        return await self._database.read(
            lambda db: entries_before(db, wanted, before=before, limit=limit)
        )

    async def vitals(self) -> Sequence[Vital]:
        """Return how the parts are that the supervisor cannot do without."""
        return await self._vitals.check()

    async def figures(self) -> SupervisorFigures:
        """Return everything that a monitor collects."""
        return figures(
            await self.processes(),
            self._runners.tallies,
            self._ledger.counts,
            self._journal.statistics(),
            self._fork_server,
        )

    def sandbox(self) -> SandboxView:
        """Return the lockdown that children get on this machine, as found at start."""
        return self._sandbox.view

    async def check_sandbox(self) -> CheckReport:
        """Attack the sandbox in every known way; takes some seconds, harms nothing."""
        return await self._sandbox.check()

    def panel_slots(self) -> Sequence[PanelSlot]:
        """Return the panels that a ticket page has room for."""
        return [
            PanelSlot(row.id, row.manifest.name, panel.title, panel.height)
            for row in self._installed.rows()
            if row.enabled and (panel := row.manifest.ui_panel) and PANEL not in row.withheld
        ]

    async def render_panel(self, plugin_id: str, ticket_id: str) -> PanelResult:
        """Ask a plugin for its panel; raises PluginNotFound, or NotRunning."""
        row = self._installed.row(plugin_id)
        runner = self._runners.get(plugin_id)
        if runner is None or row.manifest.ui_panel is None:
            raise NotRunning(plugin_id, "it is switched off, or has no panel")
        if PANEL in row.withheld:
            raise NotRunning(plugin_id, "an admin withholds its panel")
        return await runner.render_panel(ticket_id)

    # -- inside --------------------------------------------------------------------------------

    async def begin(self) -> None:
        """Load what is installed, clear what a cut-off installation left, start what is enabled."""
        self._nursery.start_soon(self._journal.run)
        await self._sandbox.look()
        await self._installed.load()
        await self._watching.begin(self._nursery)
        hashes = await self._database.read(rows.module_hashes)
        await trio.to_thread.run_sync(self._artifacts.keep_only, hashes)
        for row in self._installed.rows():
            if row.enabled:
                self._runners.start(row)

    async def drain(self) -> None:
        """Let every plugin finish what runs, then stop it; what waits stays in the outbox.

        Takes at most two deadlines, and cannot be cancelled before.
        """
        with trio.CancelScope(shield=True) as scope:
            scope.deadline = trio.current_time() + 2 * self._limits.deadline_s
            await self._runners.drain()
            await self._watching.close()

    def _view(self, row: PluginRow) -> PluginView:
        return plugin_view(row, self._installed, self._runners)


@asynccontextmanager
async def open_plugin_service(
    config: SupervisorConfig,
    ports: HelpDeskPorts,
    box: SecretBox,
    engine_settings: str,
    *,
    run_plugins: bool = True,
) -> AsyncIterator[PluginService]:
    """Run the supervisor for the length of the block; on leaving, drain it and end every process.

    ``engine_settings`` names the engine's version and settings, which compiled code depends on.
    ``run_plugins``: whether those that are enabled are started.
    """
    artifacts = await trio.to_thread.run_sync(
        partial(
            ArtifactStore,
            config.data_directory,
            box.derive(b"compiled code"),
            engine_settings,
            keep_open=_CODE_FILES_OPEN,
        )
    )
    with closing(artifacts):
        async with (
            EgressClient(config.egress) as egress,
            open_groups(wanted=config.cage.control_groups) as groups,
            open_fork_server(groups=groups) as fork_server,
            trio.open_nursery() as nursery,
        ):
            service = PluginService(
                config,
                ports,
                box,
                fork_server,
                egress,
                artifacts=artifacts,
                groups=groups,
                nursery=nursery,
                run_plugins=run_plugins,
            )
            try:
                await service.begin()
                yield service
            finally:
                await service.drain()
                nursery.cancel_scope.cancel()

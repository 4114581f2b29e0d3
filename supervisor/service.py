"""The supervisor's front door: what the web app and the command line call.

It owns everything below it, in one nursery: the fork server, the journal, and a runner for each
enabled plugin.
"""

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import structlog
import trio

from sandbox_child.wasm.errors import ModuleError
from sandbox_child.wasm.sections import manifest_section
from supervisor.cage import Cage
from supervisor.config import SupervisorConfig
from supervisor.delivery.feed import Feed
from supervisor.delivery.journal import Journal
from supervisor.delivery.recorder import Recorder
from supervisor.delivery.runner import PluginRunner, RunnerTools
from supervisor.delivery.work import is_for
from supervisor.egress import EgressClient
from supervisor.errors import ConfigInvalid, ModuleRefused, NotRunning, PluginNotFound
from supervisor.hostcalls import HostCalls
from supervisor.manifest import (
    ConfigValue,
    Manifest,
    check_config,
    effective_config,
    parse_manifest,
)
from supervisor.modules.artifacts import ArtifactStore, module_hash
from supervisor.modules.compiler import CompileFailed, Compiler
from supervisor.ports import AdminNotices, Database, Outbox, OutboxEvent, TicketActions
from supervisor.process.forkserver import ForkServer, open_fork_server
from supervisor.process.spawn import Spawner
from supervisor.processes import UsageReader
from supervisor.secrets import KeyUnusable, SecretBox
from supervisor.show import plugin_view, process_view
from supervisor.store import plugins as rows
from supervisor.store.plugins import PluginRow
from supervisor.store.records import deliveries_of, logs_of
from supervisor.views import (
    DeliveryView,
    LogLine,
    PanelResult,
    PanelSlot,
    PluginView,
    ProcessView,
)

_PAGE = 256

log = structlog.get_logger("supervisor.service")


@dataclass(frozen=True, slots=True)
class HelpDeskPorts:
    """What the help desk gives the supervisor."""

    database: Database
    outbox: Outbox
    actions: TicketActions
    notices: AdminNotices


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
        nursery: trio.Nursery,
    ) -> None:
        self._config = config
        self._ports = ports
        self._box = box
        self._nursery = nursery
        self._artifacts = artifacts
        self._fork_server = fork_server
        cage = Cage(config.cage)
        self._compiler = Compiler(fork_server, artifacts, cage, config.limits)
        self._journal = Journal(ports.database)
        self._tools = RunnerTools(
            spawner=Spawner(fork_server, cage),
            open_code=lambda row: self._compiler.open(row.sha256, row.manifest),
            host_calls=HostCalls(egress, ports.actions, config.limits.http_requests),
            limits=config.limits,
            health_rule=config.health,
            plain_http_panels=config.plain_http_panels,
        )
        self._rows: dict[str, PluginRow] = {}
        self._configs: dict[str, dict[str, ConfigValue]] = {}
        self._runners: dict[str, PluginRunner] = {}
        self._locks: dict[str, trio.Lock] = {}
        self._usage = UsageReader()
        self._runs_plugins = True

    # -- what is installed ---------------------------------------------------------------------

    async def plugins(self) -> Sequence[PluginView]:
        """Return every installed plugin, by name."""
        return [self._view(row) for row in self._rows.values()]

    async def plugin(self, plugin_id: str) -> PluginView:
        """Return one plugin; raises PluginNotFound."""
        return self._view(self._row(plugin_id))

    async def install(self, module: bytes, *, source: str, actor: str) -> PluginView:
        """Check, compile and keep a module; it arrives disabled.

        One with the id of an installed plugin takes its place, keeps its configuration as far as it
        fits, and is disabled as well. Raises ModuleRefused with the reason.
        """
        manifest_text, manifest = await trio.to_thread.run_sync(read_manifest, module)
        async with self._lock(manifest.id):
            sha256 = module_hash(module)
            await trio.to_thread.run_sync(self._artifacts.save_module, sha256, module)
            try:
                report = await self._compiler.compile(sha256, manifest)
            except (ModuleRefused, CompileFailed):
                if not any(row.sha256 == sha256 for row in self._rows.values()):
                    await trio.to_thread.run_sync(self._artifacts.delete, sha256)
                raise
            if (before := self._rows.get(manifest.id)) is not None and before.enabled:
                await self._disable(manifest.id, None)
            row = PluginRow(
                manifest=manifest,
                manifest_text=manifest_text,
                report=report,
                sha256=sha256,
                size=len(module),
                source=source,
                installed_at=int(time.time() * 1000),
                installed_by=actor,
                enabled=False,
                state_reason=None,
                claimed_seq=0,
                settled_seq=0,
                redelivered_seq=0,
                error_count=0,
                last_error=None,
            )
            await self._ports.database.write(lambda db: rows.insert_plugin(db, row))
            await self._reload()
            log.info("plugin_installed", plugin=row.id, version=manifest.version, by=actor)
            return self._view(self._row(row.id))

    async def set_enabled(self, plugin_id: str, enabled: bool, *, actor: str) -> PluginView:
        """Switch a plugin on or off; raises PluginNotFound, or ConfigInvalid where values miss."""
        async with self._lock(plugin_id):
            row = self._row(plugin_id)
            if enabled and not row.enabled:
                check_config(row.manifest, {}, self._configs[plugin_id])
                seq = await self._ports.outbox.last_seq()
                await self._ports.database.write(lambda db: rows.enable(db, plugin_id, seq))
                await self._reload()
                self._start(self._row(plugin_id))
            elif not enabled and row.enabled:
                await self._disable(plugin_id, None)
            log.info("plugin_enabled" if enabled else "plugin_disabled", plugin=plugin_id, by=actor)
            return self._view(self._row(plugin_id))

    async def set_config(
        self, plugin_id: str, values: Mapping[str, object], *, actor: str
    ) -> PluginView:
        """Save configuration values, which the plugin gets from its next event on.

        A name that is not given keeps its value; None clears it. Raises ConfigInvalid.
        """
        async with self._lock(plugin_id):
            row = self._row(plugin_id)
            saved = check_config(
                row.manifest, values, self._configs[plugin_id], complete=row.enabled
            )
            await self._ports.database.write(
                lambda db: rows.save_config(db, row.manifest, saved, self._box)
            )
            self._configs[plugin_id] = saved
            if runner := self._runners.get(plugin_id):
                runner.set_config(effective_config(row.manifest, saved))
            log.info("plugin_configured", plugin=plugin_id, fields=sorted(values), by=actor)
            return self._view(row)

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        """Stop a plugin and delete its module and configuration; ticket data that it set stays."""
        async with self._lock(plugin_id):
            row = self._row(plugin_id)
            await self._stop(plugin_id)
            await self._journal.flush()
            await self._ports.database.write(lambda db: rows.delete_plugin(db, plugin_id))
            await self._reload()
            if not any(other.sha256 == row.sha256 for other in self._rows.values()):
                await trio.to_thread.run_sync(self._artifacts.delete, row.sha256)
            log.info("plugin_uninstalled", plugin=plugin_id, by=actor)

    # -- what is happening ---------------------------------------------------------------------

    async def processes(self) -> Sequence[ProcessView]:
        """Return a line for each installed plugin, with its process where it has one."""
        running = [r.session.handle.pid for r in self._runners.values() if r.session]
        usage = await self._usage.read(running)
        views = []
        for row in self._rows.values():
            runner = self._runners.get(row.id)
            waiting = await runner.feed.waiting() if runner else 0
            views.append(process_view(row, runner, usage, waiting, self._config.limits))
        return views

    async def deliveries(
        self, plugin_id: str, *, limit: int = 50, before: str | None = None
    ) -> Sequence[DeliveryView]:
        """Return the newest deliveries of a plugin, or those before the id ``before``."""
        self._row(plugin_id)
        await self._journal.flush()
        below = int(before) if before is not None and before.isdecimal() else None
        return await self._ports.database.read(
            lambda db: deliveries_of(db, plugin_id, limit, below)
        )

    async def logs(self, plugin_id: str | None = None, *, limit: int = 200) -> Sequence[LogLine]:
        """Return the newest log lines of one plugin or of all, oldest first."""
        if plugin_id is not None:
            self._row(plugin_id)
        await self._journal.flush()
        return await self._ports.database.read(lambda db: logs_of(db, plugin_id, limit))

    def panel_slots(self) -> Sequence[PanelSlot]:
        """Return the panels that a ticket page has room for."""
        return [
            PanelSlot(row.id, row.manifest.name, panel.title, panel.height)
            for row in self._rows.values()
            if row.enabled and (panel := row.manifest.ui_panel) is not None
        ]

    async def render_panel(self, plugin_id: str, ticket_id: str) -> PanelResult:
        """Ask a plugin for its panel; raises PluginNotFound, or NotRunning."""
        row = self._row(plugin_id)
        runner = self._runners.get(plugin_id)
        if runner is None or row.manifest.ui_panel is None:
            raise NotRunning(plugin_id, "it is switched off, or has no panel")
        return await runner.render_panel(ticket_id)

    # -- inside --------------------------------------------------------------------------------

    async def begin(self, *, run_plugins: bool) -> None:
        """Load what is installed and, if wanted, start what is enabled."""
        self._nursery.start_soon(self._journal.run)
        await self._reload()
        self._runs_plugins = run_plugins
        for row in self._rows.values():
            if row.enabled:
                self._start(row)

    async def drain(self) -> None:
        """Let every plugin finish what runs, then stop it; what waits stays in the outbox."""
        async with trio.open_nursery() as nursery:
            for plugin_id in list(self._runners):
                nursery.start_soon(self._stop, plugin_id)
        await self._journal.flush()

    def _view(self, row: PluginRow) -> PluginView:
        return plugin_view(row, self._configs[row.id], self._runners.get(row.id))

    def _row(self, plugin_id: str) -> PluginRow:
        try:
            return self._rows[plugin_id]
        except KeyError:
            raise PluginNotFound(plugin_id) from None

    def _lock(self, plugin_id: str) -> trio.Lock:
        return self._locks.setdefault(plugin_id, trio.Lock())

    async def _reload(self) -> None:
        """Read rows and configurations anew."""
        found = await self._ports.database.read(rows.all_plugins)
        configs = {}
        for row in found:
            try:
                configs[row.id] = await self._ports.database.read(
                    lambda db, row=row: rows.load_config(db, row.id, self._box)  # type: ignore[misc]
                )
            except KeyUnusable as exc:
                log.error("plugin_secrets_unreadable", plugin=row.id, error=str(exc))
                configs[row.id] = {}
        self._rows = {row.id: row for row in found}
        self._configs = configs

    def _start(self, row: PluginRow) -> None:
        if not self._runs_plugins:
            return
        config = effective_config(row.manifest, self._configs[row.id])
        try:
            check_config(row.manifest, {}, self._configs[row.id])
        except ConfigInvalid as exc:
            log.error("plugin_not_started", plugin=row.id, error=str(exc))
            return
        recorder = Recorder(self._journal, row.id, row.error_count, row.last_error)
        feed = Feed(row, self._ports.outbox, self._ports.database, self._journal)
        runner = PluginRunner(row, config, feed, recorder, self._tools)
        self._runners[row.id] = runner
        self._nursery.start_soon(self._run, runner, name=f"plugin {row.id}")

    async def _run(self, runner: PluginRunner) -> None:
        """Run one plugin; nothing that happens in there ends the others."""
        plugin_id = runner.row.id
        try:
            reason = await runner.run()
        except Exception as exc:
            log.exception("runner_broken", plugin=plugin_id)
            reason = f"the supervisor could not run it: {exc}"
        finally:
            if self._runners.get(plugin_id) is runner:
                del self._runners[plugin_id]
        if reason is not None:
            await self._give_up(plugin_id, runner, reason)

    async def _give_up(self, plugin_id: str, runner: PluginRunner, reason: str) -> None:
        """Switch a plugin off that cannot go on, and tell the admins."""
        async with self._lock(plugin_id):
            row = self._rows.get(plugin_id)
            if row is None or not row.enabled or plugin_id in self._runners:
                return  # an admin was quicker
            log.warning("plugin_switched_off", plugin=plugin_id, reason=reason)
            await self._disable(plugin_id, reason)
        last = f" Last error: {runner.recorder.last_error}" if runner.recorder.last_error else ""
        await self._ports.notices.tell_admins(
            f"The plugin {runner.row.manifest.name} was switched off",
            f"{reason}.{last}"[:2000],
            f"/admin/plugins/{plugin_id}",
        )

    async def _disable(self, plugin_id: str, reason: str | None) -> None:
        await self._stop(plugin_id)
        await self._journal.flush()
        row = self._row(plugin_id)
        waiting = await self._events_waiting(plugin_id)
        await self._ports.database.write(lambda db: rows.disable(db, row, reason, waiting))
        await self._reload()

    async def _events_waiting(self, plugin_id: str) -> list[OutboxEvent]:
        """Return the events that a plugin subscribed to and will not get, as it is switched off."""
        row = next(
            r for r in await self._ports.database.read(rows.all_plugins) if r.id == plugin_id
        )
        subscribed = frozenset(row.manifest.events)
        waiting: list[OutboxEvent] = []
        seq = row.settled_seq
        while page := await self._ports.outbox.read_after(seq, _PAGE):
            seq = page[-1].seq
            waiting += [event for event in page if is_for(event, plugin_id, subscribed)]
        return waiting

    async def _stop(self, plugin_id: str) -> None:
        runner = self._runners.get(plugin_id)
        if runner is None:
            return
        await runner.stop()
        self._runners.pop(plugin_id, None)
        await self._journal.flush()
        # What was sent has been settled or was given back unstarted: nothing is in flight.
        await self._ports.database.write(lambda db: rows.release(db, plugin_id))


def read_manifest(module: bytes) -> tuple[str, Manifest]:
    """Return the manifest of a module as text and as checked; raises ModuleRefused."""
    try:
        raw = manifest_section(module)
    except ModuleError as exc:
        raise ModuleRefused(str(exc)) from None
    manifest = parse_manifest(raw)
    return raw.decode(), manifest


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
        ArtifactStore, config.data_directory, box.derive(b"compiled code"), engine_settings
    )
    async with (
        EgressClient(config.egress) as egress,
        open_fork_server() as fork_server,
        trio.open_nursery() as nursery,
    ):
        service = PluginService(
            config, ports, box, fork_server, egress, artifacts=artifacts, nursery=nursery
        )
        await service.begin(run_plugins=run_plugins)
        try:
            yield service
        finally:
            with trio.CancelScope(shield=True) as scope:
                scope.deadline = trio.current_time() + 2 * config.limits.deadline_s
                await service.drain()
            nursery.cancel_scope.cancel()

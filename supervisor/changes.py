"""What an admin changes about plugins: install, switch on and off, configure, uninstall.

One change of a plugin at a time. A change that was begun is carried to its end, whatever becomes of
its caller: a browser that goes away in the middle of an installation leaves nothing half done.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import structlog
import trio

from sandbox_child.wasm.errors import ModuleError
from sandbox_child.wasm.sections import manifest_section
from supervisor import audited
from supervisor.audited import config_changes, version_changes
from supervisor.delivery.journal import Journal
from supervisor.errors import ModuleRefused, NotFinished
from supervisor.installed import Installed
from supervisor.limits import Limits
from supervisor.manifest import Manifest, check_config, effective_config, parse_manifest
from supervisor.modules.artifacts import ArtifactStore, module_hash
from supervisor.modules.compiler import Compiler
from supervisor.ports import AuditLog, Database, Outbox
from supervisor.runners import Runners
from supervisor.secrets import SecretBox
from supervisor.store import plugins as rows
from supervisor.store.configs import carry_over, check_ready, save_config
from supervisor.store.plugins import PluginRow, new_plugin

_PATIENCE_S = 10.0
"""Beyond the time that a plugin has to finish what it does."""

log = structlog.get_logger("supervisor.changes")


class PluginChanges:
    """See the module."""

    def __init__(
        self,
        installed: Installed,
        runners: Runners,
        journal: Journal,
        *,
        artifacts: ArtifactStore,
        compiler: Compiler,
        database: Database,
        outbox: Outbox,
        box: SecretBox,
        limits: Limits,
        audit: AuditLog,
    ) -> None:
        self._installed = installed
        self._runners = runners
        self._journal = journal
        self._artifacts = artifacts
        self._compiler = compiler
        self._database = database
        self._outbox = outbox
        self._box = box
        self.limits = limits
        self._audit = audit

    async def install(self, module: bytes, *, source: str, actor: str) -> PluginRow:
        """Check, compile and keep a module; it arrives disabled.

        One with the id of an installed plugin takes its place, keeps its configuration as far as it
        fits, and is disabled as well. Raises ModuleRefused with the reason.
        """
        text, manifest = await trio.to_thread.run_sync(read_manifest, module)
        sha256 = module_hash(module)
        async with self._installed.lock(manifest.id):
            try:
                await trio.to_thread.run_sync(self._artifacts.save_module, sha256, module)
                report = await self._compiler.compile(sha256, manifest)
                row = new_plugin(
                    manifest, text, report, sha256, size=len(module), source=source, actor=actor
                )
                with self._carried_through(manifest.id):
                    await self._put_in_place(row, actor)
            except BaseException:
                with trio.CancelScope(shield=True):
                    await self._forget_module(sha256)
                raise
            log.info("plugin_installed", plugin=row.id, version=manifest.version, by=actor)
            return self._installed.row(row.id)

    async def set_enabled(self, plugin_id: str, enabled: bool, *, actor: str) -> PluginRow:
        """Switch a plugin on or off; raises PluginNotFound, or ConfigInvalid where values miss."""
        self._installed.row(plugin_id)
        async with self._installed.lock(plugin_id):
            row = self._installed.row(plugin_id)
            with self._carried_through(plugin_id):
                if enabled and not row.enabled:
                    await self._enable(row, actor)
                elif not enabled and row.enabled:
                    record = self._audit.stamp(actor, audited.DISABLED, plugin_id)
                    await self._runners.switch_off(plugin_id, None, record)
            log.info("plugin_enabled" if enabled else "plugin_disabled", plugin=plugin_id, by=actor)
            return self._installed.row(plugin_id)

    async def set_config(
        self, plugin_id: str, values: Mapping[str, object], *, actor: str
    ) -> PluginRow:
        """Save configuration values, which the plugin gets from its next event on.

        A name that is not given keeps its value; None clears it. Raises ConfigInvalid.
        """
        self._installed.row(plugin_id)
        async with self._installed.lock(plugin_id):
            row, saved = self._installed.row(plugin_id), self._installed.config(plugin_id)
            new = check_config(row.manifest, values, saved.values, complete=row.enabled)
            keep = saved.unreadable.keys() - values.keys()
            changes = config_changes(row.manifest, saved.values, new)
            record = self._audit.stamp(actor, audited.CONFIGURED, plugin_id)

            def job(db: sqlite3.Connection) -> None:
                save_config(db, row.manifest, new, self._box, keep)
                if changes:
                    record(db, changes)

            with self._carried_through(plugin_id):
                await self._database.write(job)
                await self._installed.refresh(plugin_id)
            if runner := self._runners.get(plugin_id):
                runner.workload.set_config(effective_config(row.manifest, new))
            elif row.enabled:
                self._runners.start(row)
            log.info("plugin_configured", plugin=plugin_id, fields=sorted(values), by=actor)
            return row

    async def uninstall(self, plugin_id: str, *, actor: str) -> None:
        """Stop a plugin and delete its module and configuration; ticket data that it set stays."""
        self._installed.row(plugin_id)
        async with self._installed.lock(plugin_id):
            row = self._installed.row(plugin_id)
            record = self._audit.stamp(actor, audited.UNINSTALLED, plugin_id)

            def job(db: sqlite3.Connection) -> None:
                rows.delete_plugin(db, plugin_id)
                record(db, {"version": row.manifest.version, "sha256": row.sha256})

            with self._carried_through(plugin_id):
                await self._runners.stop(plugin_id)
                await self._journal.flush()
                await self._database.write(job)
                await self._installed.refresh(plugin_id)
                await self._forget_module(row.sha256)
            log.info("plugin_uninstalled", plugin=plugin_id, by=actor)

    async def _put_in_place(self, row: PluginRow, actor: str) -> None:
        """Make ``row`` the version of its plugin that is installed."""
        before = self._installed.find(row.id)
        action = audited.INSTALLED if before is None else audited.UPGRADED
        record = self._audit.stamp(actor, action, row.id)
        if before is not None and before.enabled:
            off = self._audit.stamp(actor, audited.DISABLED, row.id)
            await self._runners.switch_off(row.id, None, off)

        def job(db: sqlite3.Connection) -> None:
            rows.insert_plugin(db, row)
            record(db, version_changes(before, row))
            if before is not None:
                saved = self._installed.config(row.id)
                going = carry_over(before.manifest, row.manifest, saved)
                save_config(db, row.manifest, going.values, self._box, going.unreadable)

        await self._database.write(job)
        await self._installed.refresh(row.id)
        if before is not None:
            await self._forget_module(before.sha256)

    async def _enable(self, row: PluginRow, actor: str) -> None:
        check_ready(row.manifest, self._installed.config(row.id))
        seq = await self._outbox.last_seq()
        record = self._audit.stamp(actor, audited.ENABLED, row.id)

        def job(db: sqlite3.Connection) -> None:
            rows.enable(db, row.id, seq)
            record(db, {"version": row.manifest.version})

        await self._database.write(job)
        await self._installed.refresh(row.id)
        self._runners.start(self._installed.row(row.id))

    async def _forget_module(self, sha256: str) -> None:
        if not self._installed.uses(sha256):
            await trio.to_thread.run_sync(self._artifacts.delete, sha256)

    @contextmanager
    def _carried_through(self, plugin_id: str) -> Iterator[None]:
        """Let a change come to its end although its caller gives up; raises NotFinished."""
        patience = self.limits.deadline_s + _PATIENCE_S
        with trio.CancelScope(shield=True) as scope:
            scope.deadline = trio.current_time() + patience
            yield
        if scope.cancelled_caught:
            raise NotFinished(plugin_id, patience)


def read_manifest(module: bytes) -> tuple[str, Manifest]:
    """Return the manifest of a module as text and as checked; raises ModuleRefused."""
    try:
        raw = manifest_section(module)
    except ModuleError as exc:
        raise ModuleRefused(str(exc)) from None
    manifest = parse_manifest(raw)
    return raw.decode(), manifest

"""Installs a module: checks it, compiles it, and adds it as a new plugin or a waiting version.

A running plugin is not disturbed: checking and compiling happen beside it, and a version of a
plugin that is installed waits until an admin has accepted it. Installations of one plugin come one
after the other.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog
import trio

from sandbox_child.wasm.errors import ModuleError
from sandbox_child.wasm.sections import manifest_section
from sandbox_child.wire.entry import ModuleReport
from supervisor.administration.change import ChangeContext
from supervisor.errors import AlreadyInstalled, ModuleRefused
from supervisor.manifest import Manifest, parse_manifest
from supervisor.plugins import audit
from supervisor.plugins.artifacts import module_hash
from supervisor.plugins.audit import version_facts
from supervisor.plugins.compiler import Compiler
from supervisor.plugins.start_trial import StartTrial, beyond_every_limit, unmet_need
from supervisor.states import InstallStep, VersionStatus
from supervisor.store.plugins import PluginRow, new_plugin
from supervisor.store.versions import version_of
from supervisor.text import timestamp

Progress = Callable[[InstallStep, str | None], None]
"""Told of each step, and of the plugin's id once that is known."""

log = structlog.get_logger("supervisor.installing")


def nobody(step: InstallStep, plugin_id: str | None) -> None:
    """Listen to no progress."""


class Installer:
    """See the module."""

    def __init__(
        self, changing: ChangeContext, compiler: Compiler, start_trial: StartTrial
    ) -> None:
        self._with = changing
        self._compiler = compiler
        self._start_trial = start_trial
        self._locks: dict[str, trio.Lock] = {}

    async def install(
        self, module: bytes, *, source: str, actor: str, progress: Progress = nobody
    ) -> PluginRow:
        """Check, compile and keep a module; it arrives disabled, or waits beside its older version.

        Raises ModuleRefused with the reason, or AlreadyInstalled.
        """
        progress(InstallStep.CHECKING, None)
        limit = self._with.limits.defaults.module_bytes
        if len(module) > limit:
            raise ModuleRefused(f"the file has {len(module):,} bytes; the limit is {limit:,}")
        text, manifest = await trio.to_thread.run_sync(read_manifest, module)
        sha256 = await trio.to_thread.run_sync(module_hash, module)
        progress(InstallStep.CHECKING, manifest.id)
        async with self._locks.setdefault(manifest.id, trio.Lock()):
            self._check_new(manifest.id, sha256)
            async with self._with.shelf.holding(sha256, module):
                progress(InstallStep.COMPILING, manifest.id)
                report = await self._compiler.compile(sha256, manifest)
                progress(InstallStep.STARTING, manifest.id)
                report = await self._tried(sha256, manifest, report)
                row = new_plugin(
                    manifest, text, report, sha256, size=len(module), source=source, actor=actor
                )
                await self._put(row, actor)
        return self._with.installed.row(manifest.id)

    async def _tried(self, sha256: str, manifest: Manifest, report: ModuleReport) -> ModuleReport:
        """Start the module once; raises ModuleRefused, or adds what an admin has to allow first."""
        if (never := beyond_every_limit(report)) is not None:
            raise ModuleRefused(f"the module cannot start: {never}")
        row = self._with.installed.find(manifest.id)
        limits = self._with.limits.of(row.limits if row else {})
        if (need := unmet_need(report, limits)) is not None:
            warning = f"it cannot start with its current limits: {need}"
            return replace(report, warnings=(*report.warnings, warning))
        problem = await self._start_trial.problem(sha256, manifest, report, limits)
        if problem is not None:
            raise ModuleRefused(f"the module cannot start: {problem}")
        return report

    def waits(self, plugin_id: str) -> bool:
        """Tell whether a version of a plugin waits to be accepted."""
        return self._with.installed.waiting(plugin_id) is not None

    def _check_new(self, plugin_id: str, sha256: str) -> None:
        row = self._with.installed.find(plugin_id)
        if row is None:
            return
        for version in (version_of(row), *self._with.installed.others(plugin_id)):
            if version.sha256 == sha256:
                at = timestamp(version.installed_at)
                raise AlreadyInstalled(
                    plugin_id, version.manifest.version, version.status, at, version.installed_by
                )

    async def _put(self, row: PluginRow, actor: str) -> None:
        """Make a compiled module the plugin's first version, or the one that waits."""
        async with self._with.installed.lock(row.id):
            waits = self._with.installed.find(row.id) is not None
            replaced = self._with.installed.waiting(row.id)
            action = audit.UPLOADED if waits else audit.INSTALLED
            record = self._with.audit.stamp(actor, action, row.id)
            store, facts = self._with.store.installed, version_facts(row)
            with self._with.carried_through(row.id):
                await self._with.write(
                    row.id,
                    store.add_waiting(version_of(row, VersionStatus.WAITING), record, facts)
                    if waits
                    else store.install(row, record, facts),
                )
                if replaced is not None:
                    await self._with.shelf.forget(replaced)
            event = "plugin_version_waits" if waits else "plugin_installed"
            log.info(event, plugin=row.id, version=row.manifest.version, by=actor)


def read_manifest(module: bytes) -> tuple[str, Manifest]:
    """Return the manifest of a module as text and as checked; raises ModuleRefused."""
    try:
        raw = manifest_section(module)
    except ModuleError as exc:
        raise ModuleRefused(str(exc)) from None
    manifest = parse_manifest(raw)
    return raw.decode(), manifest

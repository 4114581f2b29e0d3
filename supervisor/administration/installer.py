"""Installs a module: checks it, compiles it, and adds it as a new plugin or a waiting version.

A running plugin is not disturbed: checking and compiling happen beside it, and a version of a
plugin that is installed waits until an admin has accepted it. Installations of one plugin come one
after the other.
"""

from collections.abc import Callable
from dataclasses import replace

import structlog
import trio

from sandbox_child.wasm.errors import ModuleError, SectionMissing
from sandbox_child.wasm.sections import manifest_section
from sandbox_child.wire.entry import ModuleReport
from supervisor.administration.change import ChangeContext
from supervisor.administration.route_claims import check_routes
from supervisor.contracts import describe
from supervisor.contracts.native import SWITCHED_OFF
from supervisor.errors import AlreadyInstalled, ModuleRefused
from supervisor.manifest import Manifest, parse_manifest
from supervisor.plugins import audit
from supervisor.plugins.artifacts import module_hash
from supervisor.plugins.audit import version_facts
from supervisor.plugins.compiler import Compiler
from supervisor.plugins.signatures import MOST_SIGNATURE_BYTES
from supervisor.plugins.start_trial import StartTrial, beyond_every_limit, unmet_need
from supervisor.registration import MAX_BYTES, parse_registration
from supervisor.states import InstallStep, VersionStatus
from supervisor.store.plugins import PluginRow, new_plugin
from supervisor.store.versions import version_of
from supervisor.text import timestamp

Progress = Callable[[InstallStep, str | None], None]
"""Receives each step, and the plugin's ID once that is known."""

_PACKED = (b"PK\x03\x04", b"\x7fELF")
"""What is no module: a package, or a native plugin's program."""
_NOT_KNOWN = ""
"""Whose module it is, before it has registered itself: one of these at a time."""
_OF_GOATKIT = "goatkit."

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
        self,
        module: bytes,
        *,
        source: str,
        actor: str,
        signature: str = "",
        progress: Progress = nobody,
    ) -> PluginRow:
        """Check, compile and keep a module; it starts disabled, or waits beside its older version.

        ``signature``: of a bare module; a package brings its own. Raises ModuleRefused with the
        reason, or AlreadyInstalled.
        """
        progress(InstallStep.CHECKING, None)
        limit = self._with.limits.defaults.module_bytes
        if len(module) > limit:
            raise ModuleRefused(f"the file has {len(module):,} bytes; the limit is {limit:,}")
        read = await trio.to_thread.run_sync(read_manifest, module)
        sha256 = await trio.to_thread.run_sync(module_hash, module)
        text, manifest = read or ("", None)
        if manifest is not None:
            _check_id(manifest.id)
            progress(InstallStep.CHECKING, manifest.id)
        async with self._lock(manifest.id if manifest else _NOT_KNOWN):
            if manifest is not None:
                self._check_new(manifest.id, sha256)
            async with self._with.shelf.holding(sha256, module):
                progress(InstallStep.COMPILING, manifest.id if manifest else None)
                report = await self._compiler.compile(sha256, manifest)
                if signature and not report.module_sha256:
                    report = replace(report, package_signature=signature[:MOST_SIGNATURE_BYTES])
                # Before anything of it runs.
                self._with.signatures().check(report, sha256)
                progress(InstallStep.STARTING, manifest.id if manifest else None)
                if report.entry.contract == "ohd" and manifest is not None:
                    report = await self._tried(sha256, manifest, report)
                else:
                    text, report = await self._registered(sha256, report)
                row = new_plugin(
                    await trio.to_thread.run_sync(describe, text, report),
                    text,
                    report,
                    sha256,
                    size=len(module),
                    source=source,
                    actor=actor,
                )
                check_routes(self._with.installed, row.description)
                progress(InstallStep.STARTING, row.id)
                if manifest is not None and row.id == manifest.id:
                    await self._put(row, actor)
                else:
                    async with self._lock(row.id):
                        self._check_new(row.id, sha256)
                        await self._put(row, actor)
        return self._with.installed.row(row.id)

    def _lock(self, plugin_id: str) -> trio.Lock:
        return self._locks.setdefault(plugin_id, trio.Lock())

    async def _registered(self, sha256: str, report: ModuleReport) -> tuple[str, ModuleReport]:
        """Return what a module registers, and its report with what that leaves to say."""
        if report.program is not None and not self._with.runners.native:
            raise ModuleRefused(SWITCHED_OFF)
        if (never := beyond_every_limit(report)) is not None:
            raise ModuleRefused(f"the module cannot start: {never}")
        limits = self._with.limits.of({})
        if (need := unmet_need(report, limits)) is not None:
            raise ModuleRefused(f"the module cannot register itself: {need}")
        raw = await self._start_trial.registration(sha256, report, limits)
        if len(raw) > MAX_BYTES:
            raise ModuleRefused(
                f"its registration has {len(raw):,} bytes; at most {MAX_BYTES:,} are taken"
            )
        try:
            text = raw.decode()
        except UnicodeDecodeError:
            raise ModuleRefused("its registration is not UTF-8") from None
        found = await trio.to_thread.run_sync(
            parse_registration, raw, report.package_manifest.encode() or None
        )
        notes = (*map(str, found.warnings), *map(str, found.unsupported))
        return text, replace(report, warnings=(*report.warnings, *notes))

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


def _check_id(plugin_id: str) -> None:
    if plugin_id.startswith(_OF_GOATKIT):
        raise ModuleRefused(
            f"id: expected one that does not begin with {_OF_GOATKIT}, found {plugin_id!r}; "
            "such ids are given to plugins that register themselves"
        )


def read_manifest(module: bytes) -> tuple[str, Manifest] | None:
    """Return the manifest of a module as text and as checked; raises ModuleRefused.

    None for what carries none: a package, a program, or a module that may register itself.
    """
    if module.startswith(_PACKED):
        return None
    try:
        raw = manifest_section(module)
    except SectionMissing:
        return None
    except ModuleError as exc:
        raise ModuleRefused(str(exc)) from None
    manifest = parse_manifest(raw)
    return raw.decode(), manifest

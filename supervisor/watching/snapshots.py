"""Turns rows and runners into the frozen snapshots of ``views``."""

from collections.abc import Mapping

import trio

from supervisor.delivery.runner import PluginRunner
from supervisor.delivery.runners import Runners
from supervisor.limits import Limits
from supervisor.manifest import ConfigField
from supervisor.plugins.limits import LimitsInForce, limit_views
from supervisor.plugins.registry import PluginRegistry
from supervisor.states import PluginState
from supervisor.store.configs import SavedConfig
from supervisor.store.plugins import PluginRow
from supervisor.text import timestamp
from supervisor.views import (
    ConfigFieldView,
    PluginView,
    ProcessPart,
    ProcessView,
    SignatureView,
)
from supervisor.watching.history import Meter
from supervisor.watching.process_usage import Usage, together


def plugin_view(
    row: PluginRow,
    installed: PluginRegistry,
    runners: Runners,
    limits: LimitsInForce,
    signature: SignatureView,
) -> PluginView:
    """Return the snapshot of a plugin; the values of secrets stay behind."""
    manifest, runner = row.manifest, runners.get(row.id)
    saved = installed.config(row.id)
    panel = manifest.ui_panel
    return PluginView(
        id=row.id,
        name=manifest.name,
        version=manifest.version,
        description=manifest.description,
        author=manifest.author,
        license=manifest.license,
        homepage=manifest.homepage,
        sha256=row.sha256,
        size=row.size,
        source=row.source,
        installed_at=timestamp(row.installed_at),
        installed_by=row.installed_by,
        toolchain=row.report.toolchain or None,
        imports=tuple(f"{line.module}.{line.name}" for line in row.report.imports),
        permissions=row.description.views(row.asks_for, row.withheld),
        waiting_version=installed.waiting(row.id),
        enabled=row.enabled,
        state=_state(row, runners),
        state_reason=row.state_reason or runners.obstacle(row.id),
        events=manifest.events,
        allowed_hosts=manifest.allowed_hosts,
        panel_title=panel.title if panel else None,
        panel_height=panel.height if panel else None,
        config=tuple(_field(field, saved) for field in manifest.config_schema.values()),
        limits=limit_views(limits, row.limits),
        manifest=dict(manifest.raw),
        warnings=row.report.warnings,
        pid=runner.handles[0].pid if runner and runner.handles else None,
        error_count=runner.recorder.errors if runner else row.error_count,
        last_error=(runner.recorder.last_error if runner else None) or row.last_error,
        signature=signature,
        contract=row.report.entry.contract,
    )


def process_view(
    row: PluginRow,
    runners: Runners,
    usage: Mapping[int, Usage],
    meter: Meter,
    limits: Limits,
    *,
    unfinished: int,
    oldest_s: float | None,
) -> ProcessView:
    """Return the snapshot of a plugin's process."""
    runner = runners.get(row.id)
    session = runner.session if runner else None
    handles = runner.handles if runner else ()
    parts = _parts(runner, usage) if runner else ()
    used = together([usage[handle.pid] for handle in handles if handle.pid in usage])
    native = runner.native_limits if runner else None
    in_flight = len(session.conversation.in_line) if session else 0
    since = runner.child_since if runner else None
    p50, p95 = meter.hour_quantiles_ms(0.5, 0.95)
    return ProcessView(
        plugin_id=row.id,
        state=_state(row, runners),
        pid=handles[0].pid if handles else None,
        uptime_s=trio.current_time() - since if since is not None else None,
        restarts=runner.restarts if runner else 0,
        cpu_percent=used.cpu_percent,
        rss_bytes=used.rss_bytes,
        uss_bytes=used.uss_bytes,
        guest_memory_bytes=session.conversation.memory_bytes if session and not parts else None,
        guest_memory_limit_bytes=native.memory_bytes if native else limits.memory_bytes,
        threads=used.threads,
        in_flight=in_flight,
        waiting=max(0, unfinished - in_flight),
        oldest_waiting_s=oldest_s,
        delivered=runner.recorder.delivered if runner else 0,
        events_a_minute=meter.events_a_minute(),
        p50_ms=p50,
        p95_ms=p95,
        errors=runner.recorder.errors if runner else row.error_count,
        errors_24h=meter.errors_of_the_day(),
        last_error=(runner.recorder.last_error if runner else None) or row.last_error,
        controls=(parts[0].controls if parts else runner.controls) if session and runner else (),
        parts=parts,
    )


def _parts(runner: PluginRunner, usage: Mapping[int, Usage]) -> tuple[ProcessPart, ...]:
    """Return the two processes of a native plugin."""
    native = runner.child.native if runner.child else None
    if native is None:
        return ()
    of_each = (("program", native.program.controls), ("bridge", runner.controls))
    return tuple(
        ProcessPart(
            role,
            handle.pid,
            used.cpu_percent if (used := usage.get(handle.pid)) else None,
            used.rss_bytes if used else None,
            used.uss_bytes if used else None,
            used.threads if used else None,
            controls,
        )
        for (role, controls), handle in zip(of_each, native.handles, strict=True)
    )


def _state(row: PluginRow, runners: Runners) -> PluginState:
    runner = runners.get(row.id)
    if runner is not None:
        return runner.state
    if runners.is_held(row.id):
        return PluginState.STOPPING
    if row.enabled and not runners.active:
        return PluginState.STOPPED
    if row.enabled or row.state_reason is not None:
        return PluginState.FAILED
    return PluginState.DISABLED


def _field(field: ConfigField, saved: SavedConfig) -> ConfigFieldView:
    return ConfigFieldView(
        name=field.name,
        type=field.type,
        label=field.label,
        description=field.description,
        required=field.required,
        secret=field.secret,
        bind=field.bind,
        options=field.options,
        default=None if field.secret else field.default,
        value=None if field.secret else saved.values.get(field.name),
        is_set=field.name in saved.values,
    )

"""What the audit log is told of changes to plugins: facts, and never the value of a secret."""

import sqlite3
from collections.abc import Mapping

from supervisor.manifest import ConfigValue, Manifest
from supervisor.ports import AuditWriter
from supervisor.store.plugins import PluginRow

INSTALLED = "plugin.installed"
UPGRADED = "plugin.upgraded"
ENABLED = "plugin.enabled"
DISABLED = "plugin.disabled"
SWITCHED_OFF = "plugin.switched_off"
CONFIGURED = "plugin.configured"
UNINSTALLED = "plugin.uninstalled"
KEY_ROTATED = "key.rotated"

SUPERVISOR = "system"
"""Who acts where the supervisor switches a plugin off."""


class Unaudited:
    """An audit log that keeps nothing, for tools that nobody administers."""

    def stamp(self, actor_id: str, action: str, subject: str) -> AuditWriter:
        """Return what writes nothing."""
        del actor_id, action, subject

        def write(db: sqlite3.Connection, changes: Mapping[str, object]) -> None:
            del db, changes

        return write


def version_changes(before: PluginRow | None, row: PluginRow) -> dict[str, object]:
    """Return what an installation changes."""
    if before is None:
        return {
            "version": row.manifest.version,
            "sha256": row.sha256,
            "source": row.source,
            "events": list(row.manifest.events),
            "hosts": list(row.manifest.allowed_hosts),
        }
    changes: dict[str, object] = {"source": row.source}
    for name, old, new in (
        ("version", before.manifest.version, row.manifest.version),
        ("sha256", before.sha256, row.sha256),
        ("events", list(before.manifest.events), list(row.manifest.events)),
        ("hosts", list(before.manifest.allowed_hosts), list(row.manifest.allowed_hosts)),
    ):
        if old != new:
            changes[name] = {"from": old, "to": new}
    return changes


def config_changes(
    manifest: Manifest, before: Mapping[str, ConfigValue], after: Mapping[str, ConfigValue]
) -> dict[str, object]:
    """Return what of a configuration is another than before."""
    changes: dict[str, object] = {}
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        field = manifest.config_schema.get(name)
        secret = field is None or field.secret
        changes[name] = "changed" if secret else {"from": old, "to": new}
    return changes

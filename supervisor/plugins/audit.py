"""Entries of the audit log for changes to plugins: facts, and never the value of a secret."""

from collections.abc import Collection, Mapping

from supervisor.manifest import ConfigValue, Manifest
from supervisor.ports import AuditWriter
from supervisor.store.plugins import PluginRow
from supervisor.store.versions import VersionRow

INSTALLED = "plugin.installed"
UPGRADED = "plugin.upgraded"
ENABLED = "plugin.enabled"
UPLOADED = "plugin.uploaded"
"""A version that waits beside the installed one."""
ROLLED_BACK = "plugin.rolled_back"
DISCARDED = "plugin.version_discarded"
NARROWED = "plugin.narrowed"
LIMITED = "plugin.limits_changed"
RESTARTED = "plugin.restarted"
REDELIVERED = "plugin.redelivered"
DISABLED = "plugin.disabled"
SWITCHED_OFF = "plugin.switched_off"
CONFIGURED = "plugin.configured"
UNINSTALLED = "plugin.uninstalled"
KEY_ROTATED = "key.rotated"

SUPERVISOR = "system"
"""Actor in the audit log when the supervisor disables a plugin."""


class Unaudited:
    """An audit log that keeps nothing, for tools that nobody administers."""

    def stamp(self, actor_id: str, action: str, subject: str) -> AuditWriter:
        """Return what writes nothing."""
        del actor_id, action, subject
        return lambda _db, _changes: None


def version_facts(version: VersionRow | PluginRow) -> dict[str, object]:
    """Return what says which version it is, its source, and its permissions."""
    return {
        "version": version.manifest.version,
        "sha256": version.sha256,
        "source": version.source,
        "events": list(version.manifest.events),
        "hosts": list(version.manifest.allowed_hosts),
    }


def version_changes(before: PluginRow, after: PluginRow) -> dict[str, object]:
    """Return what is another where one version takes the place of another."""
    changes: dict[str, object] = {"source": after.source}
    for name, old, new in (
        ("version", before.manifest.version, after.manifest.version),
        ("sha256", before.sha256, after.sha256),
        ("permissions", sorted(before.asks_for), sorted(after.asks_for)),
        ("withheld", sorted(before.withheld), sorted(after.withheld)),
    ):
        if old != new:
            changes[name] = {"from": old, "to": new}
    return changes


def narrowing_changes(before: Collection[str], after: Collection[str]) -> dict[str, object]:
    """Return what is kept from a plugin, and what is given back."""
    changes: dict[str, object] = {
        "withheld": sorted(set(after) - set(before)),
        "given_back": sorted(set(before) - set(after)),
    }
    return {name: tokens for name, tokens in changes.items() if tokens}


def limit_changes(before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, object]:
    """Return which limits of a plugin's own are others than before; None: the operator's holds."""
    return {
        name: {"from": before.get(name), "to": after.get(name)}
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    }


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

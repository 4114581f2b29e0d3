"""Installed plugins, their versions and configurations: every read and every change of them.

A change and its entry in the audit log are one transaction: ``record`` writes the entry, with what
``changes`` says.
"""

import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from supervisor.manifest import ConfigValue, Manifest
from supervisor.ports import AuditWriter, Database
from supervisor.secrets.box import KeyUnusable, SecretBox
from supervisor.states import VersionStatus
from supervisor.store import plugins, versions
from supervisor.store.configs import SavedConfig, carry_over, load_config, save_config
from supervisor.store.plugins import PluginRow
from supervisor.store.sealed import replace_sealed, sealed_secrets
from supervisor.store.versions import VersionRow


@dataclass(frozen=True, slots=True)
class StoredPlugin:
    """One plugin as it is kept, read in one transaction."""

    row: PluginRow
    config: SavedConfig
    others: tuple[VersionRow, ...]
    """The version that waits, then those that are kept, the newest first."""


class InstalledStore:
    """See the module. Each method returns once what it wrote is durable."""

    def __init__(self, database: Database, box: SecretBox) -> None:
        self._database = database
        self._box = box

    async def all_ids(self) -> list[str]:
        """Return the ids of every plugin that can be read."""
        rows = await self._database.read(plugins.all_plugins)
        return [row.id for row in rows]

    async def find(self, plugin_id: str) -> StoredPlugin | None:
        """Return one plugin; None where there is none, or one that cannot be read."""

        def job(db: sqlite3.Connection) -> StoredPlugin | None:
            row = plugins.find_plugin(db, plugin_id)
            if row is None:
                return None
            config = load_config(db, row.manifest, self._box)
            return StoredPlugin(row, config, versions.other_versions(db, plugin_id))

        return await self._database.read(job)

    async def module_hashes(self) -> frozenset[str]:
        """Return the hash of every module of any version, readable or not."""
        return await self._database.read(plugins.module_hashes)

    async def install(
        self, row: PluginRow, record: AuditWriter, changes: Mapping[str, object]
    ) -> None:
        """Add a plugin."""

        def job(db: sqlite3.Connection) -> None:
            plugins.insert_plugin(db, row)
            record(db, changes)

        await self._database.write(job)

    async def add_waiting(
        self, version: VersionRow, record: AuditWriter, changes: Mapping[str, object]
    ) -> None:
        """Let a version wait, in the place of one that waited before."""

        def job(db: sqlite3.Connection) -> None:
            versions.add_waiting(db, version)
            record(db, changes)

        await self._database.write(job)

    async def replace_version(
        self,
        before: PluginRow,
        after: PluginRow,
        status: VersionStatus,
        config: SavedConfig,
        *,
        keep: int,
        record: AuditWriter,
        changes: Mapping[str, object],
    ) -> None:
        """Put one version in another's place, which is kept with its configuration ``config``.

        ``status`` is what the new one was so far: one that was kept gets back the configuration
        that it had. The newest ``keep`` of those that are kept stay.
        """
        plugin_id = before.id

        def job(db: sqlite3.Connection) -> None:
            versions.keep(db, before)
            plugins.replace_version(db, after)
            if status is VersionStatus.KEPT:
                versions.restore_config(db, plugin_id, after.sha256)
            else:
                going = carry_over(before.manifest, after.manifest, config)
                save_config(db, after.manifest, going.values, self._box, going.unreadable)
            versions.drop(db, plugin_id, after.sha256)
            versions.drop_oldest(db, plugin_id, keep)
            record(db, changes)

        await self._database.write(job)

    async def discard_version(
        self, plugin_id: str, sha256: str, record: AuditWriter, changes: Mapping[str, object]
    ) -> None:
        """Forget a version that waits or is kept."""

        def job(db: sqlite3.Connection) -> None:
            versions.drop(db, plugin_id, sha256)
            record(db, changes)

        await self._database.write(job)

    async def uninstall(
        self, plugin_id: str, record: AuditWriter, changes: Mapping[str, object]
    ) -> None:
        """Remove a plugin with everything of it except its requests in the egress log."""

        def job(db: sqlite3.Connection) -> None:
            plugins.delete_plugin(db, plugin_id)
            record(db, changes)

        await self._database.write(job)

    async def save_config(
        self,
        manifest: Manifest,
        values: Mapping[str, ConfigValue],
        *,
        keep: Collection[str],
        record: AuditWriter,
        changes: Mapping[str, object],
    ) -> None:
        """Replace a configuration, except the fields in ``keep``; recorded where it changes."""

        def job(db: sqlite3.Connection) -> None:
            save_config(db, manifest, values, self._box, keep)
            if changes:
                record(db, changes)

        await self._database.write(job)

    async def set_withheld(
        self,
        plugin_id: str,
        withheld: Collection[str],
        starts: Mapping[str, int],
        *,
        record: AuditWriter,
        changes: Mapping[str, object],
    ) -> None:
        """Save what an admin keeps from a plugin, and from where on it gets which event."""

        def job(db: sqlite3.Connection) -> None:
            plugins.set_withheld(db, plugin_id, withheld, starts)
            record(db, changes)

        await self._database.write(job)

    async def set_extras(
        self,
        plugin_id: str,
        extras: Collection[str],
        record: AuditWriter,
        changes: Mapping[str, object],
    ) -> None:
        """Record what an admin has granted a plugin beside its permissions, audited."""

        def job(db: sqlite3.Connection) -> None:
            plugins.set_extras(db, plugin_id, extras)
            record(db, changes)

        await self._database.write(job)

    async def set_limits(
        self,
        plugin_id: str,
        limits: Mapping[str, float],
        record: AuditWriter,
        changes: Mapping[str, object],
    ) -> None:
        """Save the limits that an admin set for a plugin, in the place of those before."""

        def job(db: sqlite3.Connection) -> None:
            plugins.set_limits(db, plugin_id, limits)
            record(db, changes)

        await self._database.write(job)

    async def only_record(self, record: AuditWriter, changes: Mapping[str, object]) -> None:
        """Write an entry of the audit log for what changes no row."""
        await self._database.write(lambda db: record(db, changes))

    async def reseal(self, record: AuditWriter) -> tuple[int, tuple[str, ...]]:
        """Seal every secret with the first key; return how many, and those that no key opens."""

        def job(db: sqlite3.Connection) -> tuple[int, tuple[str, ...]]:
            resealed, unreadable = 0, list[str]()
            for secret in sealed_secrets(db):
                try:
                    plain = self._box.open(secret.sealed, secret.plugin_id, secret.field)
                except KeyUnusable:
                    unreadable.append(str(secret))
                    continue
                again = self._box.seal(plain, secret.plugin_id, secret.field)
                replace_sealed(db, secret, again)
                resealed += 1
            record(db, {"secrets": resealed, "unreadable": unreadable})
            return resealed, tuple(unreadable)

        return await self._database.write(job)

"""Rows of the versions of plugins beside the installed one. Every function runs in a database job.

A version waits until an admin accepts it, or is kept because it was installed before; then its
configuration is kept with it, sealed as it was. The installed version itself is the plugin's row.
"""

import json
import sqlite3
import time
from dataclasses import dataclass

import msgspec
import structlog

from supervisor.errors import ModuleRefused
from supervisor.states import VersionStatus
from supervisor.store.modules import StoredModule, module_columns, module_fields
from supervisor.store.plugins import PluginRow
from supervisor.store.sql import insertion, rows

log = structlog.get_logger("supervisor.store")


@dataclass(frozen=True, slots=True)
class VersionRow(StoredModule):
    """One version of a plugin as it is kept; the installed one too, for whoever compares."""

    status: VersionStatus
    since: int
    """Time of this status, in milliseconds since 1970."""
    withheld: frozenset[str]
    """Permissions that its admin denied while it was installed."""

    @property
    def asks_for(self) -> tuple[str, ...]:
        """The permissions that it asks for."""
        return self.description.asks_for


def version_of(row: PluginRow, status: VersionStatus = VersionStatus.ACTIVE) -> VersionRow:
    """Return the version that a plugin's row holds, with another status from now on."""
    return VersionRow(
        row.description,
        row.manifest_text,
        row.report,
        row.sha256,
        row.size,
        row.source,
        row.installed_at,
        row.installed_by,
        status,
        int(time.time() * 1000),
        row.withheld,
    )


def other_versions(db: sqlite3.Connection, plugin_id: str) -> tuple[VersionRow, ...]:
    """Return the waiting version and the kept ones, the newest first."""
    found = rows(
        db,
        "SELECT * FROM plugin_versions WHERE plugin_id = ? "
        "ORDER BY status = 'waiting' DESC, place DESC",
        (plugin_id,),
    )
    return tuple(read for row in found if (read := _read(row)) is not None)


def add_waiting(db: sqlite3.Connection, version: VersionRow) -> None:
    """Let a version wait, in the place of one that waited before."""
    db.execute(
        "DELETE FROM plugin_versions WHERE plugin_id = ? AND status = 'waiting'",
        (version.manifest.id,),
    )
    _insert(db, version)


def keep(db: sqlite3.Connection, row: PluginRow) -> None:
    """Keep the installed version with its configuration, as another is about to replace it."""
    _insert(db, version_of(row, VersionStatus.KEPT))
    db.execute(
        "INSERT INTO version_config SELECT plugin_id, ?, field, value, sealed "
        "FROM plugin_config WHERE plugin_id = ?",
        (row.sha256, row.id),
    )


def restore_config(db: sqlite3.Connection, plugin_id: str, sha256: str) -> None:
    """Give a plugin the configuration that a kept version had."""
    db.execute("DELETE FROM plugin_config WHERE plugin_id = ?", (plugin_id,))
    db.execute(
        "INSERT INTO plugin_config SELECT plugin_id, field, value, sealed "
        "FROM version_config WHERE plugin_id = ? AND sha256 = ?",
        (plugin_id, sha256),
    )


def drop(db: sqlite3.Connection, plugin_id: str, sha256: str) -> None:
    """Forget a version with its configuration."""
    db.execute(
        "DELETE FROM plugin_versions WHERE plugin_id = ? AND sha256 = ?", (plugin_id, sha256)
    )


def drop_oldest(db: sqlite3.Connection, plugin_id: str, kept: int) -> None:
    """Forget all but the ``kept`` versions that were installed last."""
    db.execute(
        "DELETE FROM plugin_versions WHERE plugin_id = ?1 AND status = 'kept' AND sha256 NOT IN "
        "(SELECT sha256 FROM plugin_versions WHERE plugin_id = ?1 AND status = 'kept' "
        "ORDER BY place DESC LIMIT ?2)",
        (plugin_id, kept),
    )


def _insert(db: sqlite3.Connection, version: VersionRow) -> None:
    values = {
        "plugin_id": version.manifest.id,
        **module_columns(version),
        "status": version.status.value,
        "since": version.since,
        "withheld": json.dumps(sorted(version.withheld)),
    }
    (values["place"],) = db.execute(
        "SELECT 1 + coalesce(max(place), 0) FROM plugin_versions"
    ).fetchone()
    query = insertion("plugin_versions", tuple(values), replace=True)
    db.execute(query, tuple(values.values()))


def _read(row: sqlite3.Row) -> VersionRow | None:
    try:
        return VersionRow(
            **module_fields(row),
            status=VersionStatus(row["status"]),
            since=row["since"],
            withheld=frozenset(json.loads(row["withheld"])),
        )
    except (ModuleRefused, msgspec.MsgspecError) as exc:
        log.error(
            "version_unreadable", plugin=row["plugin_id"], sha256=row["sha256"], error=str(exc)
        )
        return None

"""Rows of the versions of plugins beside the installed one. Every function runs in a database job.

A version waits until an admin accepts it, or is kept because it was installed before; then its
configuration is kept with it, sealed as it was. The installed version itself is the plugin's row.
"""

import json
import sqlite3
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import structlog

from sandbox_child.wire.entry import ModuleReport
from supervisor.errors import ModuleRefused
from supervisor.manifest import Manifest, parse_manifest
from supervisor.manifest.permissions import asked_for
from supervisor.states import VersionStatus
from supervisor.store.plugins import PluginRow

log = structlog.get_logger("supervisor.store")

_COLUMNS = (
    "plugin_id, manifest, report, sha256, size, source, installed_at, installed_by, status, "
    "since, withheld"
)


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of a plugin as it is kept; the installed one too, for whoever compares."""

    manifest: Manifest
    manifest_text: str
    report: ModuleReport
    sha256: str
    size: int
    source: str
    installed_at: int
    installed_by: str
    status: VersionStatus
    since: int
    """When it got this status, in milliseconds since 1970."""
    withheld: frozenset[str]
    """What its admin kept from it while it was installed."""

    @property
    def asks_for(self) -> tuple[str, ...]:
        """The permissions that it asks for."""
        return asked_for(self.manifest, self.report)


def version_of(row: PluginRow, status: VersionStatus = VersionStatus.ACTIVE) -> VersionRow:
    """Return the version that a plugin's row holds, with another status from now on."""
    return VersionRow(
        row.manifest,
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
    rows = db.execute(
        f"SELECT {_COLUMNS} FROM plugin_versions WHERE plugin_id = ? "  # noqa: S608 - our names
        "ORDER BY status = 'waiting' DESC, since DESC, sha256",
        (plugin_id,),
    )
    return tuple(read for row in rows if (read := _read(row)) is not None)


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
        "ORDER BY since DESC, sha256 LIMIT ?2)",
        (plugin_id, kept),
    )


def _insert(db: sqlite3.Connection, version: VersionRow) -> None:
    db.execute(
        f"INSERT OR REPLACE INTO plugin_versions ({_COLUMNS}) "  # noqa: S608 - our own names
        f"VALUES ({', '.join('?' * 11)})",
        (
            version.manifest.id,
            version.manifest_text,
            msgspec.json.encode(version.report).decode(),
            *(version.sha256, version.size, version.source, version.installed_at),
            *(version.installed_by, version.status.value, version.since),
            json.dumps(sorted(version.withheld)),
        ),
    )


def _read(row: Sequence[Any]) -> VersionRow | None:
    plugin_id, manifest, report, *plain, status, since, withheld = row
    try:
        return VersionRow(
            parse_manifest(str(manifest).encode()),
            str(manifest),
            msgspec.json.decode(str(report), type=ModuleReport),
            *plain,  # type: ignore[call-arg]  # the columns are STRICT, in this order
            VersionStatus(status),
            since,
            frozenset(json.loads(withheld)),
        )
    except (ModuleRefused, msgspec.MsgspecError) as exc:
        log.error("version_unreadable", plugin=plugin_id, sha256=row[3], error=str(exc))
        return None

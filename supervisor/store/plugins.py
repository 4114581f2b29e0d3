"""Rows of installed plugins. Every function runs in a database job."""

import json
import sqlite3
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import structlog

from sandbox_child.wire.entry import ModuleReport
from supervisor.errors import ModuleRefused
from supervisor.manifest import Manifest, parse_manifest
from supervisor.manifest.permissions import EVENT_PREFIX, asked_for

log = structlog.get_logger("supervisor.store")


@dataclass(frozen=True, slots=True)
class PluginRow:
    """An installed plugin as it is kept."""

    manifest: Manifest
    manifest_text: str
    report: ModuleReport
    sha256: str
    size: int
    source: str
    installed_at: int
    installed_by: str
    enabled: bool
    state_reason: str | None
    claimed_seq: int
    settled_seq: int
    redelivered_seq: int
    """The event that was in flight when the server last stopped without warning."""
    error_count: int
    last_error: str | None
    withheld: frozenset[str] = frozenset()
    """Permissions that it asks for and its admin keeps from it."""
    event_starts: Mapping[str, int] = field(default_factory=dict)
    """Event to the position behind which the plugin is told of it, where that is a later one."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """What an admin set for this plugin alone; see ``overrides``."""

    @property
    def id(self) -> str:
        """The plugin's id."""
        return self.manifest.id

    @property
    def asks_for(self) -> tuple[str, ...]:
        """The permissions that it asks for, granted or not."""
        return asked_for(self.manifest, self.report)

    @property
    def subscriptions(self) -> Mapping[str, int]:
        """The events that it is told of, each with the position behind which it is."""
        return {
            event: self.event_starts.get(event, 0)
            for event in self.manifest.events
            if EVENT_PREFIX + event not in self.withheld
        }


def new_plugin(
    manifest: Manifest,
    manifest_text: str,
    report: ModuleReport,
    sha256: str,
    *,
    size: int,
    source: str,
    actor: str,
) -> PluginRow:
    """Return the row of a plugin that is installed now, disabled, by ``actor`` from ``source``."""
    return PluginRow(
        manifest=manifest,
        manifest_text=manifest_text,
        report=report,
        sha256=sha256,
        size=size,
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


_COLUMNS = (
    "id, manifest, report, sha256, size, source, installed_at, installed_by, enabled, "
    "state_reason, claimed_seq, settled_seq, redelivered_seq, error_count, last_error, withheld, "
    "event_starts, limits"
)
_STANDING = ("enabled", "state_reason", "withheld", "event_starts", "limits")
_MODULE = ("manifest", "report", "sha256", "size", "source", "installed_at", "installed_by")


def all_plugins(db: sqlite3.Connection) -> list[PluginRow]:
    """Return every installed plugin, in the order of their names.

    One whose manifest or report a newer version of the help desk no longer accepts is left out, so
    that it cannot keep the others from running.
    """
    rows = db.execute(f"SELECT {_COLUMNS} FROM plugins")  # noqa: S608 - our own names
    found = [read for row in rows if (read := _read(row)) is not None]
    return sorted(found, key=lambda row: row.manifest.name.casefold())


def find_plugin(db: sqlite3.Connection, plugin_id: str) -> PluginRow | None:
    """Return one plugin; None where there is none, or one that cannot be read."""
    query = f"SELECT {_COLUMNS} FROM plugins WHERE id = ?"  # noqa: S608 - our own names
    row = db.execute(query, (plugin_id,)).fetchone()
    return None if row is None else _read(row)


def module_hashes(db: sqlite3.Connection) -> frozenset[str]:
    """Return the hash of every module of any version, readable or not."""
    query = "SELECT sha256 FROM plugins UNION SELECT sha256 FROM plugin_versions"
    return frozenset(sha256 for (sha256,) in db.execute(query))


def insert_plugin(db: sqlite3.Connection, row: PluginRow) -> None:
    """Add a plugin; one of this id that cannot be read any longer gives way, but for its values."""
    columns = ", ".join(f"{name} = excluded.{name}" for name in (*_MODULE, *_STANDING))
    db.execute(
        f"INSERT INTO plugins ({_COLUMNS}) VALUES ({', '.join('?' * 18)}) "  # noqa: S608
        f"ON CONFLICT (id) DO UPDATE SET {columns}",
        (
            row.id,
            *_module(row),
            row.enabled,
            row.state_reason,
            row.claimed_seq,
            row.settled_seq,
            row.redelivered_seq,
            row.error_count,
            row.last_error,
            json.dumps(sorted(row.withheld)),
            json.dumps(row.event_starts),
            json.dumps(row.limits),
        ),
    )


def replace_version(db: sqlite3.Connection, row: PluginRow) -> None:
    """Put another version in a plugin's place; counts and the place in the outbox stay."""
    columns = ", ".join(f"{name} = ?" for name in (*_MODULE, "withheld", "event_starts"))
    db.execute(
        f"UPDATE plugins SET {columns}, state_reason = NULL WHERE id = ?",  # noqa: S608
        (*_module(row), json.dumps(sorted(row.withheld)), json.dumps(row.event_starts), row.id),
    )


def set_withheld(
    db: sqlite3.Connection, plugin_id: str, withheld: Collection[str], starts: Mapping[str, int]
) -> None:
    """Record what an admin keeps from a plugin, and from where on it is told of which event."""
    db.execute(
        "UPDATE plugins SET withheld = ?, event_starts = ? WHERE id = ?",
        (json.dumps(sorted(withheld)), json.dumps(starts), plugin_id),
    )


def set_limits(db: sqlite3.Connection, plugin_id: str, limits: Mapping[str, float]) -> None:
    """Record the limits that an admin set for a plugin, in the place of those before."""
    db.execute("UPDATE plugins SET limits = ? WHERE id = ?", (json.dumps(limits), plugin_id))


def _module(row: PluginRow) -> tuple[object, ...]:
    """Return the values of the columns that say which version it is."""
    return (
        row.manifest_text,
        msgspec.json.encode(row.report).decode(),
        *(row.sha256, row.size, row.source, row.installed_at, row.installed_by),
    )


def delete_plugin(db: sqlite3.Connection, plugin_id: str) -> None:
    """Remove a plugin with its configuration, log lines and deliveries; tickets stay."""
    for table in ("plugin_logs", "deliveries", "plugin_history", "redeliveries"):
        db.execute(f"DELETE FROM {table} WHERE plugin_id = ?", (plugin_id,))  # noqa: S608
    db.execute("DELETE FROM plugins WHERE id = ?", (plugin_id,))


def _read(row: Sequence[Any]) -> PluginRow | None:
    plugin_id, manifest, report, *plain, withheld, starts, limits = row
    try:
        read = PluginRow(
            parse_manifest(str(manifest).encode()),
            str(manifest),
            msgspec.json.decode(str(report), type=ModuleReport),
            *plain,  # type: ignore[misc]  # the columns are STRICT, in the order of the fields
            withheld=frozenset(json.loads(withheld)),
            event_starts=json.loads(starts),
            limits=json.loads(limits),
        )
    except (ModuleRefused, msgspec.MsgspecError) as exc:
        log.error("plugin_unreadable", plugin=plugin_id, error=str(exc))
        return None
    return replace(read, enabled=bool(read.enabled))

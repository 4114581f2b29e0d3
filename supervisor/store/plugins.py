"""Rows of installed plugins. Every function runs in a database job."""

import json
import sqlite3
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import msgspec
import structlog

from sandbox_child.wire.entry import ModuleReport
from supervisor.contracts import Description
from supervisor.errors import ModuleRefused
from supervisor.store.modules import StoredModule, module_columns, module_fields
from supervisor.store.sql import insertion, row, rows

log = structlog.get_logger("supervisor.store")


@dataclass(frozen=True, slots=True)
class PluginRow(StoredModule):
    """An installed plugin as it is kept."""

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
    """Event to the position after which the plugin receives it, where that is a later one."""
    limits: Mapping[str, float] = field(default_factory=dict)
    """Limits that an admin set for this plugin; see ``overrides``."""
    extras: frozenset[str] = frozenset()
    """Permissions that it did not ask for and its admin has granted."""

    @property
    def id(self) -> str:
        """The plugin's id."""
        return self.manifest.id

    @property
    def asks_for(self) -> tuple[str, ...]:
        """The permissions that it asks for, granted or not."""
        return tuple(dict.fromkeys((*self.description.asks_for, *sorted(self.extras))))

    @property
    def subscriptions(self) -> Mapping[str, int]:
        """The events that it receives, each with the position after which they start."""
        return {
            event: self.event_starts.get(event, 0)
            for event in self.manifest.events
            if self.description.is_subscribed(event, self.withheld)
        }


def new_plugin(
    description: Description,
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
        description=description,
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
        withheld=frozenset(description.asks_for) - set(description.granted_at_install()),
    )


_MODULE = ("manifest", "report", "sha256", "size", "source", "installed_at", "installed_by")
_STATE = ("enabled", "state_reason", "withheld", "event_starts", "limits", "extras")
_PLAIN = ("claimed_seq", "settled_seq", "redelivered_seq", "error_count", "last_error")


def all_plugins(db: sqlite3.Connection) -> list[PluginRow]:
    """Return every installed plugin, in the order of their names.

    One whose manifest or report a newer version of the help desk no longer accepts is left out, so
    that it cannot keep the others from running.
    """
    found = [read for row in rows(db, "SELECT * FROM plugins") if (read := _read(row)) is not None]
    return sorted(found, key=lambda row: row.manifest.name.casefold())


def find_plugin(db: sqlite3.Connection, plugin_id: str) -> PluginRow | None:
    """Return one plugin; None where there is none, or one that cannot be read."""
    found = row(db, "SELECT * FROM plugins WHERE id = ?", (plugin_id,))
    return None if found is None else _read(found)


def module_hashes(db: sqlite3.Connection) -> frozenset[str]:
    """Return the hash of every module of any version, readable or not."""
    query = "SELECT sha256 FROM plugins UNION SELECT sha256 FROM plugin_versions"
    return frozenset(sha256 for (sha256,) in db.execute(query))


def insert_plugin(db: sqlite3.Connection, row: PluginRow) -> None:
    """Add a plugin; one of this id that cannot be read any longer gives way, except its values."""
    values = {
        "id": row.id,
        **module_columns(row),
        **{name: getattr(row, name) for name in ("enabled", "state_reason", *_PLAIN)},
        "withheld": json.dumps(sorted(row.withheld)),
        "event_starts": json.dumps(row.event_starts),
        "limits": json.dumps(row.limits),
        "extras": json.dumps(sorted(row.extras)),
    }
    changed = ", ".join(f"{name} = excluded.{name}" for name in (*_MODULE, *_STATE))
    query = f"{insertion('plugins', tuple(values))} ON CONFLICT (id) DO UPDATE SET {changed}"
    db.execute(query, tuple(values.values()))


def replace_version(db: sqlite3.Connection, row: PluginRow) -> None:
    """Put another version in a plugin's place; counts and the place in the outbox stay."""
    values = {
        **module_columns(row),
        "withheld": json.dumps(sorted(row.withheld)),
        "event_starts": json.dumps(row.event_starts),
    }
    columns = ", ".join(f"{name} = :{name}" for name in values)
    db.execute(
        f"UPDATE plugins SET {columns}, state_reason = NULL WHERE id = :id",  # noqa: S608
        {**values, "id": row.id},
    )


def set_withheld(
    db: sqlite3.Connection, plugin_id: str, withheld: Collection[str], starts: Mapping[str, int]
) -> None:
    """Record what an admin denies a plugin, and where each of its events starts."""
    db.execute(
        "UPDATE plugins SET withheld = ?, event_starts = ? WHERE id = ?",
        (json.dumps(sorted(withheld)), json.dumps(starts), plugin_id),
    )


def set_extras(db: sqlite3.Connection, plugin_id: str, extras: Collection[str]) -> None:
    """Record what an admin has granted a plugin beside its permissions."""
    db.execute(
        "UPDATE plugins SET extras = ? WHERE id = ?", (json.dumps(sorted(extras)), plugin_id)
    )


def set_limits(db: sqlite3.Connection, plugin_id: str, limits: Mapping[str, float]) -> None:
    """Record the limits that an admin set for a plugin, in the place of those before."""
    db.execute("UPDATE plugins SET limits = ? WHERE id = ?", (json.dumps(limits), plugin_id))


def delete_plugin(db: sqlite3.Connection, plugin_id: str) -> None:
    """Remove a plugin with its configuration, log lines and deliveries; tickets stay."""
    for table in ("plugin_logs", "deliveries", "plugin_history", "redeliveries", "plugin_jobs"):
        db.execute(f"DELETE FROM {table} WHERE plugin_id = ?", (plugin_id,))  # noqa: S608
    db.execute("DELETE FROM plugins WHERE id = ?", (plugin_id,))


def _read(found: sqlite3.Row) -> PluginRow | None:
    try:
        return PluginRow(
            **module_fields(found),
            enabled=bool(found["enabled"]),
            state_reason=found["state_reason"],
            **{name: found[name] for name in _PLAIN},
            withheld=frozenset(json.loads(found["withheld"])),
            event_starts=json.loads(found["event_starts"]),
            limits=json.loads(found["limits"]),
            extras=frozenset(json.loads(found["extras"])),
        )
    except (ModuleRefused, msgspec.MsgspecError) as exc:
        log.error("plugin_unreadable", plugin=found["id"], error=str(exc))
        return None

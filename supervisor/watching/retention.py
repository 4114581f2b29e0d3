"""Deletes records that are old enough to go, a little at a time.

Must not know who decides how long things are kept.
"""

from dataclasses import dataclass
from datetime import datetime

from supervisor.ports import Database
from supervisor.store.recorded import RecordStore
from supervisor.store.running import RunningStore


@dataclass(frozen=True, slots=True)
class Kept:
    """From when on records are kept."""

    deliveries: datetime
    plugin_logs: datetime
    egress_ledger: datetime


async def prune_records(database: Database, kept: Kept) -> dict[str, int]:
    """Delete what is older than it is kept; return how many rows of each table."""
    store = RecordStore(database)
    return {
        "deliveries": await _prune(store, "deliveries", kept.deliveries),
        "plugin_logs": await _prune(store, "plugin_logs", kept.plugin_logs),
        "egress_ledger": await _prune(store, "egress_ledger", kept.egress_ledger),
    }


async def settled_everywhere(database: Database) -> int | None:
    """Return up to which event every enabled plugin has its results; None where none is enabled."""
    return await RunningStore(database).settled_everywhere()


async def _prune(store: RecordStore, table: str, before: datetime) -> int:
    total = 0
    while count := await store.prune(table, before):
        total += count
    return total

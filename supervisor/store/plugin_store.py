"""Everything that the supervisor keeps, behind one typed door.

No other room sees SQL, a connection or a row's columns. A plugin host that keeps its rows elsewhere
brings another of these.
"""

from dataclasses import dataclass
from typing import Self

from supervisor.ports import Database
from supervisor.secrets.box import SecretBox
from supervisor.store.installed import InstalledStore
from supervisor.store.jobs import JobStore
from supervisor.store.plugin_data import PluginDataStore
from supervisor.store.plugin_records import PluginRecordStore
from supervisor.store.recorded import RecordStore
from supervisor.store.running import RunningStore


@dataclass(frozen=True, slots=True)
class PluginStore:
    """The parts, by who uses them."""

    installed: InstalledStore
    """For whoever changes plugins."""
    running: RunningStore
    """For whoever runs them."""
    recorded: RecordStore
    """For whoever writes down and reads what they did."""
    jobs: JobStore
    """For whoever runs jobs."""
    data: PluginDataStore
    """For whoever keeps files and secrets for plugins."""
    records: PluginRecordStore
    """For whoever keeps records for plugins."""

    @classmethod
    def over(cls, database: Database, box: SecretBox) -> Self:
        """Return the store in a database; ``box`` seals and opens secrets."""
        return cls(
            InstalledStore(database, box),
            RunningStore(database),
            RecordStore(database),
            JobStore(database),
            PluginDataStore(database, box),
            PluginRecordStore(database),
        )

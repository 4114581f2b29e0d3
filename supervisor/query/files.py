"""Database files of plugins, and the process that has one open."""

import hashlib
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import trio

from supervisor.process.cage import Cage
from supervisor.process.forkserver import ForkServer
from supervisor.query.process import QueryProcess
from supervisor.query.question import QueryFiles


@dataclass(frozen=True, slots=True)
class PluginQueries:
    """Makes the query processes of one supervisor."""

    fork_server: ForkServer
    cage: Cage
    helpdesk: Path
    """The help desk's database."""
    folder: Path
    """For the databases of plugins, a folder each."""
    zone: str

    def open(self, plugin_id: str) -> QueryProcess:
        """Return a plugin's query process, which starts when it is first asked."""
        folder = self.own_folder(plugin_id)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        files = QueryFiles(self.helpdesk, folder / "own.sqlite3")
        return QueryProcess(self.fork_server, self.cage, files, zone=self.zone)

    def open_for_jobs(self, plugin_id: str) -> QueryProcess:
        """Return a process that reads the help desk's data alone, for a plugin's jobs."""
        del plugin_id
        files = QueryFiles(self.helpdesk)
        return QueryProcess(self.fork_server, self.cage, files, zone=self.zone)

    async def forget(self, plugin_id: str) -> None:
        """Delete the database of a plugin that was uninstalled."""
        folder = self.own_folder(plugin_id)
        await trio.to_thread.run_sync(partial(shutil.rmtree, folder, ignore_errors=True))

    def own_folder(self, plugin_id: str) -> Path:
        """Return a plugin's folder; its id is no part of a path."""
        return self.folder / hashlib.sha256(plugin_id.encode()).hexdigest()[:32]

"""Targets of attacks, and what an attack prepared before the lockdown."""

import os
import secrets
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sandbox_child.query.opening import open_own, open_read_only

OWN_BYTES = 1 << 20
"""Quota of the database that a query child has for itself."""


class Scene:
    """One attack's surroundings; ``supervisor.sandbox_check.victims`` makes them."""

    def __init__(self, targets: Mapping[str, str | int], descriptors: Sequence[int]) -> None:
        self._targets = targets
        self.descriptors = tuple(descriptors)
        """Open descriptors that a plugin's child never gets: a file, a connected socket."""
        self._token = secrets.token_hex(16)
        self.kept: dict[str, Any] = {}
        """What the attack prepared before the lockdown."""

    def number(self, name: str) -> int:
        """Return a port, a process id, an address or a key."""
        return int(self._targets[name])

    def path(self, name: str) -> bytes:
        """Return a path for a system call."""
        return os.fsencode(str(self._targets[name])) + b"\0"

    @property
    def own_database(self) -> str:
        """Return the path of a query child's own database; empty before it is opened."""
        path = self.kept.get("own_path")
        return str(path) if path else ""

    def make_databases(self) -> None:
        """Make a database and hold it, as the server holds the help desk's, and make another."""
        for name in ("helpdesk", "other"):
            path = Path(str(self._targets.get(name, "")))
            if not self._targets.get(name) or path.exists():
                return
            connection = sqlite3.connect(path, isolation_level=None)
            if name == "helpdesk":
                connection.execute("PRAGMA journal_mode=WAL")
                self.kept["writer"] = connection
            connection.execute("CREATE TABLE victim (secret TEXT)")
            connection.execute("INSERT INTO victim VALUES ('canary')")
            if name == "other":
                connection.close()
            for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
                if file.exists():
                    file.chmod(0o666)

    def open_databases(self) -> None:
        """Open both databases as a query child has them."""
        own = self._own("database")
        self.kept["helpdesk"] = open_read_only(Path(str(self._targets["helpdesk"])))
        self.kept["own"] = open_own(own, OWN_BYTES)
        self.kept["own_path"] = own

    def fresh_file(self) -> None:
        """Make a file that this attack alone uses, which everybody may write."""
        path = self._own("file")
        with path.open("xb") as file:
            file.write(b"victim")
            os.fchmod(file.fileno(), 0o666)
        self.kept["fresh"] = os.fsencode(path) + b"\0"

    def fresh_folder(self) -> None:
        """Make an empty folder that this attack alone uses, which everybody may write."""
        path = self._own("folder")
        path.mkdir()
        path.chmod(0o777)
        self.kept["fresh"] = os.fsencode(path) + b"\0"

    def new_path(self) -> bytes:
        """Return a path at which nothing is."""
        return os.fsencode(self._own("new")) + b"\0"

    def _own(self, what: str) -> Path:
        """Return a path that nobody can guess: others may write into the folder too."""
        return Path(str(self._targets["folder"])) / f"{what}-{self._token}"

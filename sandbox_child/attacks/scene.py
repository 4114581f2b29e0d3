"""Targets of attacks, and what an attack prepared before the lockdown."""

import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


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

"""The descriptors behind the databases that are open, and what each may be used for."""

import os
from pathlib import Path

from sandbox_child.lockdown.policy import DatabaseFiles

_LOG, _INDEX = "-wal", "-shm"


def database_files(helpdesk: str, own: str) -> DatabaseFiles:
    """Find SQLite's open files by their paths; ``own`` is empty where there is none.

    SQLite opens the help desk's log for writing even on a connection that only reads: its
    descriptor is replaced by one that cannot write.
    """
    found = _open_files()
    shared, mine = str(Path(helpdesk).resolve()), str(Path(own).resolve()) if own else ""
    for descriptor in found.get(shared + _LOG, ()):
        reading = os.open(shared + _LOG, os.O_RDONLY | os.O_CLOEXEC)
        os.dup2(reading, descriptor, inheritable=False)
        os.close(reading)
    return DatabaseFiles(
        read=(*found.get(shared, ()), *found.get(shared + _LOG, ())),
        index=found.get(shared + _INDEX, ()),
        write=(*found.get(mine, ()), *found.get(mine + _LOG, ())) if mine else (),
    )


def _open_files() -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            target = str(entry.readlink())
        except OSError:  # the one by which the folder is read
            continue
        found[target] = (*found.get(target, ()), int(entry.name))
    return found

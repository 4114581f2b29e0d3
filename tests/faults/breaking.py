"""Ways to break what is around a running server: its disk, and the database's lock."""

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tests.faults.desk import Server, Site

ROOM_BYTES = 64 << 20


class CannotMount(Exception):
    """A file system of its own cannot be had here; the message is the reason."""


def can_mount() -> bool:
    """Tell whether it is worth trying."""
    return os.geteuid() == 0 and shutil.which("mount") is not None


@contextmanager
def mounted(site: Site) -> Iterator[None]:
    """Move a site's files onto a small file system of its own; raises CannotMount."""
    aside = site.folder.with_name(f"{site.folder.name}-aside")
    site.folder.rename(aside)
    site.folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM_BYTES}", "tmpfs", str(site.folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMount(done.stderr.strip())
    try:
        shutil.copytree(aside, site.folder, dirs_exist_ok=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(site.folder)], check=True)


class FullDisk:
    """The rest of a small file system, taken by one file."""

    def __init__(self, site: Site) -> None:
        self._balloon = site.folder / "balloon"

    def fill(self) -> None:
        with self._balloon.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with suppress(OSError):
                    while True:
                        file.write(b"x" * size)

    def free(self) -> None:
        self._balloon.unlink()


class FileLimit:
    """The server's files may not grow beyond what its log is now: ``RLIMIT_FSIZE``."""

    def __init__(self, site: Site, server: Server) -> None:
        self._log = site.data / "ohd.sqlite3-wal"
        self._pid = server.pid

    def fill(self) -> None:
        self._set(self._log.stat().st_size)

    def free(self) -> None:
        self._set(resource.RLIM_INFINITY)

    def _set(self, size: int) -> None:
        _, hard = resource.prlimit(self._pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (size, hard))


_HOLDER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60)
db.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked(site: Site, at_least_s: float = 0.0) -> Iterator[None]:
    """Let another process hold the database's write lock, for so long at the least."""
    began = time.monotonic()
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(site.data / "ohd.sqlite3")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        time.sleep(max(0.0, began + at_least_s - time.monotonic()))
        holder.communicate()

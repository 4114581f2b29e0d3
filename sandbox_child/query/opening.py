"""How the two databases are opened, so that nothing needs to be opened after the lockdown.

The help desk's is read beside a server that writes it. The plugin's own is one file with a quota,
held by this process alone: exclusive locking keeps the index of its write-ahead log in memory, so
that two descriptors are all there is. A process that is killed in the middle of a change leaves a
log that the next one reads (sqlite.org/wal.html).
"""

import os
import sqlite3
from pathlib import Path

_READ_KIB, _OWN_KIB = 8 * 1024, 8 * 1024
"""Pages that a connection keeps."""
_PAGE_BYTES = 4096
_LOG_BYTES = 4 * 1024 * 1024
"""Size to which the log is cut back."""


def open_read_only(path: Path) -> sqlite3.Connection:
    """Open a database that somebody else writes, with all its files.

    ``readonly_shm``: the index of the write-ahead log is mapped for reading, so that this process
    can never change what the server believes of its own log (sqlite.org/wal.html, "Read-Only
    Databases"). The server has it open, and so keeps it true.
    """
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro&readonly_shm=1",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    for pragma in (
        "temp_store=MEMORY", "mmap_size=0", "trusted_schema=OFF", f"cache_size=-{_READ_KIB}",
        "cell_size_check=ON",
    ):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("SELECT count(*) FROM main.sqlite_schema").fetchone()
    return connection


def open_own(path: Path, quota: int) -> sqlite3.Connection:
    """Open a plugin's own database; create it, readable by its owner alone, if there is none."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    pages = max(quota // _PAGE_BYTES, 16)
    for pragma in (
        # Before the journal's mode: the log's index is then never a file.
        "locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=FULL", "temp_store=MEMORY",
        "mmap_size=0", "trusted_schema=OFF", "cell_size_check=ON", "recursive_triggers=OFF",
        "foreign_keys=ON", f"cache_size=-{_OWN_KIB}", f"journal_size_limit={_LOG_BYTES}",
        f"max_page_count={pages}", f"wal_autocheckpoint={min(1000, pages // 4)}",
    ):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}").fetchall()
    # Opens the log, and takes the lock, while files can still be opened.
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("PRAGMA user_version=1")
    connection.execute("COMMIT")
    return connection

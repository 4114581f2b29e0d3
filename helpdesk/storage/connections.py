"""Opens database connections: their pragmas, and the permissions of the file."""

import os
import sqlite3
from pathlib import Path

from helpdesk.text import name_key, search_text

BUSY_TIMEOUT_MS = 5_000
"""Timeout for another process (``ohd`` next to a running server) to finish its write."""

READER_CACHE_KIB = 8 * 1024
"""Pages that each reading connection keeps: the indexes that lists are read from."""


def connect_writer(path: Path) -> sqlite3.Connection:
    """Open the database for writing; create it, readable by its owner alone, where there is none.

    An acknowledged commit survives power loss: WAL with ``synchronous=FULL``
    (https://www.sqlite.org/pragma.html#pragma_synchronous). The caller begins transactions itself.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        _set(connection, journal_mode="WAL", synchronous="FULL", temp_store="MEMORY")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Open an existing database for reading only."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
    )
    _set(connection, query_only="ON", cache_size=f"-{READER_CACHE_KIB}")
    return connection


def _set(connection: sqlite3.Connection, **pragmas: str) -> None:
    for function in (name_key, search_text):
        connection.create_function(function.__name__, 1, function, deterministic=True)
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA trusted_schema=OFF")
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name}={value}")

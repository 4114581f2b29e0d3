"""Notes which statements the help desk's writer runs, transaction by transaction.

What SQLite alone needs for the same rows in the same batches is then measured by running them
again without anything around them (``peers/sqlite_replay``). Reads and savepoints are left out: the
peer has nothing to decide and nothing to take back.
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgpack

from benchmarks.house import BenchHouse

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "BEGIN", "COMMIT")


class RecordingConnection:
    """Stands in front of the writer's connection and notes what writes."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.statements: list[tuple[str, list[Any]]] = []

    def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
        """Run and note one statement."""
        self._note(sql, [parameters])
        return self._connection.execute(sql, parameters)

    def executemany(self, sql: str, parameters: Iterable[Any]) -> sqlite3.Cursor:
        """Run and note a statement with each of its parameters."""
        rows = list(parameters)
        self._note(sql, rows)
        return self._connection.executemany(sql, rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def _note(self, sql: str, rows: list[Any]) -> None:
        # Temporary tables are the writer's own notes: nothing of them is a row that lasts.
        if sql.lstrip().upper().startswith(_WRITES) and "temp." not in sql:
            self.statements.append((sql, rows))


async def record(house: BenchHouse, count: int, folder: Path) -> tuple[str, str]:
    """Make ``count`` tickets, delivered and recorded; return the paths of two files.

    The first is the database as it was before, the second what was then written to it.
    """
    before, statements = folder / "before.sqlite3", folder / "statements.msgpack"
    database = house.helpdesk.database
    await database.write(lambda _: None)
    source = sqlite3.connect(database.path)
    with sqlite3.connect(before) as copy:
        source.backup(copy)
    copy.close()
    source.close()
    writer = database._writer
    plain = writer._connection
    recording = RecordingConnection(plain)
    writer._connection = recording  # type: ignore[assignment]
    await house.churn(count)
    writer._connection = plain
    statements.write_bytes(msgpack.packb(recording.statements))
    return str(before), str(statements)

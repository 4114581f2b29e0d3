"""SQLite alone, writing rows that were recorded elsewhere, in the same transactions.

Figure: seconds for all of them. ``sqlite_replay DATABASE STATEMENTS``: each run starts from a fresh
copy of the first file. The connection is the help desk's: WAL, ``synchronous=FULL``.
"""

import shutil
import sys
import time
from pathlib import Path

import msgpack

from benchmarks.peers.protocol import serve
from helpdesk.storage.connections import connect_writer


def main(database: str, statements: str) -> None:
    """Serve figures; the count that is asked for is of no interest."""
    recorded = msgpack.unpackb(Path(statements).read_bytes())

    def measure(_count: int) -> float:
        copy = Path(database).with_name("replay.sqlite3")
        for path in copy.parent.glob(f"{copy.name}*"):
            path.unlink()
        shutil.copyfile(database, copy)
        connection = connect_writer(copy)
        started = time.perf_counter()
        for sql, rows in recorded:
            if len(rows) == 1:
                connection.execute(sql, rows[0])
            else:
                connection.executemany(sql, rows)
        taken = time.perf_counter() - started
        connection.close()
        return taken

    serve(measure)


if __name__ == "__main__":
    main(*sys.argv[1:])

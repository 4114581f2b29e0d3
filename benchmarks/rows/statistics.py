"""A plugin's statistics: five queries over many tickets, through its locked query process.

The peer is SQLite alone in this process: the same five statements over tables of the shape that the
plugin believes in, filled with the same rows and indexed by what the statements join and filter.
"""

import sqlite3
import statistics
import tempfile
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec
import trio

from benchmarks import data_set
from benchmarks.bench import Bench
from benchmarks.harness import interleave
from benchmarks.model import Limit, Row
from helpdesk.service import HelpDesk
from supervisor.process.cage import Cage, CageSettings
from supervisor.process.forkserver import open_fork_server
from supervisor.query import TABLES, Audience, QueryFiles, QueryProcess

_TICKETS = 100_000
_CALLS = 5
_PEER = "SQLite alone"
_CHUNK = 5_000
_PATIENCE_S = 120.0

_QUERIES = (
    """SELECT COUNT(*) AS total,
        SUM(CASE WHEN tst.name IN ('new', 'open') THEN 1 ELSE 0 END) AS open,
        SUM(CASE WHEN tst.name = 'closed' THEN 1 ELSE 0 END) AS closed
        FROM ticket t JOIN ticket_state ts ON t.ticket_state_id = ts.id
        JOIN ticket_state_type tst ON ts.type_id = tst.id""",
    """SELECT ts.name AS status, COUNT(*) AS count FROM ticket t
        JOIN ticket_state ts ON t.ticket_state_id = ts.id
        GROUP BY ts.id, ts.name ORDER BY count DESC LIMIT 5""",
    """SELECT q.name AS queue, COUNT(t.id) AS count FROM queue q
        LEFT JOIN ticket t ON t.queue_id = q.id WHERE q.valid_id = 1
        GROUP BY q.id, q.name ORDER BY count DESC LIMIT 20""",
    """SELECT DATE(create_time) AS day, COUNT(*) AS count FROM ticket
        WHERE create_time >= '2026-03-06 00:00:00' GROUP BY DATE(create_time) ORDER BY day""",
    """SELECT u.login AS owner, COUNT(*) AS count FROM ticket t JOIN users u ON t.user_id = u.id
        WHERE u.valid_id = 1 GROUP BY u.id, u.login ORDER BY count DESC LIMIT 10""",
)
"""As plugins write them, in words that SQLite reads too."""
_KEYED = ("ticket", "ticket_state", "ticket_state_type", "queue", "ticket_priority", "users")
_INDEXED = ("queue_id", "ticket_state_id", "user_id", "create_time")


async def measure(bench: Bench) -> list[Row]:
    """Fill a help desk, copy it for the peer, and ask both the same."""
    with tempfile.TemporaryDirectory(prefix="ohd-bench-") as folder:
        path, flat = Path(folder) / "desk.sqlite3", Path(folder) / "flat.sqlite3"
        tickets = bench.count(_TICKETS)
        await data_set.fill(path, tickets=tickets, replies=0)
        async with HelpDesk.open(path), open_fork_server() as fork_server:
            process = QueryProcess(fork_server, Cage(CageSettings()), QueryFiles(path))
            try:
                await _copy(process, flat)
                samples = await interleave(
                    {
                        "ours": partial(_asked, process),
                        _PEER: partial(trio.to_thread.run_sync, _alone, flat),
                    },
                    rounds=bench.rounds,
                )
            finally:
                await process.aclose()
    limits = [Limit(1.3, of=_PEER)]
    note = f"five queries over {tickets:,} tickets"
    return [Row.of("statistics call", "ms", samples, limits=limits, note=note)]


async def _ask(process: QueryProcess, sql: str) -> bytes:
    return await process.query(
        sql,
        (),
        audience=Audience.everything(),
        tables="*",
        deadline=trio.current_time() + _PATIENCE_S,
    )


async def _copy(process: QueryProcess, flat: Path) -> None:
    """Make ordinary tables of what the plugin sees."""
    with closing(sqlite3.connect(flat)) as connection:
        for table, columns in TABLES.items():
            keyed = table in _KEYED
            kinds = [f"{c} INTEGER PRIMARY KEY" if keyed and c == "id" else c for c in columns]
            connection.execute(f'CREATE TABLE "{table}" ({", ".join(kinds)})')
            marks = ", ".join("?" * len(columns))
            start = 0
            while rows := await _some(process, table, start):
                values = [tuple(row.values()) for row in rows]
                connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', values)
                start += _CHUNK
        for column in _INDEXED:
            connection.execute(f"CREATE INDEX by_{column} ON ticket ({column})")
        connection.commit()


async def _some(process: QueryProcess, table: str, start: int) -> list[dict[str, object]]:
    said = await _ask(process, f"SELECT * FROM `{table}` ORDER BY 1, 2 LIMIT {start}, {_CHUNK}")
    rows: list[dict[str, object]] | None = msgspec.json.decode(said)
    return rows or []


async def _asked(process: QueryProcess) -> float:
    taken = []
    for _ in range(_CALLS):
        began = time.perf_counter()
        for sql in _QUERIES:
            await _ask(process, sql)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1000


def _alone(flat: Path) -> float:
    with closing(sqlite3.connect(f"{flat.as_uri()}?mode=ro", uri=True)) as connection:
        taken = []
        for _ in range(_CALLS):
            began = time.perf_counter()
            for sql in _QUERIES:
                connection.execute(sql).fetchall()
            taken.append(time.perf_counter() - began)
        return statistics.median(taken) * 1000

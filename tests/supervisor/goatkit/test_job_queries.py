"""Statements of jobs: pages do not wait for them, and both see the same data."""

import json
from typing import Any

import pytest
import trio
import trio.testing

from supervisor.calls.behalf import EVERYTHING, Behalf
from supervisor.calls.queries import JOB_STATEMENT_S, Queries
from supervisor.query import TABLES, QueryRefused, RefusedBecause

PLUGIN = "goatkit.desk"
JOB = Behalf(is_background=True)
ENDLESS = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT COUNT(*) AS c FROM n"
)


@pytest.fixture
def queries(desk: Any) -> Queries:
    return desk.supervisor._parts.tools.host_calls.functions._queries


async def select(queries: Queries, query: str, behalf: Behalf, seconds: float = 120.0) -> Any:
    deadline = trio.current_time() + seconds
    raw = await queries.select(
        PLUGIN, query, [], behalf=behalf, tables=frozenset(TABLES), deadline=deadline
    )
    return json.loads(raw)


async def test_a_page_does_not_wait_for_a_statement_of_a_job(desk, queries):
    await desk.ticket()
    count = "SELECT COUNT(*) AS c FROM ticket"
    assert await select(queries, count, JOB) == [{"c": 1}]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(select, queries, ENDLESS, JOB, 60.0)
        await trio.testing.wait_all_tasks_blocked(0.1)
        assert await select(queries, count, EVERYTHING) == [{"c": 1}]
        nursery.cancel_scope.cancel()


async def test_a_job_reads_and_changes_the_plugins_own_tables_too(queries):
    soon = trio.current_time() + 120
    for statement in ("CREATE TABLE t (n INT)", "INSERT INTO t VALUES (5)"):
        await queries.execute(PLUGIN, statement, [], behalf=JOB, deadline=soon)
    for behalf in (JOB, EVERYTHING):
        assert await select(queries, "SELECT n FROM t", behalf) == [{"n": 5}]
    began = trio.current_time()
    with pytest.raises(QueryRefused) as refused:
        await select(queries, "SELECT COUNT(*) FROM t a JOIN nothing b", JOB)
    assert refused.value.because is not RefusedBecause.TIMEOUT
    endless = ENDLESS.replace("FROM n)", "FROM n, t)")
    with pytest.raises(QueryRefused) as refused:
        await select(queries, endless, JOB, 180.0)
    assert refused.value.because is RefusedBecause.TIMEOUT
    assert trio.current_time() - began < JOB_STATEMENT_S + 120

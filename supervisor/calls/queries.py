"""The query processes of all plugins: one for what people wait for, one for jobs.

A plugin's statements run one after the other. A job's may take as long as the job, so they have a
process of their own, which reads the help desk's data. The plugin's own database can be open once
only: for a statement on it, a job has ``JOB_STATEMENT_S`` at a time, so that a page behind it still
gets its turn.
"""

from collections.abc import Callable, Sequence
from typing import Any

import trio

from supervisor.calls.behalf import Behalf
from supervisor.query import TABLES, Change, QueryProcess, QueryRefused, RefusedBecause

JOB_STATEMENT_S = 2.0


class Queries:
    """See the module."""

    def __init__(
        self, usual: Callable[[str], QueryProcess], for_jobs: Callable[[str], QueryProcess]
    ) -> None:
        """Each makes the process of one plugin; that for jobs has no database of the plugin's."""
        self._make = {False: usual, True: for_jobs}
        self._processes: dict[tuple[str, bool], QueryProcess] = {}

    async def select(
        self,
        plugin_id: str,
        query: str,
        arguments: Sequence[Any],
        *,
        behalf: Behalf,
        tables: frozenset[str],
        deadline: float,
    ) -> bytes:
        """Return rows as JSON; raises QueryRefused."""
        if behalf.is_background:
            try:
                return await self._of(plugin_id, is_job=True).query(
                    query, arguments, audience=behalf.audience, tables=tables, deadline=deadline
                )
            except QueryRefused as exc:
                if exc.because is not RefusedBecause.SQL and exc.table in {"", *TABLES}:
                    raise
            # It names a table of the plugin's own, perhaps: there it is known.
            deadline = min(deadline, trio.current_time() + JOB_STATEMENT_S)
        return await self._of(plugin_id).query(
            query, arguments, audience=behalf.audience, tables=tables, deadline=deadline
        )

    async def execute(
        self,
        plugin_id: str,
        query: str,
        arguments: Sequence[Any],
        *,
        behalf: Behalf,
        deadline: float,
    ) -> int:
        """Change the plugin's own database; return how many rows. Raises QueryRefused."""
        until = self._until(behalf, deadline)
        return await self._of(plugin_id).execute(query, arguments, deadline=until)

    async def change_together(
        self, plugin_id: str, changes: Sequence[Change], *, behalf: Behalf, deadline: float
    ) -> int:
        """Make changes, all or none; return how many rows they changed. Raises QueryRefused."""
        until = self._until(behalf, deadline)
        return await self._of(plugin_id).change_together(changes, deadline=until)

    @staticmethod
    def _until(behalf: Behalf, deadline: float) -> float:
        return (
            min(deadline, trio.current_time() + JOB_STATEMENT_S)
            if behalf.is_background
            else deadline
        )

    async def release(self, plugin_id: str) -> None:
        """End the processes of a plugin that runs no longer."""
        for is_job in (False, True):
            await self._end(plugin_id, is_job=is_job)

    async def job_ended(self, plugin_id: str) -> None:
        """End the process for the jobs of a plugin, unless another plugin's job uses it."""
        process = self._processes.get((plugin_id, True))
        if process is not None and process.is_idle:
            await self._end(plugin_id, is_job=True)

    async def _end(self, plugin_id: str, *, is_job: bool) -> None:
        if (process := self._processes.pop((plugin_id, is_job), None)) is not None:
            await process.aclose()

    def _of(self, plugin_id: str, *, is_job: bool = False) -> QueryProcess:
        key = (plugin_id, is_job)
        if key not in self._processes:
            self._processes[key] = self._make[is_job](plugin_id)
        return self._processes[key]

"""Rows of jobs: when each was last due, and how its last run went."""

import sqlite3
from dataclasses import dataclass

from supervisor.ports import Database
from supervisor.store.sql import rows


@dataclass(frozen=True, slots=True)
class JobRow:
    """One job of one plugin."""

    plugin_id: str
    job_id: str
    due: int
    """When it was last due, in seconds since 1970; written before it runs, so that a crash neither
    repeats nor loses it."""
    outcome: str | None = None
    """Of its last run; None while the first has not ended."""
    error: str | None = None
    duration_s: float | None = None


class JobStore:
    """Each method returns once what it wrote is durable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self) -> dict[tuple[str, str], JobRow]:
        """Return every job that was ever due."""

        def read(db: sqlite3.Connection) -> dict[tuple[str, str], JobRow]:
            return {
                (row["plugin_id"], row["job_id"]): JobRow(
                    row["plugin_id"],
                    row["job_id"],
                    row["due"],
                    row["outcome"],
                    row["error"],
                    row["duration_s"],
                )
                for row in rows(db, "SELECT * FROM plugin_jobs")
            }

        return await self._database.read(read)

    async def save(self, job: JobRow) -> None:
        """Save a job in the place of what was saved before."""

        def write(db: sqlite3.Connection) -> None:
            db.execute(
                "INSERT OR REPLACE INTO plugin_jobs "
                "(plugin_id, job_id, due, outcome, error, duration_s) VALUES (?, ?, ?, ?, ?, ?)",
                (job.plugin_id, job.job_id, job.due, job.outcome, job.error, job.duration_s),
            )

        await self._database.write(write)

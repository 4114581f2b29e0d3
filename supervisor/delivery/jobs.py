"""Jobs of GoatKit plugins: functions that run by a cron line, in the server's time zone.

Each runs once at a time. When it is due is written down before it runs: a job that was missed while
the server was down runs once after the start, and one that was cut off by a crash does not run
again. A job that is new, or was switched on, first runs when it is next due.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo

import structlog
import trio

from supervisor.contracts import GoatkitDescription
from supervisor.delivery.functions import PluginFunctions
from supervisor.errors import JobNotFound, NotRunning
from supervisor.plugins.registry import PluginRegistry
from supervisor.registration import Job
from supervisor.store.jobs import JobRow, JobStore
from supervisor.store.plugins import PluginRow
from supervisor.views import CallResult, JobView

_LOOK_S = 20.0
"""How often the clock is looked at; it may be set, and jobs may come and go."""

log = structlog.get_logger("supervisor.jobs")


class Jobs:
    """See the module."""

    def __init__(
        self,
        nursery: trio.Nursery,
        installed: PluginRegistry,
        functions: PluginFunctions,
        store: JobStore,
        zone: tzinfo,
    ) -> None:
        self._nursery = nursery
        self._installed = installed
        self._functions = functions
        self._store = store
        self._zone = zone
        self._known: dict[tuple[str, str], JobRow] = {}
        self._running: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Start jobs when they are due; never returns."""
        self._known = await self._store.all()
        while True:
            await self.start_due(datetime.now(UTC))
            await trio.sleep(_LOOK_S)

    async def start_due(self, now: datetime) -> None:
        """Start what is due at ``now`` and does not run."""
        for row, job in self._enabled():
            key = (row.id, job.id)
            last = self._known.get(key)
            if last is None:
                await self._save(JobRow(*key, due=int(now.timestamp())))
                continue
            since = datetime.fromtimestamp(last.due, UTC).astimezone(self._zone)
            due = job.schedule.next_run(since, self._zone)
            if due is not None and due <= now and key not in self._running:
                self._running.add(key)
                name = f"job {row.id} {job.id}"
                self._nursery.start_soon(self._call, row, job, now, name=name)

    async def run_now(self, plugin_id: str, job_id: str) -> JobView:
        """Run a job and return how it went; raises PluginNotFound, JobNotFound, NotRunning."""
        row = self._installed.row(plugin_id)
        for job in _jobs(row):
            if job.id == job_id:
                if (row.id, job.id) in self._running:
                    raise NotRunning(plugin_id, f"its job {job_id} is running already")
                self._running.add((row.id, job.id))
                await self._call(row, job, datetime.now(UTC))
                return self._view(row, job)
        raise JobNotFound(plugin_id, job_id)

    async def all(self, plugin_id: str | None = None) -> Sequence[JobView]:
        """Return the jobs of one plugin or of all."""
        rows = self._installed.rows() if plugin_id is None else [self._installed.row(plugin_id)]
        return [self._view(row, job) for row in rows for job in _jobs(row)]

    async def _call(self, row: PluginRow, job: Job, now: datetime) -> None:
        """Run a job that the caller has put among those that run."""
        key = (row.id, job.id)
        try:
            due = int(now.timestamp())
            await self._save(JobRow(*key, due=due))
            try:
                result = await self._functions.run_job(row.id, job)
            except NotRunning as exc:
                result = CallResult.failed(str(exc))
            log.info("job_ended", plugin=row.id, job=job.id, outcome=result.outcome)
            await self._save(
                JobRow(*key, due, result.outcome, result.error, round(result.duration_s, 6))
            )
        except Exception as exc:
            # The database cannot be written just now: the next look tries again.
            log.error("job_broken", plugin=row.id, job=job.id, error=str(exc))
        finally:
            self._running.discard(key)

    async def _save(self, found: JobRow) -> None:
        await self._store.save(found)
        self._known[found.plugin_id, found.job_id] = found

    def _enabled(self) -> Iterator[tuple[PluginRow, Job]]:
        for row in self._installed.rows():
            if row.enabled:
                yield from ((row, job) for job in _jobs(row) if job.enabled)

    def _view(self, row: PluginRow, job: Job) -> JobView:
        found = self._known.get((row.id, job.id))
        upcoming = job.schedule.next_run(datetime.now(self._zone), self._zone)
        is_on = row.enabled and job.enabled
        return JobView(
            plugin_id=row.id,
            job_id=job.id,
            description=job.description,
            schedule=job.schedule.text,
            enabled=is_on,
            next_run=upcoming.isoformat() if upcoming and is_on else None,
            running=(row.id, job.id) in self._running,
            outcome=found.outcome if found else None,
            error=found.error if found else None,
            duration_s=found.duration_s if found else None,
        )


def _jobs(row: PluginRow) -> Sequence[Job]:
    description = row.description
    return description.registration.jobs if isinstance(description, GoatkitDescription) else ()

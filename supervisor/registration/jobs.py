"""Jobs: functions that run by a cron line."""

from dataclasses import dataclass

from supervisor.registration.durations import MAX_JOB_S, read_duration
from supervisor.registration.errors import ScheduleError
from supervisor.registration.reading import MAX_TEXT, Broken, Part
from supervisor.registration.schedules import Schedule, parse_schedule
from supervisor.registration.widgets import once

MAX_JOBS = 50


@dataclass(frozen=True, slots=True)
class Job:
    """One job; ``enabled`` is what the plugin says, off where it says nothing."""

    id: str
    handler: str
    schedule: Schedule
    description: str
    enabled: bool
    timeout_s: float


def read_jobs(root: Part) -> tuple[Job, ...]:
    """Return the jobs that can run."""
    taken: set[str] = set()

    def read(part: Part) -> Job:
        job_id = part.need_id()
        once(part, job_id, taken)
        return Job(
            id=job_id,
            handler=part.need_line("handler"),
            schedule=_read_schedule(part),
            description=part.text("description", MAX_TEXT, lines=True),
            enabled=part.flag("enabled"),
            timeout_s=read_duration(part, "timeout", MAX_JOB_S) or MAX_JOB_S,
        )

    return root.each("jobs", MAX_JOBS, "job", read)


def _read_schedule(part: Part) -> Schedule:
    text = part.need_line("schedule")
    try:
        return parse_schedule(text)
    except ScheduleError as error:
        raise Broken(part.at("schedule"), error.found, error.expected) from None

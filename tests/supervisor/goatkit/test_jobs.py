"""Jobs: due by a cron line, once at a time, missed ones once, each run on record."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from supervisor.errors import JobNotFound
from tests.goatkit_modules import goatkit_module

ID = "goatkit.jobs"
REGISTRATION = {
    "name": "jobs",
    "jobs": [
        {"id": "hourly", "handler": "report", "schedule": "0 * * * *", "enabled": True},
        {"id": "off", "handler": "report", "schedule": "* * * * *"},
        {
            "id": "broken",
            "handler": "loop",
            "schedule": "0 0 1 1 *",
            "enabled": True,
            "timeout": "1s",
        },
    ],
}


async def installed(desk: Any) -> None:
    module = goatkit_module(REGISTRATION, {"report": {"ok": True}})
    await desk.supervisor.installs.install(module, source="a test", actor="test")
    await desk.supervisor.controls.set_enabled(ID, True, actor="test")


async def outcomes(desk: Any) -> dict[str, str | None]:
    return {job.job_id: job.outcome for job in await desk.supervisor.jobs.all(ID)}


async def ended(desk: Any, job_id: str) -> None:
    await desk.until(lambda: outcomes(desk), lambda found: found[job_id] is not None)


async def test_a_job_first_runs_when_it_is_next_due_and_once(desk):
    await installed(desk)
    jobs, now = desk.supervisor.jobs, datetime.now(UTC)
    await jobs.start_due(now)
    assert await outcomes(desk) == {"hourly": None, "off": None, "broken": None}
    await jobs.start_due(now + timedelta(hours=1))
    await ended(desk, "hourly")
    assert await outcomes(desk) == {"hourly": "ok", "off": None, "broken": None}


async def test_what_was_missed_for_days_runs_once(desk):
    await installed(desk)
    jobs, now = desk.supervisor.jobs, datetime.now(UTC)
    await jobs.start_due(now - timedelta(days=3))
    await jobs.start_due(now)
    await ended(desk, "hourly")
    (hourly, *_) = await jobs.all(ID)
    spent = hourly.duration_s
    await jobs.start_due(now)
    (again, *_) = await jobs.all(ID)
    assert (again.running, again.duration_s) == (False, spent)


async def test_a_job_runs_now_and_says_how_it_went(desk):
    await installed(desk)
    assert (await desk.supervisor.jobs.run_now(ID, "off")).outcome == "ok"
    broken = await desk.supervisor.jobs.run_now(ID, "broken")
    assert (broken.outcome, "within 1 s" in broken.error) == ("timeout", True)
    with pytest.raises(JobNotFound):
        await desk.supervisor.jobs.run_now(ID, "none")


async def test_the_next_run_is_shown_for_what_is_on(desk):
    await installed(desk)
    found = {job.job_id: job.next_run for job in await desk.supervisor.jobs.all()}
    assert found["off"] is None
    assert found["hourly"] > datetime.now(UTC).isoformat()[:10]


async def test_uninstalling_forgets_them(desk):
    await installed(desk)
    await desk.supervisor.jobs.run_now(ID, "hourly")
    await desk.supervisor.controls.uninstall(ID, actor="test")
    assert await desk.supervisor.jobs.all() == []

"""``ohd plugin jobs``: what plugins run by the clock, and running one now."""

from pathlib import Path

import click

from cli.config import load_config
from cli.errors import CannotGoOn, run
from cli.plugins.switching import open_admin, with_data
from cli.tables import print_table
from supervisor.views import JobView


@click.command()
@click.argument("plugin_id", metavar="[ID]", required=False)
@click.option("--run", "job_id", metavar="JOB", help="Run this job of the plugin now.")
@with_data
def jobs(plugin_id: str | None, job_id: str | None, config: Path | None, data: Path | None) -> None:
    """Show the jobs of a plugin or of all, when each runs next, and how its last run went."""
    if job_id is not None and plugin_id is None:
        raise CannotGoOn("--run needs the ID of the job's plugin")

    async def go() -> None:
        async with open_admin(load_config(config, data=data)) as admin:
            if plugin_id is not None and job_id is not None:
                found = [await admin.jobs.run_now(plugin_id, job_id)]
            else:
                found = list(await admin.jobs.all(plugin_id))
        print_table(
            ("plugin", "job", "schedule", "next run", "last run", "took", "error"),
            [_row(job) for job in found],
            nothing="no plugin has jobs",
        )

    run(go)


def _row(job: JobView) -> tuple[str, ...]:
    return (
        job.plugin_id,
        job.job_id,
        job.schedule,
        job.next_run or "off",
        "running" if job.running else job.outcome or "never",
        "" if job.duration_s is None else f"{job.duration_s:.3f} s",
        job.error or "",
    )

"""``ohd doctor``: what this machine gives the help desk, what is missing, and what that costs."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
import trio

from cli.checks import checkup
from cli.checks.caged import sandbox
from cli.checks.checkup import Finding, Status
from cli.config import Config, load_config
from cli.control.socket import RunningServer
from cli.errors import run
from cli.plugins.switching import with_data
from supervisor.text import clean_text

PROBLEMS = 1
"""Exit status where something does not work."""
_MARKS = {Status.OK: "ok  ", Status.WARNING: "warn", Status.PROBLEM: "FAIL"}
_LONGEST = 2_000


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@with_data
def doctor(as_json: bool, config: Path | None, data: Path | None) -> None:
    """Check the kernel, permissions, key, disk, database and versions.

    Exit status: 0 if everything works, 1 if something does not, 2 if the check failed.
    """
    settings = load_config(config, data=data)
    findings = run(_look, settings)
    assert isinstance(findings, list)  # noqa: S101 - for the type checker
    worst = max((list(Status).index(finding.status) for finding in findings), default=0)
    if as_json:
        shown = {"status": list(Status)[worst].value, "findings": [asdict(f) for f in findings]}
        click.echo(json.dumps(shown, indent=2))
    else:
        for finding in findings:
            _print(finding)
    sys.exit(PROBLEMS if worst == list(Status).index(Status.PROBLEM) else 0)


async def _look(settings: Config) -> list[Finding]:
    running = await RunningServer(settings.data).available()
    state = "running" if running else "not running"
    return [
        *checkup.versions(),
        *await trio.to_thread.run_sync(lambda: list(checkup.machine(settings))),
        *await sandbox(settings),
        *await trio.to_thread.run_sync(lambda: list(checkup.data_directory(settings))),
        Finding("server", Status.OK, state),
    ]


def _print(finding: Finding) -> None:
    found = clean_text(finding.found, _LONGEST, lines=False)
    click.echo(f"{_MARKS[finding.status]}  {finding.name}: {found}")
    if finding.cost:
        click.echo(f"      {clean_text(finding.cost, _LONGEST, lines=False)}")

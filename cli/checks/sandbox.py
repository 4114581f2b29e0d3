"""``ohd sandbox check``: attacks the sandbox on this machine, and says what stopped each attack."""

import json
import sys
from pathlib import Path

import click

from cli.config import load_config
from cli.errors import run
from supervisor.process.cage import CageSettings
from supervisor.sandbox_check.check import CheckOptions, run_check
from supervisor.sandbox_check.report import AttackResult, CheckReport, Result
from supervisor.text import clean_text

_NOT_PROVEN = 1
_WIDEST = 160


@click.group()
def sandbox() -> None:
    """Check the plugin sandbox."""


@sandbox.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
def check(as_json: bool, config: Path | None) -> None:
    """Attack the sandbox in every known way. Takes some seconds and is harmless.

    Each attack runs in a real locked-down process on this machine, and again in one without a
    lockdown. There it must succeed, or it proves nothing and is skipped. Exit status 0 only if
    no attack succeeds.
    """
    settings = load_config(config).supervisor.cage
    report = run(_run, settings, not as_json and sys.stderr.isatty())
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=2, ensure_ascii=False))
    else:
        _print(report)
    sys.exit(0 if report.holds else _NOT_PROVEN)


async def _run(settings: CageSettings, show_progress: bool) -> CheckReport:
    tried = 0

    def count(_result: AttackResult) -> None:
        nonlocal tried
        tried += 1
        click.echo(f"\r{tried} attacks", nl=False, err=True)

    options = CheckOptions(settings=settings)
    if not show_progress:
        return await run_check(options)
    report = await run_check(options, count)
    click.echo("\r", nl=False, err=True)
    return report


def _print(report: CheckReport) -> None:
    width = max(len(attack.name) for attack in report.attacks)
    for attack in report.attacks:
        click.echo(line_of(attack, width))
    click.echo()
    width = max(len(control.name) for control in report.controls)
    for control in report.controls:
        state = "active" if control.active else "missing"
        reason = f"  {clean_text(control.reason, _WIDEST)}" if control.reason else ""
        click.echo(f"{control.name:{width}}  {state:8}{reason}".rstrip())
    click.echo()
    click.echo(summary_of(report))


def line_of(attack: AttackResult, width: int) -> str:
    """Return one attack as a line: what became of it, its name, by what, and how it ended."""
    by = f"by {attack.by}" if attack.by else ""
    detail = clean_text(attack.detail, _WIDEST)
    return f"{attack.result:8}  {attack.name:{width}}  {by:20}  {detail}".rstrip()


def summary_of(report: CheckReport) -> str:
    """Return the sentence at the end."""
    counts = ", ".join(f"{report.count(result)} {result}" for result in Result)
    verdict = "the sandbox holds" if report.holds else "THE SANDBOX IS OPEN"
    if not report.count(Result.OPEN) and not report.holds:
        verdict = "nothing was proven"
    return f"{len(report.attacks)} attacks in {report.seconds:.0f} s: {counts}; {verdict}"

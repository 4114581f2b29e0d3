"""``ohd plugin test``: runs a plugin's cases in the sandbox, and shows what differs."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

import click
import trio

from cli.config import load_config
from cli.errors import CannotGoOn, run
from cli.kit.cases import Case, read_case
from cli.kit.compare import differences
from cli.kit.junit import Result, write_junit
from cli.kit.project import CASES, Project
from cli.kit.report import coloured, failure_lines
from cli.kit.tried import try_case
from cli.kit.update import update
from cli.trial.bench import Bench, open_bench
from cli.trial.errors import FileWrong
from cli.trial.manifest_file import NAME
from cli.trial.module import inspect_module, read_file
from supervisor.config import SupervisorConfig
from supervisor.manifest import Manifest
from supervisor.text import clean_text

_FAILED = 1
_LONGEST_NAME = 300


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Options of the command."""

    target: Path
    cases: str
    only: str | None
    update: bool
    build: bool


@click.command("test")
@click.argument("target", type=click.Path(path_type=Path), default=Path())
@click.option("--cases", default=CASES, show_default=True, metavar="GLOB", help="Case files.")
@click.option("--only", metavar="NAME", help="Run only cases whose name or file contains NAME.")
@click.option(
    "--update", "rewrite", is_flag=True, help="Update failed cases to expect the actual result."
)
@click.option("--junit", type=click.Path(path_type=Path), help="Write results as JUnit XML.")
@click.option("--build", is_flag=True, help="Run make first.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file.")
def test_plugin(
    *,
    target: Path,
    cases: str,
    only: str | None,
    rewrite: bool,
    junit: Path | None,
    build: bool,
    config: Path | None,
) -> None:
    """Run the cases of the plugin in TARGET, a folder or a .wasm file.

    Each case runs in its own sandboxed process, with a server's limits. Exit status: 0 if all
    cases pass, 1 if one fails, 2 for invalid input.
    """
    settings = load_config(config).supervisor
    wanted = _Wanted(target, cases, only, rewrite, build)
    results = run(_run, settings, wanted)
    if junit is not None:
        write_junit(junit, target.resolve().name, results)
    failed = sum(result.failure is not None for result in results)
    passed = len(results) - failed
    click.echo(f"{passed} passed" + (f", {failed} failed" if failed else ""))
    sys.exit(_FAILED if failed else 0)


async def _run(settings: SupervisorConfig, wanted: _Wanted) -> list[Result]:
    project = Project.at(wanted.target)
    if wanted.build:
        await trio.to_thread.run_sync(project.build)
    path = await trio.to_thread.run_sync(project.module)
    module = await trio.to_thread.run_sync(read_file, path)
    found = await trio.to_thread.run_sync(inspect_module, module)
    cases = await trio.to_thread.run_sync(_read_cases, project, wanted, found.manifest, settings)
    async with open_bench(settings, module, found) as bench:
        runner = _Runner(settings, bench, project.folder / NAME, wanted.update)
        return [await runner.run(case) for case in cases]


def _read_cases(
    project: Project, wanted: _Wanted, manifest: Manifest, settings: SupervisorConfig
) -> list[Case]:
    """Return the cases that are asked for; says of every unusable one what is wrong with it."""
    cases: list[Case] = []
    wrong: list[FileWrong] = []
    for path in project.cases(wanted.cases):
        try:
            cases.append(read_case(path, manifest, settings.limits))
        except FileWrong as exc:
            wrong.append(exc)
    if wrong:
        for each in wrong[:-1]:
            each.show()
        raise wrong[-1]
    if wanted.only is None:
        return cases
    only = wanted.only.lower()
    chosen = [c for c in cases if only in c.name.lower() or only in c.document.path.name.lower()]
    if not chosen:
        names = ", ".join(repr(case.name) for case in cases)
        raise CannotGoOn(f"--only {wanted.only!r} matches no case; expected one of {names}")
    return chosen


@dataclass(frozen=True, slots=True)
class _Runner:
    """Runs cases on one bench and prints how each went."""

    settings: SupervisorConfig
    bench: Bench
    manifest: Path
    rewrite: bool
    """Whether a case that fails is made to expect what happened."""

    async def run(self, case: Case) -> Result:
        happened = await try_case(self.settings, self.bench, case)
        found = differences(case.expect, happened)
        spent_ms, where = happened.trial.duration_ms, case.document.path
        result = Result(case.name, str(where), spent_ms / 1000)
        if not found and not happened.unanswered:
            _say("ok", "green", case, f"{spent_ms:.0f} ms")
            return result
        lines = list(failure_lines(case, found, happened, self.manifest))
        if self.rewrite and not happened.unanswered:
            await trio.to_thread.run_sync(update, case, found, happened)
            _say("new", "yellow", case, f"{where} rewritten")
            return result
        _say("FAIL", "red", case, str(where))
        for line in lines:
            click.echo(f"      {coloured(line)}")
        return replace(result, failure="\n".join(lines))


def _say(mark: str, colour: str, case: Case, remark: str) -> None:
    name = clean_text(case.name, _LONGEST_NAME, lines=False)
    click.echo(f"{click.style(f'{mark:4}', fg=colour)}  {name}  ({remark})")

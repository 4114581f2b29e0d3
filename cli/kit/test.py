"""``ohd plugin test``: runs a plugin's cases in the sandbox, and shows what differs."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import click
import trio

from cli.config import load_config
from cli.errors import CannotGoOn, run
from cli.kit.cases import Case, read_case
from cli.kit.compare import differences
from cli.kit.function_cases import FunctionCase, read_function_case
from cli.kit.function_runs import open_function_runs
from cli.kit.junit import Result, write_junit
from cli.kit.project import CASES, Project
from cli.kit.report import coloured, failure_lines
from cli.kit.tried import Happened, try_case
from cli.kit.update import update
from cli.trial.errors import FileWrong
from cli.trial.manifest_file import NAME
from cli.trial.module import inspect_module, read_file, registers_itself
from cli.trial.workbench import open_workbench
from supervisor.config import SupervisorConfig
from supervisor.text import clean_text

AnyCase = Case | FunctionCase
C = TypeVar("C", Case, FunctionCase)

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
    config: Path | None


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
    wanted = _Wanted(target, cases, only, rewrite, build, config)
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
    if await trio.to_thread.run_sync(registers_itself, module):
        return await _run_functions(settings, wanted, project, module)
    found = await trio.to_thread.run_sync(inspect_module, module)
    read = partial(read_case, manifest=found.manifest, limits=settings.limits)
    cases = await trio.to_thread.run_sync(_read_cases, project, wanted, read)
    async with open_workbench(settings, module, found) as workbench:
        tell = _Tell(project.folder / NAME, wanted.update)
        return [await tell.of(case, await try_case(settings, workbench, case)) for case in cases]


async def _run_functions(
    settings: SupervisorConfig, wanted: _Wanted, project: Project, module: bytes
) -> list[Result]:
    """Run the cases of a GoatKit plugin."""
    read = partial(read_function_case, limits=settings.limits)
    cases = await trio.to_thread.run_sync(_read_cases, project, wanted, read)
    async with open_function_runs(settings, module, wanted.config) as runs:
        tell = _Tell(project.folder / NAME, wanted.update)
        return [await tell.of(case, await runs.run(case)) for case in cases]


def _read_cases(project: Project, wanted: _Wanted, read: Callable[[Path], C]) -> list[C]:
    """Return the cases that are asked for; says of every unusable one what is wrong with it."""
    cases: list[C] = []
    wrong: list[FileWrong] = []
    for path in project.cases(wanted.cases):
        try:
            cases.append(read(path))
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
class _Tell:
    """Prints how each case went."""

    manifest: Path
    rewrite: bool
    """Whether a case that fails is made to expect what happened."""

    async def of(self, case: AnyCase, happened: Happened) -> Result:
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


def _say(mark: str, colour: str, case: AnyCase, remark: str) -> None:
    name = clean_text(case.name, _LONGEST_NAME, lines=False)
    click.echo(f"{click.style(f'{mark:4}', fg=colour)}  {name}  ({remark})")

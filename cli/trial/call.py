"""``ohd plugin call``: one call of a GoatKit function, in a real child, with real tickets."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from cli.compose import Application
from cli.errors import CannotGoOn, run
from cli.trial.desk import open_trial_desk
from cli.trial.function_call import FunctionCall, call_function, install
from cli.trial.module import read_plugin
from supervisor.text import clean_text
from supervisor.views import CallResult

_LONGEST_LINE = 2_000


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("function")
@click.option("--args", "arguments", metavar="JSON", default="", help="Arguments (a JSON object).")
@click.option("--user", metavar="EMAIL-OR-ROLE", help="Call for this person or role.")
@click.option(
    "--grant", "grants", metavar="PERMISSION", multiple=True, help="Grant a permission first."
)
@click.option("--data", type=click.Path(path_type=Path), help="Use a copy of this help desk.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def call(data: Path | None, as_json: bool, file: Path, **asked: Any) -> None:
    """Call FUNCTION of the GoatKit plugin FILE once, in its real process.

    FILE is a module (.wasm), a package (.zip), or a native program for Linux.

    Uses sample tickets without --data. Only permissions named with --grant are
    granted. Exit status 1 if the call fails.
    """

    async def go() -> None:
        module = read_plugin(file)
        async with open_trial_desk(data) as application:
            found = await _call(application, module, Asked(**asked))
        click.echo(json.dumps(found, indent=2) if as_json else _shown(found))
        if found["outcome"] != "ok":
            raise SystemExit(1)

    run(go)


@dataclass(frozen=True, slots=True)
class Asked:
    """What to call, and for whom."""

    function: str
    arguments: str
    user: str | None
    grants: tuple[str, ...]


async def _call(application: Application, module: bytes, asked: Asked) -> dict[str, Any]:
    sent = _object(asked.arguments)
    plugin = await install(application, module)
    wanted = FunctionCall(asked.function, sent, asked.user, grants=asked.grants)
    result, lines = await call_function(application, plugin, wanted)
    return _document(result, [f"{line.level}: {line.message}" for line in lines])


def _object(arguments: str) -> dict[str, Any] | None:
    if not arguments:
        return None
    try:
        found = json.loads(arguments)
    except ValueError as exc:
        raise CannotGoOn(f"--args is not JSON: {exc}") from None
    if not isinstance(found, dict):
        raise CannotGoOn("--args: expected a JSON object")
    return found


def _document(result: CallResult, logs: list[str]) -> dict[str, Any]:
    return {
        "outcome": result.outcome,
        "error": result.error,
        "result": json.loads(result.value) if result.value else None,
        "logs": logs,
        "host_calls": [made.row() for made in result.host_calls],
        "duration_ms": round(result.duration_s * 1000, 3),
        "memory_bytes": result.memory_bytes,
    }


def _shown(found: dict[str, Any]) -> str:
    lines = [
        f"outcome     {found['outcome']}",
        f"took        {found['duration_ms']:g} ms",
        f"memory      {found['memory_bytes'] // 1024:,} KiB",
        *(_in_lines("error", found["error"] or "")),
        f"result      {json.dumps(found['result'], ensure_ascii=False)}",
        *(f"host call   {made['name']}: {_how(made)}" for made in found["host_calls"]),
        *(shown for line in found["logs"] for shown in _in_lines("log", line)),
    ]
    return "\n".join(clean_text(line, _LONGEST_LINE, lines=False) for line in lines)


def _in_lines(label: str, text: str) -> list[str]:
    """Return a text of several lines with its label before the first."""
    return [f"{label if not at else '':12}{line}" for at, line in enumerate(text.splitlines())]


def _how(made: dict[str, Any]) -> str:
    return "ok" if made["status"] else f"failed: {made['detail'] or 'no reason known'}"

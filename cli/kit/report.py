"""Reports of failed cases: the difference line by line, and what led to it."""

import difflib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from cli.kit.cases import Case
from cli.kit.compare import Difference
from cli.kit.function_cases import FunctionCase
from cli.kit.tried import Happened
from cli.trial.document import to_yaml
from cli.trial.manifest_file import HOSTS, line_of
from helpdesk.event_shapes import payload_problem
from sandbox_child.wire.messages import EVENT
from supervisor.text import clean_text

_LAST_LINES = 5
_LONGEST = 4_000
_COLOURS = {"-": "red", "+": "green", "@": "cyan"}


def failure_lines(
    case: Case | FunctionCase, found: Sequence[Difference], happened: Happened, manifest: Path
) -> Iterator[str]:
    """Yield the report of a failed case, plain text, a line each.

    ``manifest``: where the project's manifest would be.
    """
    yield from _what_differs(case, found, happened)
    trial = happened.trial
    if trial.error:
        yield f"the plugin ended with {trial.outcome.value}:"
        yield from _indented(trial.error.splitlines())
    if found and happened.logs:
        yield "its last log lines:"
        yield from _indented(happened.logs[-_LAST_LINES:])
    if trial.error and trial.calls:
        last = trial.calls[-1]
        detail = f" ({last.detail})" if last.detail else ""
        yield f"its last host call: {last.name} -> {last.status}{detail}"
    if problem := _unlike_real(case):
        yield f"the event differs from what a help desk sends: {problem}"
    if _undeclared(happened) and manifest.is_file():
        yield f"hosts are declared in {manifest}:{line_of(manifest, HOSTS)}, {HOSTS}"


def _what_differs(
    case: Case | FunctionCase, found: Sequence[Difference], happened: Happened
) -> Iterator[str]:
    for difference in found:
        line = case.document.line(("expect", difference.key))
        yield f"{difference.key} differs ({case.document.path}:{line}): - expected, + actual"
        yield from _diff(difference.expected, difference.actual)
    for request in happened.unanswered:
        line = case.document.line(("http",))
        yield f"no response for {request} ({case.document.path}:{line}); add one under http"
    for request in happened.unused if happened.unanswered else ():
        yield f"  not requested: {request}"


def _unlike_real(case: Case | FunctionCase) -> str | None:
    if isinstance(case, FunctionCase):
        return None
    return payload_problem(json.loads(case.body)) if case.kind == EVENT else None


def _undeclared(happened: Happened) -> bool:
    said = [happened.trial.error, *(call.detail for call in happened.trial.calls)]
    return any(HOSTS in text for text in said if text)


def coloured(line: str) -> str:
    """Return a line of a difference in colour; a pipe gets it without."""
    clean = clean_text(line, _LONGEST, lines=False)
    mark = line.strip()[:1]
    return click.style(clean, fg=_COLOURS[mark]) if mark in _COLOURS else clean


def _diff(expected: Any, actual: Any) -> Iterator[str]:
    lines = difflib.unified_diff(_lines(expected), _lines(actual), lineterm="", n=3)
    bare = (line for line in lines if not line.startswith(("---", "+++", "@@")))
    yield from _indented(f"{line[:1]} {line[1:]}" for line in bare)


def _lines(value: Any) -> list[str]:
    if value is None or isinstance(value, str):
        return [] if value is None else value.splitlines() or [value]
    return to_yaml(value).splitlines()


def _indented(lines: Iterable[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)

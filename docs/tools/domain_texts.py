"""Texts of the domain that pages show: sentences of errors and notices, names of states.

The domain and the supervisor know no languages: they hand out English, and pages translate it where
they show it (``webapp.rendering.sentences``). So the texts are gathered here for the catalogue:
what exceptions are raised with, with ``{name}`` for each value, and tables of words.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from helpdesk.actors import Role
from helpdesk.mail.choices import EVENTS
from helpdesk.statuses import CLOSED, NEW, RESOLVED
from helpdesk.tickets import notices
from helpdesk.tickets.model import Priority
from supervisor import states
from supervisor.manifest import permissions
from supervisor.plugins import limits
from webapp.rendering.templating import words

ROOT = Path(__file__).resolve().parents[2]
RAISING = (
    *("helpdesk", "webapp/errors.py", "webapp/http", "webapp/pages", "webapp/visitors"),
    *("supervisor/registration/asking.py", "webapp/rendering/charts.py"),
)
_FIELDS = ("description", "subject", "priority", "assignee", "status", "category", "type", "item")
_UNITS = ("{n} s", "{n} min", "{n} h", "{n} d", "{n} ms", "{n} %")
_SIZES = ("{n} bytes", "{n} KiB", "{n} MiB", "{n} GiB", "unknown", "never")
_STATES = (
    *(states.PluginState, states.Outcome, states.DeliveryKind, states.EgressOutcome),
    *(states.BoxStanding, states.VersionStatus, states.InstallStep),
)
_KINDS = ("ticket", "user", "group", "status", "message", "file", "view", "plugin", "canned reply")
_OTHERS = (
    *("{actor} assigned a ticket to you: {subject}", "{field}: expected {expected}, found {found}"),
    *("{actor} assigned {tickets} to you", "{actor} assigned {tickets} to {assignee}"),
    *("a ticket", "expected {expected}, found {found}", "nothing", "a minute", "{n} minutes"),
    *("this page doesn't exist; check the URL, or go to the ticket list",),
    *("this URL does not accept that request method", "took too long to answer"),
    *("the request took too long to arrive; send it again", "failed to answer"),
    *("the request is malformed; go back and try again", "Passwords don't match."),
    *("the request is too large; the limit is {limit} KiB", "Incorrect current password."),
    *("the change could not be saved; try again in a moment", "Incorrect password."),
    "{message}; an admin can find the details in the log under {reference}",
    *("something went wrong on the server", "Can send any data it receives to {host}."),
    *("Receives {event}.", "system", "the server itself", "yes", "no"),
    *("deliveries", "log", "review", "settings", "uninstall", "versions", "compare", "delivery"),
    *("error", "warn", "info", "debug", "CPU", "mean", "max", "process", "guest", "errors"),
    *("Deliveries per minute", "Deliveries per {n} minutes", "no data yet"),
    *("{title}: {all} in total, {what}, peak {most}", "{title}: now {latest}; peak {most}"),
    *("{title}: no data yet", "{count} in the last hour, {what}", "The module is not signed."),
)


def found() -> Iterator[tuple[str, str]]:
    """Yield the module that has a text, and the text."""
    yield from (("helpdesk/mail/choices.py", text) for text in EVENTS.values())
    yield from (("helpdesk/statuses.py", text) for text in (NEW, RESOLVED, CLOSED))
    yield from (
        ("helpdesk/tickets/model.py", text) for text in (*Priority, *_FIELDS, "tags", "rating")
    )
    yield from (("helpdesk/actors.py", text) for text in Role)
    yield from (("helpdesk/errors.py", text) for text in (*_KINDS, *_OTHERS))
    said = (*notices._SENTENCES.values(), notices._MENTIONED)  # noqa: SLF001 - its words
    yield from (("helpdesk/tickets/notices.py", text) for text in said)
    yield from (("webapp/rendering/formatting.py", text) for text in (*_UNITS, *_SIZES))
    for kind in _STATES:
        yield from (("supervisor/states.py", words(member)) for member in kind)
    for table in (permissions._EVENTS, permissions._SENTENCES, permissions._WARNINGS):  # noqa: SLF001
        yield from (("supervisor/manifest/permissions.py", text) for text in table.values())
    for limit in limits.TABLE.values():
        yield "supervisor/plugins/limits.py", limit.label
        yield "supervisor/plugins/limits.py", limit.sentence
    for place in RAISING:
        path = ROOT / place
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            name = str(file.relative_to(ROOT))
            yield from ((name, text) for text in _raised(ast.parse(file.read_text("utf-8"))))


def _raised(tree: ast.AST) -> Iterator[str]:
    """Yield the texts that exceptions are made with, and the forms of numbers with nouns."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            yield from _texts(_arguments(node.exc))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "__init__":
                yield from _texts(_arguments(node))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "counted":
                nouns = [a.value for a in node.args[1:] if isinstance(a, ast.Constant)]
                several = nouns[1:] or [f"{noun}s" for noun in nouns]
                yield from (f"{{n}} {noun}" for noun in (*nouns[:1], *several))
            elif node.func.id == "_fixed":
                yield from _texts(node.args)


def _arguments(call: ast.Call) -> list[ast.expr]:
    return [*call.args, *(keyword.value for keyword in call.keywords)]


def _texts(nodes: Iterable[ast.expr]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.IfExp):
            yield from _texts((node.body, node.orelse))
        elif (text := _text(node)) and " " in text and re.search("[A-Za-z]{2}", text):
            yield text


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return ""
    text, used = "", dict[str, str]()
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            text += _mark(ast.unparse(part.value), used)
        elif isinstance(part, ast.Constant):
            text += str(part.value)
    return text


def _mark(source: str, used: dict[str, str]) -> str:
    """Return the mark of a value: the last name in it, with a number where that is taken."""
    unquoted = re.sub(r"([\"']).*?\1", "", source.lower())
    names = re.findall(r"[a-z_][a-z_0-9]*", unquoted)
    name, number = (names[-1].strip("_") if names else "value"), 1
    while used.setdefault(mark := name if number == 1 else f"{name}{number}", source) != source:
        number += 1
    return f"{{{mark}}}"

"""No text uses a phrase that the style guide tells us not to use."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from cli.main import main
from tests.docs.pages import ROOT

GUIDE = ROOT / "docs" / "contributing" / "style.md"
CODE = re.compile(
    r"```.*?```|``.*?``|`[^`\n]*`|<code>.*?</code>|<pre>.*?</pre>"  # code of any kind
    r"|\{#.*?#\}|\{% if \w+ and not \w+ %\}"  # parts of templates that show nothing
    r"|\{% if \w+ == \"\w+\" %\}|\b(?:class|for|id|name|value)=\"[^\"]*\"",
    re.DOTALL,
)
SQL = re.compile(
    r"\b(?:TEXT NOT NULL|SELECT|UPDATE|INSERT|DELETE FROM)\b|^[a-z_0-9]+(?:, [a-z_0-9]+)+$"
)
SCRIPT_TEXT = re.compile(r'"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`')
PACKAGES = ("cli", "helpdesk", "sandbox_child", "supervisor", "webapp")


def banned_phrases() -> list[str]:
    """Return the phrases in the last column of the guide's glossary."""
    rows = [line for line in GUIDE.read_text().splitlines() if line.count("|") == 4]
    found = [phrase for row in rows for phrase in re.findall(r"`([^`]+)`", row.split("|")[3])]
    return [phrase for phrase in found if " " in phrase or phrase.isalpha() or phrase[-1] in ":."]


BANNED = re.compile(
    "|".join(
        rf"\b{re.escape(phrase)}" + (r"\b" if phrase[-1].isalnum() else "")
        for phrase in banned_phrases()
    ),
    re.IGNORECASE,
)


def violations(text: str) -> list[str]:
    """Return every banned phrase in a text, with some words around it."""
    plain = re.sub(r"\s+", " ", CODE.sub(" ", text))
    return [
        f"{hit[0]!r} in {plain[max(0, hit.start() - 40) : hit.end() + 40]!r}"
        for hit in BANNED.finditer(plain)
    ]


def pages() -> Iterator[Path]:
    yield from sorted((ROOT / "docs").rglob("*.md"))
    yield from sorted(ROOT.glob("*.md"))
    yield from sorted((ROOT / "examples").glob("*/README.md"))
    yield ROOT / "config.toml"


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for each in command.list_commands(context):
            below = command.get_command(context, each)
            assert below is not None
            yield from commands(below, f"{name} {each}")


def messages(source: str) -> Iterator[str]:
    """Yield the texts of a module: strings of several words that are no docstring and no SQL."""
    tree = ast.parse(source)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or id(node) in docs:
            continue
        if isinstance(node.value, str) and " " in node.value and not SQL.search(node.value):
            yield node.value


def notes(source: str) -> Iterator[str]:
    """Yield the docstrings of a module, and its comments as one text."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield str(node.value.value)
    found = tokenize.generate_tokens(io.StringIO(source).readline)
    yield " ".join(each.string.lstrip("# ") for each in found if each.type == tokenize.COMMENT)


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_guide_bans_what_it_lists() -> None:
    assert len(banned_phrases()) > 50
    assert violations("Untick what it shall not have.") == [
        "'Untick' in 'Untick what it shall not have.'",
        "'shall' in 'Untick what it shall not have.'",
    ]
    assert violations("It runs `ohd plugin withhold`, and is untouched by marshalling.") == []


@pytest.mark.parametrize("path", [page for page in pages() if page != GUIDE], ids=named)
def test_a_page_of_the_docs_keeps_to_the_guide(path: Path) -> None:
    assert violations(path.read_text()) == []


@pytest.mark.parametrize("path", sorted((ROOT / "webapp/templates").glob("*.html")), ids=named)
def test_a_template_keeps_to_the_guide(path: Path) -> None:
    assert violations(path.read_text()) == []


@pytest.mark.parametrize("path", sorted((ROOT / "webapp/static").glob("*.js")), ids=named)
def test_a_script_keeps_to_the_guide(path: Path) -> None:
    found = [text[1:-1] for text in SCRIPT_TEXT.findall(path.read_text())]
    assert [hit for text in found for hit in violations(text)] == []


def test_the_help_of_every_command_keeps_to_the_guide() -> None:
    found = {}
    for name, command in commands(main, "ohd"):
        texts = [command.help or ""]
        texts += [
            option.help or "" for option in command.params if isinstance(option, click.Option)
        ]
        if hits := [hit for text in texts for hit in violations(text)]:
            found[name] = hits
    assert found == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_messages_of_a_package_keep_to_the_guide(package: str) -> None:
    found = {
        named(path): hits
        for path in sorted((ROOT / package).rglob("*.py"))
        if (hits := [hit for text in messages(path.read_text()) for hit in violations(text)])
    }
    assert found == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_the_docstrings_and_comments_of_a_package_keep_to_the_guide(package: str) -> None:
    found = {
        named(path): hits
        for path in sorted((ROOT / package).rglob("*.py"))
        if (hits := [hit for text in notes(path.read_text()) for hit in violations(text)])
    }
    assert found == {}

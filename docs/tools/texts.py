"""Bring the catalogues in ``webapp/locale`` up to date with the texts of templates and code.

    make texts               add new texts, drop those that are gone
    make texts LANGUAGE=fr   begin a catalogue for another language: fr, pt-br

``tests/webapp/rendering/test_catalogues.py`` compares. A text of a template is found as it stands
(``webapp.rendering.markup_texts``), a text in an expression or in Python where ``_``, ``N_``,
``say`` or a plural is called, one in a script where ``t`` is.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment
from jinja2.ext import extract_from_ast

from docs.tools import domain_texts
from webapp.rendering.catalogues import FILE, FOLDER, available
from webapp.rendering.markup_texts import texts

ROOT = Path(__file__).resolve().parents[2]
Found = tuple[str, str | tuple[str, str]]
"""The file, and the text or its two forms."""


def _of_templates() -> Iterator[Found]:
    environment = Environment(autoescape=True)  # nothing is rendered
    for path in sorted((ROOT / "webapp/templates").glob("*.html")):
        source, file = path.read_text("utf-8"), str(path.relative_to(ROOT))
        yield from ((file, text) for text in texts(source))
        parsed = environment.parse(source)
        for _, name, said in extract_from_ast(parsed, ("_", "ngettext")):
            if name == "ngettext":
                assert isinstance(said, tuple)
                yield file, (str(said[0]), str(said[1]))
            elif text := said[0] if isinstance(said, tuple) else said:
                yield file, text


def _of_python() -> Iterator[Found]:
    for path in sorted((ROOT / "webapp").rglob("*.py")):
        file = str(path.relative_to(ROOT))
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            words = [a.value for a in node.args if isinstance(a, ast.Constant)]
            said = [word for word in words if isinstance(word, str)]
            if node.func.id in {"N_", "say"} and said:
                yield file, said[0]
            elif node.func.id in {"say_many", "plural"} and len(said) == 2:
                yield file, (said[0], said[1])


def _of_scripts() -> Iterator[Found]:
    for path in sorted((ROOT / "webapp/static").glob("*.js")):
        file = str(path.relative_to(ROOT))
        with path.open("rb") as script:
            for _, said, _, _ in extract("javascript", script, {"t": None}):
                yield file, said if isinstance(said, str) else said[0]


def found() -> dict[str, tuple[str | tuple[str, str], list[str]]]:
    """Return each text by its English (the singular), with the files that have it."""
    every: dict[str, tuple[str | tuple[str, str], list[str]]] = {}
    for file, said in (*_of_templates(), *_of_python(), *_of_scripts(), *domain_texts.found()):
        key = said if isinstance(said, str) else said[0]
        known, files = every.setdefault(key, (said, []))
        if isinstance(said, tuple) and isinstance(known, str):
            every[key] = (said, files)
        if file not in files:
            files.append(file)
    return every


def up_to_date(language: str, mark: Callable[[str], str] | None = None) -> bytes:
    """Return a language's file with every text, and with the translations that it has.

    ``mark`` makes a translation of each text instead.
    """
    path = FOLDER / language / FILE
    old = Catalog()
    if path.exists():
        with path.open("rb") as file:
            old = read_po(file, language.replace("-", "_"))
    new = Catalog(Locale.parse(language, "-"), fuzzy=False)
    for said, files in found().values():
        had = old.get(said if isinstance(said, str) else said[0])
        message = new.add(said, locations=[(file, 0) for file in files])
        if mark is not None:
            message.string = mark(said) if isinstance(said, str) else tuple(map(mark, said))
        elif had is not None and isinstance(had.id, str) == isinstance(said, str) and had.string:
            message.string = had.string
    written = BytesIO()
    write_po(written, new, width=100, omit_header=True, include_lineno=False, sort_output=True)
    plurals = f"nplurals={new.num_plurals}; plural={new.plural_expr};"
    head = (
        'msgid ""\nmsgstr ""\n'
        f'"Language: {language}\\n"\n"MIME-Version: 1.0\\n"\n'
        '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Plural-Forms: {plurals}\\n"\n\n'
    )
    return head.encode() + written.getvalue().rstrip(b"\n") + b"\n"


def main() -> None:
    """Write every catalogue, and a new one where a language is given."""
    for language in (*available()[1:], *sys.argv[1:]):
        path = FOLDER / language / FILE
        try:
            written = up_to_date(language)
        except (ValueError, UnknownLocaleError):
            sys.exit(f"{language!r} is no language; expected a code such as fr or pt-br")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written)
        empty = sum(1 for message in read_po(BytesIO(written)) if message.id and not message.string)
        print(f"{path.relative_to(FOLDER.parents[1])}: {empty} to translate")


if __name__ == "__main__":
    main()

"""The templates: a Jinja environment for each language, autoescaping always on, and its filters.

Templates are rendered synchronously from values that were fetched before, so nothing is queried
meanwhile. It knows nothing of requests.
"""

from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from helpdesk.statuses import CLOSED, NEW, RESOLVED
from helpdesk.tickets.model import Priority
from webapp.rendering import formatting, markup_texts
from webapp.rendering.assets import asset_url, missing_scripts
from webapp.rendering.bidi import isolate, verbatim
from webapp.rendering.catalogues import ENGLISH, FILE, FOLDER, Wording, available, wording
from webapp.rendering.markup_texts import translated
from webapp.rendering.sentences import Sentences
from webapp.rendering.template_cache import BesideTheSources

BUILT_IN = frozenset((NEW, RESOLVED, CLOSED, *Priority))
"""Names that the help desk gave: those of statuses that admins added are theirs."""
_TEMPLATES = Path(__file__).parents[1] / "templates"


def moment(value: str | datetime | None, words_of: Wording) -> Markup | str:
    """Show a moment as an element that scripts put into the reader's time zone (``times.js``).

    Every page says moments by this, so that none says UTC beside another's local time.
    """
    if value is None:
        return words_of.text("never")
    when = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    said = words_of.moment(when)
    return Markup('<time datetime="{}">{}</time>').format(when.isoformat(), said)


def words(value: str) -> str:
    """Show an identifier such as ``ticket.reply_added`` or ``backing_off`` as words."""
    return value.replace("_", " ").replace(".", " ")


def slug(value: str) -> str:
    """Return a class name for a state or a priority: lower-case letters and dashes only."""
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in value.lower())


def initials(name: str) -> str:
    """Return the first letters of the first and the last word of a name, for a round badge."""
    found = [word[0] for word in name.split() if word[0].isalnum()]
    return "".join((found[0], found[-1]) if len(found) > 1 else found).upper() or "?"


def sentence_case(said: str) -> str:
    """Show an error's text as a sentence: a capital at its start and a full stop at its end."""
    ended = said if said.endswith((".", "!", "?", "…")) else f"{said}."
    return ended[:1].upper() + ended[1:]


def _script_texts(words_of: Wording) -> Markup:
    """Return the texts of scripts as JSON for a data block; empty in English."""
    if words_of.is_english:
        return Markup()
    found = {text: words_of.text(text) for text in sorted(words_of.of_scripts)}
    return Markup(msgspec.json.encode(found).decode().replace("<", "\\u003c"))  # noqa: S704


def pretty(value: Any) -> str:
    """Show a JSON value indented."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def compact(value: Any) -> str:
    """Show a JSON value on one line."""
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()


class _InItsLanguage(Environment):
    """Compiles each template with its texts in one language."""

    def __init__(self, words_of: Wording, **options: Any) -> None:
        super().__init__(**options)
        self._words_of = words_of

    def preprocess(self, source: str, name: str | None = None, filename: str | None = None) -> str:
        """Put the language's texts in the place of the English ones."""
        given = super().preprocess(source, name, filename)
        return given if self._words_of.is_english else translated(given, self._words_of.text)


def _made_of(language: str) -> bytes:
    """Return whatever else than its source decides what a template is compiled to."""
    catalogue = FOLDER / language / FILE
    parts = (Path(__file__), Path(markup_texts.__file__))
    made = b"".join(path.read_bytes() for path in parts)
    return made + (b"" if language == ENGLISH else language.encode() + catalogue.read_bytes())


@cache
def _environment(language: str) -> Environment:
    words_of = wording(language)
    environment = _InItsLanguage(
        words_of,
        loader=FileSystemLoader(_TEMPLATES),
        bytecode_cache=BesideTheSources(_TEMPLATES, _made_of(language)),
        autoescape=True,
        finalize=isolate,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    figures, sentences = formatting.Figures(words_of), Sentences(words_of)
    environment.filters.update(
        moment=partial(moment, words_of=words_of),
        verbatim=verbatim,
        words=lambda value: words_of.text(words(value)),
        named=lambda value: words_of.text(value) if value in BUILT_IN else value,
        slug=slug,
        initials=initials,
        sentence=lambda text: sentence_case(sentences.say(text)),
        said=sentences.say,
        pretty=pretty,
        compact=compact,
        size=figures.size,
        span=figures.span,
        milliseconds=figures.milliseconds,
        percent=figures.percent,
        rate=figures.rate,
        count=figures.count,
    )
    environment.globals.update(
        asset_url=asset_url,
        missing_scripts=missing_scripts(),
        _=words_of.text,
        ngettext=words_of.plural,
        page_language=language,
        page_direction=words_of.direction,
        script_texts=_script_texts(words_of),
    )
    return environment


def template(name: str, language: str = ENGLISH) -> Template:
    """Return a template by its file's name, in a language that there are texts in."""
    return _environment(language).get_template(name)


def load_all() -> None:
    """Load every template, compiled where that is needed. Blocks: run it in a thread."""
    for language in available():
        for name in _environment(language).list_templates(extensions=["html"]):
            template(name, language)


@cache
def macros(name: str, language: str = ENGLISH) -> Any:
    """Return a template's macros, each a function that gives markup which is safe to insert."""
    return template(name, language).module

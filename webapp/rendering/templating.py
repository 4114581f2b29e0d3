"""The templates: one Jinja environment with autoescaping always on, and its filters.

Templates are rendered synchronously from values that were fetched before, so nothing is queried
meanwhile. It knows nothing of requests.
"""

from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from webapp.rendering import formatting
from webapp.rendering.assets import asset_url, missing_scripts
from webapp.rendering.bidi import isolate, verbatim
from webapp.rendering.template_cache import BesideTheSources

_TEMPLATES = Path(__file__).parents[1] / "templates"


def moment(value: str | datetime | None) -> Markup | str:
    """Show a moment as an element that scripts put into the reader's time zone (``times.js``).

    Every page says moments by this, so that none says UTC beside another's local time.
    """
    if value is None:
        return "never"
    when = (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)
    said = f"{when:%d %b %Y, %H:%M} UTC"
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


def sentence(text: str) -> str:
    """Show an error's text as a sentence: a capital at its start and a full stop at its end."""
    ended = text if text.endswith((".", "!", "?", "…")) else f"{text}."
    return ended[:1].upper() + ended[1:]


def pretty(value: Any) -> str:
    """Show a JSON value indented."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()


def compact(value: Any) -> str:
    """Show a JSON value on one line."""
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        bytecode_cache=BesideTheSources(_TEMPLATES, Path(__file__).read_bytes()),
        autoescape=True,
        finalize=isolate,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        moment=moment,
        verbatim=verbatim,
        words=words,
        slug=slug,
        initials=initials,
        sentence=sentence,
        pretty=pretty,
        compact=compact,
        size=formatting.size,
        span=formatting.span,
        milliseconds=formatting.milliseconds,
        percent=formatting.percent,
        rate=formatting.rate,
        count=formatting.count,
    )
    environment.globals["asset_url"] = asset_url
    environment.globals["missing_scripts"] = missing_scripts()
    return environment


_ENVIRONMENT = _environment()


def template(name: str) -> Template:
    """Return a template by its file's name."""
    return _ENVIRONMENT.get_template(name)


def load_all() -> None:
    """Load every template, compiled where that is needed. Blocks: run it in a thread."""
    for name in _ENVIRONMENT.list_templates(extensions=["html"]):
        template(name)


@cache
def macros(name: str) -> Any:
    """Return a template's macros, each a function that gives markup which is safe to insert."""
    return template(name).module

"""Fills templates: one Jinja environment with autoescaping always on.

Templates are rendered synchronously from values that the handlers fetched, so a page never
queries while it renders. It owns the filters; it knows nothing of requests but the viewer.
"""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from quart import Response, g

from webapp.assets import asset_url
from webapp.house import house
from webapp.sessions import current_visit

_TEMPLATES = Path(__file__).parent / "templates"


def moment(value: str | datetime | None) -> str:
    """Show a UTC time stamp the way people read it; the precise one is in the element's title."""
    if value is None:
        return "never"
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    return f"{when.astimezone(UTC):%d %b %Y, %H:%M} UTC"


def size(value: int | None) -> str:
    """Show a number of bytes with a unit."""
    if value is None:
        return "unknown"
    amount = float(value)
    for unit in ("bytes", "KiB", "MiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:.1f} GiB"


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


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        moment=moment,
        size=size,
        words=words,
        slug=slug,
        initials=initials,
        sentence=sentence,
        pretty=pretty,
    )
    environment.globals["asset_url"] = asset_url
    return environment


_ENVIRONMENT = _environment()


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    """Return a response with ``template`` filled in for the current visitor."""
    visit = current_visit()
    text = _ENVIRONMENT.get_template(template).render(
        visit=visit,
        csrf_token=visit.csrf_token,
        config=house().config,
        unread=g.get("unread", 0),
        **values,
    )
    response = Response(text, status=status, content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    return response

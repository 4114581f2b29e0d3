"""Answers of plugins' functions, as answers to requests.

Source: the GoatKit route contract, as ``docs/goatkit.md`` describes it. Pure.
"""

import binascii
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LEAST_ERROR, _MOST_ERROR = 400, 599


@dataclass(frozen=True, slots=True)
class Redirect:
    """Leads to a path of this site."""

    to: str
    status: int


@dataclass(frozen=True, slots=True)
class Html:
    """Markup that is shown in a frame; ``title`` is empty where it stands alone."""

    html: str
    title: str
    is_bare: bool


@dataclass(frozen=True, slots=True)
class Download:
    """A file, saved and never shown."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Json:
    """JSON as it is."""

    body: bytes
    status: int


Answer = Redirect | Html | Download | Json


def understand(value: bytes) -> Answer:
    """Return what is meant by the JSON that a function returned; empty means ``null``."""
    body = value or b"null"
    found = msgspec.json.decode(body)
    if not isinstance(found, dict):
        return Json(body, 200)
    if isinstance(found.get("redirect"), str):
        return _redirect(found)
    if found.get("_binary") is True and isinstance(found.get("data"), str):
        try:
            return Download(b64decode(found["data"], validate=True))
        except binascii.Error:
            return Json(b'{"error":"the plugin returned a file that is not base64"}', 502)
    if isinstance(found.get("html"), str):
        title = found.get("title")
        return Html(
            found["html"], title if isinstance(title, str) else "", found.get("raw") is True
        )
    status = found.get("status")
    is_error = "error" in found and type(status) is int and _LEAST_ERROR <= status <= _MOST_ERROR
    return Json(body, int(status) if is_error and status is not None else 200)


def _redirect(found: Mapping[str, Any]) -> Answer:
    target, status = found["redirect"], found.get("status")
    # A plugin leads nobody away from the help desk: a browser reads //host and \\ as elsewhere.
    inside = target.startswith("/") and not target.startswith("//") and "\\" not in target
    if not inside or any(ord(char) < 0x21 or ord(char) == 0x7F for char in target):
        return Json(
            b'{"error":"the plugin redirects to another site; only paths are allowed"}', 502
        )
    known = type(status) is int and status in _REDIRECTS
    return Redirect(target, status if known and status is not None else 303)

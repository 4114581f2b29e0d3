"""Answers of plugins' functions, as answers to requests.

Source: the GoatKit route contract, as ``docs/goatkit.md`` describes it. Pure.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import msgspec

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LEAST_ERROR, _MOST_ERROR = 400, 599
_KIND = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,63}", re.ASCII)
_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif"})
_NEVER = re.compile(r"html|xml|svg|script|x-shockwave|multipart|x-mixed", re.ASCII)
_ANY = "application/octet-stream"
_LONGEST_NAME = 150


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
    """A file; pictures are shown, all else is saved."""

    data: bytes
    kind: str
    name: str

    @property
    def disposition(self) -> str:
        """Return the header that names it (RFC 6266, RFC 8187)."""
        way = "inline" if self.kind in _SHOWN else "attachment"
        if not self.name:
            return way
        plain = "".join(
            c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in self.name
        )
        return f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(self.name, safe='')}"


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
        return _download(found)
    if isinstance(found.get("html"), str):
        title = found.get("title")
        return Html(
            found["html"], title if isinstance(title, str) else "", found.get("raw") is True
        )
    status = found.get("status")
    is_error = "error" in found and type(status) is int and _LEAST_ERROR <= status <= _MOST_ERROR
    return Json(body, int(status) if is_error and status is not None else 200)


def _download(found: Mapping[str, Any]) -> Answer:
    try:
        data = b64decode(found["data"], validate=True)
    except (binascii.Error, ValueError):
        return Json(b'{"error":"the plugin returned a file that is not base64"}', 502)
    name = found.get("filename")
    return Download(data, _kind(found.get("content_type")), _name(name))


def _kind(said: object) -> str:
    """Return a type that nothing of ours runs; the file's own where it is one."""
    kind = said.partition(";")[0].strip().lower() if isinstance(said, str) else ""
    return kind if _KIND.fullmatch(kind) and not _NEVER.search(kind) else _ANY


def _name(said: object) -> str:
    if not isinstance(said, str):
        return ""
    last = said.replace("\\", "/").rpartition("/")[2]
    return "".join(char for char in last if char.isprintable())[:_LONGEST_NAME].strip(". ")


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

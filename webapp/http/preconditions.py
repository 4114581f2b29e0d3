"""Entity tags, and what a request demands of them (RFC 9110, sections 8.8.3 and 13.1).

A tag is a digest of the JSON that the caller gets, so that it is another as soon as anything that
the caller can see is. ``If-Match`` is compared inside the transaction of the change.
"""

import hashlib
import re
from dataclasses import dataclass

import msgspec
from quart import request

from webapp.errors import BodyUnreadable, PreconditionFailed

_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
_LIST = re.compile(rf"\s*(?:{_TAG.pattern}\s*(?:,\s*|$))+")
_encoder = msgspec.json.Encoder()


def etag(document: object) -> str:
    """Return the strong tag of a JSON document."""
    return f'"{hashlib.sha256(_encoder.encode(document)).hexdigest()[:32]}"'


@dataclass(frozen=True, slots=True)
class Match:
    """The tags that a change is meant for."""

    tags: frozenset[str] | None
    """None: any, as long as there is something."""

    def require(self, document: object) -> None:
        """Raise ``PreconditionFailed`` unless the document is one that is meant."""
        if self.tags is not None and etag(document) not in self.tags:
            raise PreconditionFailed("it has changed since you read it; read it again")


def read_match() -> Match | None:
    """Return what ``If-Match`` demands, None without it. Weak tags never match."""
    lines = request.headers.getlist("If-Match")
    if not lines:
        return None
    text = ",".join(lines).strip()
    if text == "*":
        return Match(None)
    return Match(frozenset(tag for weak, tag in _tags("If-Match", text) if not weak))


def is_unchanged(tag: str) -> bool:
    """Tell whether the caller has the document with this tag already: ``If-None-Match``."""
    text = ",".join(request.headers.getlist("If-None-Match")).strip()
    return text == "*" or (bool(text) and tag in {found for _, found in _TAG.findall(text)})


def _tags(header: str, text: str) -> list[tuple[str, str]]:
    if _LIST.fullmatch(text) is None:
        raise BodyUnreadable(f"in {header} the ETag of a response, or several after commas, or *")
    return _TAG.findall(text)

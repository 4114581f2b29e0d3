"""Keeps secrets out of everything that is written down: the one place that removes them.

Every log line, error, host call record and export of a plugin passes its :class:`Redactor`.
"""

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from supervisor.secrets.forms import forms_of

MARK = "[secret]"
_SHORTEST = 4
"""Shorter secrets would blot out ordinary text, and protect nothing."""
_SHORTEST_PATH = 8


class Redactor:
    """Replaces the secrets of one plugin, in the forms in which they travel."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms: set[str] = set()
        for secret in secrets:
            for part in _parts(secret):
                forms |= forms_of(part)
        # Longest first, so that a secret which contains another leaves nothing behind.
        found = sorted((f for f in forms if len(f) >= _SHORTEST), key=len, reverse=True)
        self._found = re.compile("|".join(map(re.escape, found))) if found else None
        self._longest = len(found[0]) if found else 0

    def __call__(self, text: str) -> str:
        """Return ``text`` without the secrets."""
        return text if self._found is None else self._found.sub(MARK, text)

    def head(self, data: bytes, limit: int) -> tuple[str, bool]:
        """Return the first ``limit`` characters of a text without the secrets; whether it was cut.

        No more of the text is looked at than that takes.
        """
        seen = data[: 4 * (limit + self._longest)]
        text = self(seen.decode("utf-8", "replace"))
        if len(seen) < len(data) and self._longest:
            # A secret that stands across the end was not seen whole.
            text = text[: -self._longest]
        return text[:limit], len(seen) < len(data) or len(text) > limit


def _parts(secret: str) -> set[str]:
    """Return a secret and, where it is a URL, what of it stands alone in requests."""
    parts = {secret, secret.strip()}
    try:
        url = urlsplit(secret)
    except ValueError:
        return parts
    if url.scheme and url.netloc:
        parts |= {p for p in (url.path, url.path.lstrip("/")) if len(p) >= _SHORTEST_PATH}
        if url.query:
            parts.add(url.query)
        if url.password:
            parts.add(url.password)
    return parts

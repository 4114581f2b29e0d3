"""Text made fit to be stored and shown: a plugin's, bounded and without control characters; times.

A log line or a trap message is the guest's to choose. Terminal escapes, line breaks and characters
that turn the reading direction would let it forge what an operator reads.
"""

import unicodedata
from datetime import UTC, datetime

_KEPT = {"\n", "\t"}
_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def clean_text(text: str, limit: int, *, lines: bool = True) -> str:
    """Return ``text`` with what cannot be seen replaced, and at most ``limit`` characters of it.

    ``lines``: whether line breaks and tabs stay.
    """
    kept = _KEPT if lines else set()
    shown = text[:limit]
    if shown.isascii() and shown.isprintable():
        return shown if len(text) <= limit else shown + "…"
    cleaned = "".join(
        c if c in kept or unicodedata.category(c) not in _HIDDEN else "\N{REPLACEMENT CHARACTER}"
        for c in shown
    )
    return cleaned if len(text) <= limit else cleaned + "…"


def timestamp(milliseconds: int) -> str:
    """Return RFC 3339 in UTC, with milliseconds and ``Z``."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
